import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { LastOutput } from "../../../src/cli/live/last-output.js";
import { liveRegion, liveRegionLines } from "../../../src/cli/live/live-region.js";
import { readFrame } from "../../../src/cli/tree/run-tree.js";
import type { Style } from "../../../src/cli/terminal/style.js";
import { symbolsFor } from "../../../src/cli/terminal/symbols.js";
import { emptyRunView, reduceEvents, type FrameNode, type SmithersEvent } from "../../../src/client/index.js";
import { element, frameOf, hostileTexts, task } from "../frames.js";
import { styleOf } from "../style.js";

type Told = Record<string, unknown> & { type: string };

const at = 1_000_000;
const event = (ms: number, fields: Told) =>
  ({ runId: "r", timestampMs: at + ms, iteration: 0, ...fields }) as SmithersEvent;
const started = (nodeId: string, ms: number, attempt = 1) =>
  event(ms, { type: "NodeStarted", nodeId, attempt });
const finished = (nodeId: string, ms: number) => event(ms, { type: "NodeFinished", nodeId, attempt: 1 });

/** Draws a run with this tree after these events, `ms` after its start. */
function drawn(
  tree: FrameNode | undefined,
  events: readonly SmithersEvent[],
  ms: number,
  {
    rows = 22,
    turns = {},
    ...style
  }: Partial<Style> & { rows?: number; turns?: Record<string, number> } = {},
): string[] {
  const view = reduceEvents(emptyRunView("r"), [event(0, { type: "RunStarted" }), ...events]);
  const frame = tree && readFrame(frameOf(tree, turns));
  return liveRegionLines(liveRegion(view, frame, rows), {
    view,
    now: at + ms,
    style: styleOf(style),
    spinner: "*",
  });
}

const release = element(
  "workflow",
  { name: "release" },
  element(
    "sequence",
    {},
    element("parallel", {}, task("lint"), task("unit tests")),
    element("ralph", { id: "rounds" }, element("sequence", {}, task("draft"), task("review"))),
    task("gate", { needsApproval: "true", label: "Ship it?" }),
    task("ship"),
  ),
);

const underWay = [
  started("lint", 0),
  started("unit tests", 0, 2),
  finished("lint", 800),
  event(0, { type: "NodeFinished", nodeId: "draft", iteration: 0 }),
  event(900, { type: "NodeStarted", nodeId: "draft", iteration: 1, attempt: 1 }),
  event(1000, { type: "NodeFailed", nodeId: "draft", iteration: 1, attempt: 1, error: "disk full" }),
];

test("draws the tree with each node's state, time, attempt and iteration, and a summary", () => {
  expect(drawn(release, underWay, 12_400, { turns: { draft: 1, review: 1 } })).toEqual([
    "",
    "* release › sequence  running  12s  ━━━━╍╍─────────  1 of 6 nodes done, 1 failed",
    "├─ parallel",
    "│  ├─ ✓ lint        0.8s",
    "│  └─ * unit tests  12s, attempt 2",
    "├─ loop rounds (iteration 1) › sequence",
    "│  ├─ ✗ draft #1    failed after 0.1s: disk full",
    "│  └─ · review #1",
    "├─ · gate           needs approval",
    "└─ · ship",
  ]);
});

