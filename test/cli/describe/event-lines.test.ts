import { describe, expect, test } from "vitest";
import { noLoops } from "../../../src/cli/describe/approval-label.js";
import { EventLines } from "../../../src/cli/describe/event-lines.js";
import type { SmithersEvent } from "../../../src/client/index.js";
import { styleOf } from "../style.js";

const long = "x".repeat(5_000_000);

test.each([
  ["an error", { type: "NodeFailed", nodeId: "n", attempt: 1, error: { message: long } }],
  ["the run's error", { type: "RunFailed", error: long }],
  ["a question", { type: "NodeWaitingApproval", nodeId: "n", request: { title: long, summary: long } }],
])("truncates %s of 5 MB, in a terminal and in a pipe", (_, fields) => {
  for (const width of [80, Infinity]) {
    const lines = new EventLines(styleOf({ width }), () => 1000);
    const event = { runId: "r", iteration: 0, timestampMs: 1000, ...fields } as SmithersEvent;
    const line = lines.linesFor(event).join("\n");
    expect(line.length).toBeLessThan(2200);
    expect(line).toMatch(/… \([\d,]+ more characters; .*\)$/);
  }
});

/** The log lines of these events, without times and padding. */
function logOf(...events: object[]): string[] {
  const lines = new EventLines(styleOf(), () => 0);
  return events
    .flatMap((event) =>
      lines.linesFor({ runId: "r", iteration: 0, timestampMs: 0, ...event } as SmithersEvent),
    )
    .map((line) => line.replace(/^ +0\.0s {2}(\S+) +/, "$1 "));
}

describe("each error is shown once", () => {
  const failed = (nodeId: string, error: unknown, attempt = 1) => ({
    type: "NodeFailed",
    nodeId,
    attempt,
    error,
  });
  const full = { name: "Error", message: "full\nof files", cause: { message: "no inode" } };
  const inLines = ["            of files", "            caused by: no inode"];
  const below = "            ";

  test("at its node, and the run refers to it", () => {
    // The forms of 0.32 and of 0.5.0.
    const runError = { message: "Task failed: a See https://x", cause: full, details: { key: "a::0" } };
    for (const error of [runError, { ...runError, cause: undefined }, "Task failed", full]) {
      expect(logOf(failed("a", full), { type: "RunFailed", error })).toEqual([
        "a failed (attempt 1): full",
        ...inLines,
        "run failed, see a above",
      ]);
    }
  });

  test("and again for a later attempt only if it differs", () => {
    expect(logOf(failed("a", full), failed("a", full, 2), failed("a", "empty", 3))).toEqual([
      "a failed (attempt 1): full",
      ...inLines,
      "a failed (attempt 2): full (the same error as before)",
      "a failed (attempt 3): empty",
    ]);
  });

  test("but the run's own error is shown in full if it says more", () => {
    const own = { message: "Task failed: b", cause: { message: "why\nso" }, details: { key: "b::0" } };
    expect(logOf(failed("a", "tolerated"), { type: "RunFailed", error: own })).toEqual([
      "a failed (attempt 1): tolerated",
      "run failed: Task failed: b",
      `${below}details: {"key":"b::0"}`,
      `${below}caused by: why`,
      `${below}so`,
    ]);
    const blaming = { ...own, details: { key: "a::0" } };
    expect(logOf(failed("a", "x"), { type: "RunFailed", error: blaming })).toContain(
      `${below}caused by: why`,
    );
  });

  test("and the run refers to denied nodes, but not to nodes that recovered", () => {
    const finished = { type: "NodeFinished", nodeId: "a", attempt: 2 };
    const end = { type: "RunFailed", error: "Task failed" };
    expect(logOf(failed("a", "x"), finished, end).at(-1)).toBe("run failed: Task failed");
    expect(logOf({ type: "ApprovalDenied", nodeId: "gate", iteration: 2 }, end)).toEqual([
      "gate #2         denied",
      "run failed, see gate #2 above",
    ]);
    const four = ["a", "b", "c", "d"].map((name) => failed(name, "x"));
    expect(logOf(...four, end).at(-1)).toBe("run failed, see a, b, c and 1 more above");
  });

  test("and only the newest of 10,000 failed nodes are remembered", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => failed(`n${index}`, "x"));
    expect(logOf(...many, { type: "RunFailed", error: "Task failed" }).at(-1)).toBe(
      "run failed, see n9900, n9901, n9902 and 9997 more above",
    );
  });
});

describe("node output", () => {
  const output = (text: string, nodeId = "n") =>
    ({
      ...{
        type: "NodeOutput",
        runId: "r",
        nodeId,
        iteration: 0,
        attempt: 1,
        stream: "stdout",
        timestampMs: 2000,
      },
      text,
    }) as SmithersEvent;
  const node = (type: string, fields: object = {}) =>
    ({
      type,
      runId: "r",
      nodeId: "n",
      iteration: 0,
      attempt: 1,
      timestampMs: 3000,
      ...fields,
    }) as SmithersEvent;
  const steps = (count: number) =>
    output(Array.from({ length: count }, (_, n) => `step ${n + 1}\n`).join(""));

  function linesOf(shown: "all" | "of failed nodes", ...events: SmithersEvent[]): string[] {
    const lines = new EventLines(styleOf(), () => 1000, noLoops, shown);
    return [...events.flatMap((event) => lines.linesFor(event)), lines.end()].map((line) => line.trimEnd());
  }

  test("is shown line by line on request, with a prefix that no other line has", () => {
    expect(linesOf("all", output("o"), output("ne\nrun  finished\n\u001b[2J\n"), output("no end"))).toEqual([
      "    1.0s  n               | one",
      "    1.0s  n               | run  finished",
      "    1.0s  n               | \\u001b[2J",
      "          n               | no end",
    ]);
  });

  test("is otherwise limited to the last 20 lines of a node that fails", () => {
    const lines = linesOf(
      "of failed nodes",
      steps(25),
      output("no end"),
      node("NodeFailed", { error: "boom" }),
    );
    expect(lines[0]).toMatch(/failed \(attempt 1\): boom$/);
    expect(lines.slice(1, -1)).toEqual([
      "            | … 6 earlier lines",
      ...Array.from({ length: 19 }, (_, n) => `            | step ${n + 7}`),
      "            | no end",
    ]);
  });

  test.each(["NodeStarted", "NodeFinished"])(
    "from before %s is not shown when the node fails later",
    (type) => {
      const lines = linesOf("of failed nodes", steps(3), node(type), node("NodeFailed", { error: "boom" }));
      expect(lines.join("\n")).not.toContain("step");
    },
  );

  test("is truncated in a long line, which says so", () => {
    const [line] = linesOf("all", output(`${"x".repeat(15_000)}\n`));
    expect(line).toMatch(/\| x{10000}… \(5,000 more characters; --json has all of it\)$/);
  });
});