test("a node in a loop always shows its iteration, and counts once, in its newest iteration", () => {
  const loop = element(
    "workflow",
    { name: "w" },
    element("ralph", { id: "rounds" }, task("draft"), task("review")),
  );
  const done = (nodeId: string, iteration: number) => event(0, { type: "NodeFinished", nodeId, iteration });
  expect(drawn(loop, [done("draft", 0)], 1000, { turns: { draft: 0, review: 0 } })).toEqual([
    "",
    expect.stringMatching(/^\* w › loop rounds \(iteration 0\) .* 1 of 2 nodes done$/),
    expect.stringMatching(/^├─ ✓ draft #0\b/),
    expect.stringMatching(/^└─ · review #0\b/),
  ]);
  const turns = Array.from({ length: 50 }, (_, turn) => [done("draft", turn), done("review", turn)]).flat();
  const head = (more: readonly SmithersEvent[]) =>
    drawn(loop, [...turns, ...more], 1000, { turns: { draft: 50, review: 50 } })[1];
  expect(head([])).toMatch(/ 0 of 2 nodes done$/);
  expect(head([done("draft", 50)])).toMatch(/ 1 of 2 nodes done$/);
  expect(head([done("draft", 50), done("review", 50)])).toMatch(/ 2 of 2 nodes done$/);
});

test("an approval waits from the time when the run reaches it", () => {
  const before = [started("lint", 0), event(0, { type: "NodeWaitingApproval", nodeId: "gate" })];
  expect(drawn(release, before, 60_000)).toContain("├─ · gate     needs approval");
  const paused = [
    ...before,
    finished("lint", 61_000),
    event(61_000, { type: "RunStatusChanged", status: "waiting-approval" }),
  ];
  expect(drawn(release, paused, 65_000)).toContain("├─ ◆ gate     waiting 4s for approval: Ship it?");
  const requested = [
    started("lint", 0),
    event(5000, { type: "NodeWaitingApproval", nodeId: "gate", request: { title: "Really?" } }),
  ];
  expect(drawn(release, requested, 65_000)).toContain("├─ ◆ gate     waiting 1m 00s for approval: Really?");
});

test("lists the nodes without a tree, and appends nodes that are not in the tree", () => {
  expect(drawn(undefined, [started("b", 0), finished("a", 900)], 1000).slice(1)).toEqual([
    expect.stringMatching(/^\* run r {2}running {2}1s .* {2}1 of 2 nodes done$/),
    "├─ * b  1s",
    "└─ ✓ a",
  ]);
  expect(drawn(release, [started("hidden", 0)], 1000).at(-1)).toBe("└─ * hidden  1s");
});

test("shows a run that is still connecting, and one that has been silent", () => {
  const view = emptyRunView("r");
  const lines = liveRegionLines(liveRegion(view, undefined, 5), {
    view,
    now: 0,
    style: styleOf(),
    spinner: "*",
  });
  expect(lines).toEqual(["* run r  connecting"]);
  expect(drawn(release, [], 300_000)[1]).toMatch(/0 of 6 nodes done, no event for 5m 00s$/);
});

describe("a large tree", () => {
  const stage = (name: string, size: number) =>
    element(
      "parallel",
      { id: name },
      ...Array.from({ length: size }, (_, index) => task(`${name}-${index}`)),
    );
  const large = element(
    "workflow",
    { name: "large" },
    element("sequence", {}, stage("a", 9), stage("b", 9), stage("c", 9)),
  );
  const all = (name: string, size: number, tell: (id: string) => SmithersEvent) =>
    Array.from({ length: size }, (_, index) => tell(`${name}-${index}`));

  test("folds containers in which nothing is active", () => {
    const events = [...all("a", 9, (id) => finished(id, 0)), started("b-3", 0)];
    expect(drawn(large, events, 1000, { rows: 14 }).slice(2)).toEqual([
      "├─ ✓ parallel a  9 done",
      "├─ parallel b",
      "│  ├─ · b-0",
      "│  ├─ · b-1",
      "│  ├─ · b-2",
      "│  ├─ * b-3      1s",
      "│  ├─ · b-4",
      "│  ├─ · b-5",
      "│  ├─ · b-6",
      "│  ├─ · b-7",
      "│  └─ · b-8",
      "└─ · parallel c  9 to come",
    ]);
  });

  test("folds down to nodes that are active or next", () => {
    const events = [...all("a", 9, (id) => finished(id, 0)), started("b-3", 0), started("b-4", 0)];
    expect(drawn(large, events, 1000, { rows: 9 })).toEqual([
      "* large › sequence  running  1s  ━━━━━━━━╍───────────────  9 of 27 nodes done",
      "├─ ✓ 9 done",
      "├─ parallel b",
      "│  ├─ · b-0",
      "│  ├─ * b-3  1s",
      "│  ├─ * b-4  1s",
      "│  └─ · 6 to come",
      "└─ · 9 to come",
    ]);
  });

  test("shows the most urgent nodes if even those do not fit", () => {
    const wide = element("workflow", { name: "wide" }, stage("n", 200));
    const events = [
      ...all("n", 150, (id) => started(id, 0)),
      event(500, { type: "NodeFailed", nodeId: "n-140", attempt: 1, error: "no" }),
      event(600, { type: "NodeWaitingApproval", nodeId: "n-149", request: {} }),
    ];
    const lines = drawn(wide, events, 1000, { rows: 7 });
    expect(lines).toHaveLength(7);
    expect(lines.slice(1)).toEqual([
      "├─ * n-0    1s",
      "├─ * n-1    1s",
      "├─ * n-2    1s",
      "├─ ✗ n-140  failed after 0.5s: no",
      "├─ ◆ n-149  waiting 0s for approval",
      "└─ + 145 running, 50 to come",
    ]);
    expect(drawn(wide, events, 1000, { rows: 2 })).toHaveLength(2);
    expect(drawn(wide, events, 1000, { rows: 1 })).toHaveLength(1);
  });

  test("never exceeds the available lines, however deep it is", () => {
    let deep = task("leaf");
    for (let level = 0; level < 60; level++) deep = element("parallel", {}, deep, task(`side-${level}`));
    const tree = element("workflow", { name: "deep" }, deep);
    for (const rows of [1, 2, 3, 8, 21, 50]) {
      const lines = drawn(tree, [started("leaf", 0)], 0, { rows, width: 40 });
      expect(lines.length).toBeLessThanOrEqual(rows);
      if (rows > 2) expect(lines.join("\n")).toContain("leaf");
      expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(40);
    }
  });

  /** Counts the accesses to nodes when a tree of this depth is drawn, with half of its nodes executing. */
  function looksAt(depth: number): number {
    let deep = task("leaf");
    for (let level = 0; level < depth; level++)
      deep = element(level % 2 ? "ralph" : "parallel", {}, deep, task(`side-${level}`));
    const events = Array.from({ length: depth }, (_, level) => started(`side-${level}`, 0));
    const view = reduceEvents(emptyRunView("r"), [event(0, { type: "RunStarted" }), ...events]);
    let looks = 0;
    const nodes = [...view.nodes].map(([key, node]) => {
      const counted = new Proxy(node, {
        get: (target, field) => {
          looks++;
          return Reflect.get(target, field) as unknown;
        },
      });
      return [key, counted] as const;
    });
    const counting = { ...view, nodes: new Map(nodes) };
    const part = liveRegion(counting, readFrame(frameOf(element("workflow", {}, deep))), 22);
    const lines = liveRegionLines(part, { view: counting, now: at, style: styleOf(), spinner: "*" });
    expect(lines).toHaveLength(22);
    return looks;
  }

  test("takes time in proportion to its size, however deep it is", () => {
    expect(looksAt(400)).toBeLessThan(looksAt(100) * 5);
  });

  test("is truncated if it is too deep for any terminal", () => {
    let deep = task("leaf");
    for (let level = 0; level < 1000; level++) deep = element("parallel", {}, deep, task(`side-${level}`));
    const lines = drawn(element("workflow", { name: "abyss" }, deep), [started("leaf", 0)], 1000);
    expect(lines[1]).toMatch(/^\* abyss/);
    expect(lines.at(-1)).toContain("leaf");
  });
});

test.each([1, 20, 40, 80, 200])("hostile texts are escaped, and fit %d columns", (width) => {
  const tree = element(
    "workflow",
    { name: hostileTexts.join(" ") },
    ...hostileTexts.map((text) =>
      element(
        text,
        { id: `group ${text}` },
        task(text, { label: text }),
        element("parallel", { name: text }, task(`${text}!`)),
      ),
    ),
  );
  const events = hostileTexts.flatMap((text) => [
    event(0, { type: "NodeFailed", nodeId: text, attempt: 1, error: { message: text } }),
    event(0, { type: "NodeWaitingApproval", nodeId: `${text}!`, request: { title: text, summary: text } }),
  ]);
  for (const rows of [10, 100]) {
    const lines = drawn(
      tree,
      [...events, event(0, { type: "RunStatusChanged", status: hostileTexts.join("") })],
      1000,
      { width, rows },
    );
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) {
      expect(stringWidth(line)).toBeLessThanOrEqual(width);
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    }
  }
});

test("draws plain text in ASCII", () => {
  const style = { plain: true, symbols: symbolsFor({ LC_ALL: "C" }), width: 72 };
  expect(drawn(release, underWay, 12_400, style).slice(1)).toEqual([
    "* release > sequence  running  12s  1 of 6 nodes done, 1 failed",
    "  parallel",
    "    + lint        finished in 0.8s",
    "    * unit tests  running for 12s, attempt 2",
    "  loop rounds (iteration 0) > sequence",
    "    + draft #0    finished",
    "    . review #0   pending",
    "  . gate          pending, needs approval",
    "  . ship          pending",
  ]);
});

test.each([
  [{ LC_ALL: "C", LANG: "en_GB.UTF-8" }, "+"],
  [{ LC_CTYPE: "en_GB.ISO-8859-1", LANG: "en_GB.UTF-8" }, "+"],
  [{}, "+"],
  [{ LANG: "en_GB.UTF-8" }, "✓"],
  [{ LC_ALL: "", LC_CTYPE: "UTF-8" }, "✓"],
  [{ WT_SESSION: "1" }, "✓"],
])("the locale decides the symbols: %o", (env, done) => {
  expect(symbolsFor(env).done).toBe(done);
});

describe("the last output line of a running node", () => {
  const output = (text: string, nodeId = "lint", stream = "stdout") =>
    event(600, { type: "NodeOutput", nodeId, attempt: 1, stream, text });

  function withOutput(rows: number, ...events: SmithersEvent[]): string[] {
    const all = [event(0, { type: "RunStarted" }), started("lint", 0), started("unit tests", 0), ...events];
    const view = reduceEvents(emptyRunView("r"), all);
    const printed = new LastOutput();
    for (const each of all) printed.push(each);
    const part = liveRegion(view, readFrame(frameOf(release, {})), rows);
    const look = { view, now: at + 1000, style: styleOf({ width: 40 }), spinner: "*" };
    return liveRegionLines(part, look, (node) => printed.of(node));
  }

  test("is shown below the node, even if unfinished, and is no wider than the window", () => {
    const lines = withOutput(
      22,
      output("first\n\u001b[31mcompiling\u001b[2J "),
      output(`${"x".repeat(90)}\n\n`, "unit tests"),
    );
    const below = (name: string) => lines[lines.findIndex((line) => line.includes(name)) + 1];
    expect(below("lint")).toMatch(/^│ +│ +compiling\\u001b\[2J$/);
    expect(below("unit tests")).toMatch(/^│ +x+…$/);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(40);
  });

  test("comes from the stream that printed last, and disappears when the node ends", () => {
    expect(withOutput(22, output("out\n"), output("err\n", "lint", "stderr")).join("\n")).toContain("  err");
    expect(withOutput(22, output("out\n"), finished("lint", 800)).join("\n")).not.toContain("out");
  });

  test("is left out if there is no room", () => {
    // Without the blank line, which a small window does not have.
    const tree = withOutput(22).length - 1;
    expect(withOutput(tree, output("out\n"))).toHaveLength(tree);
    expect(withOutput(tree, output("out\n")).join("\n")).not.toContain("out");
  });
});
