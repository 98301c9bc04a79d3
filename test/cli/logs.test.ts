import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SmithersEvent } from "../../src/client/index.js";
import { protocolServer } from "../faults/in-test.js";
import type { ServedRunFields } from "../faults/served-run.js";
import { waitUntil } from "../wait-until.js";
import { Interrupted, type OutputStream } from "../../src/cli/context.js";
import { runMain } from "./run-main.js";

type Event = SmithersEvent & { nodeId?: unknown; stream?: unknown };

/** The events of a run of `test/servers/0.32.0/workflows/prints.tsx`. */
const { prints = [] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "client", "recorded-0.32.json"), "utf8"),
) as Record<string, Event[]>;

const failed: ServedRunFields = { status: "failed", finishedAtMs: prints.at(-1)?.timestampMs ?? 0 };

async function serverOf(events: readonly object[], fields: ServedRunFields = failed) {
  const server = await protocolServer({ listsApprovals: true });
  server.addRun("r", { events: events.map((event) => JSON.stringify(event)), ...fields });
  return server;
}

/** Returns a stream that collects what is written. */
function keptStream(): OutputStream & { text: string } {
  const rest = { isTTY: false, columns: undefined, rows: undefined, terminal: undefined };
  return {
    ...{ ...rest, text: "", onResize: () => () => {} },
    async write(text) {
      this.text += text;
    },
  };
}

/** Starts a server with a finished run in which one node printed these chunks. */
async function serverThatPrints(...chunks: string[]) {
  const fields = { runId: "r", nodeId: "n", iteration: 0, attempt: 1, stream: "stdout" };
  const outputs = chunks.map((text, n) => ({ type: "NodeOutput", ...fields, text, timestampMs: 1000 + n }));
  const end = { type: "RunFinished", runId: "r", timestampMs: 9000 };
  return serverOf([...outputs, end], { status: "finished", finishedAtMs: 9000 });
}

const steps = (from: number) => Array.from({ length: 26 - from }, (_, n) => `step ${from + n}`);

describe("logs on a 0.32 server", () => {
  test("prints whole lines, each after the name of its node", async () => {
    const { stdout, stderr, exitCode } = await runMain(["logs", "r"], await serverOf(prints));
    expect(stdout.split("\n").slice(0, 10)).toEqual([
      "check | checked 12 files",
      "build | compiling 3 modules",
      "build | done",
      "build | warning: old lockfile",
      "build | no line break",
      "review | looks better",
      "review #1 | looks better",
      "hostile   | ::error::forged",
      "hostile   | ##[endgroup]",
      "hostile   | \\u001b]0;owned\\u0007\\u001b[2J\\u202ereversed",
    ]);
    // From both of its attempts.
    expect(stdout.split("\n").filter((line) => line.startsWith("deploy "))).toHaveLength(50);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  test.each<[string[], string[]]>([
    [["build"], ["compiling 3 modules", "done", "warning: old lockfile", "no line break"]],
    [["build", "--stream", "stderr"], ["warning: old lockfile"]],
    [["review", "--iteration", "1"], ["looks better"]],
    [["deploy", "--attempt", "2"], steps(1)],
    [
      ["deploy", "--tail", "2"],
      ["step 24", "step 25"],
    ],
    [
      ["deploy", "--tail", "30"],
      [...steps(21), ...steps(1)],
    ],
    [["build", "--tail", "0"], []],
    // Between the two iterations of the loop.
    [["review", "--since", "2026-11-29T08:47:23.600Z"], ["looks better"]],
    [
      ["review", "--since", "876000h"],
      ["looks better", "looks better"],
    ],
  ])("%j selects lines", async (words, lines) => {
    const { stdout, exitCode } = await runMain(["logs", "r", ...words], await serverOf(prints));
    expect({ lines: stdout.split("\n").slice(0, -1), exitCode }).toEqual({ lines, exitCode: 0 });
  });

  test.each<[string[], (event: Event) => boolean, number]>([
    [[], () => true, -Infinity],
    [["build"], ({ nodeId }) => nodeId === "build", -Infinity],
    [["build", "--stream", "stderr"], ({ stream }) => stream === "stderr", -Infinity],
    [["--tail", "2"], () => true, -2],
  ])("--json %j prints the events", async (words, isSelected, from) => {
    const events = prints.filter((event) => event.type === "NodeOutput" && isSelected(event));
    const { stdout } = await runMain(["logs", "r", "--json", ...words], await serverOf(prints));
    expect(stdout).toBe(
      events
        .slice(from)
        .map((event) => `${JSON.stringify(event).replaceAll("\u202e", "\\u202e")}\n`)
        .join(""),
    );
  });

  test.each([
    [
      "a node that printed nothing",
      ["ship"],
      "node ship of run r has printed nothing; others have: check, build, review, hostile, deploy\n",
    ],
    [
      "a selection that nothing matches",
      ["build", "--attempt", "9"],
      "run r has printed nothing that matches\n",
    ],
  ])("reports %s on stderr", async (_, words, stderr) => {
    const result = await runMain(["logs", "r", ...words], await serverOf(prints));
    expect(result).toEqual({ stdout: "", stderr, exitCode: 0 });
  });

  test("reports a run that printed nothing on stderr", async () => {
    const { stderr } = await runMain(["logs", "r"], await serverOf([prints[0] ?? {}, prints.at(-1) ?? {}]));
    expect(stderr).toBe("run r has printed nothing\n");
  });

  test.each([
    ["--follow", "failed", 1],
    ["-f", "cancelled", 2],
    ["-f", "finished", 0],
  ])("%s follows the run to its end and exits like watch: %s", async (flag, status, code) => {
    const type = { failed: "RunFailed", cancelled: "RunCancelled", finished: "RunFinished" }[status] ?? "";
    const server = await serverOf(prints.slice(0, -20), { status: "running" });
    const stdout = keptStream();
    const running = runMain(["logs", "r", "deploy", flag], {
      baseUrl: server.baseUrl,
      stdout,
    });
    await waitUntil(() => server.openStreams > 0);
    for (const event of prints.slice(-20, -1)) server.publish("r", event);
    Object.assign(server.runs.get("r") ?? {}, { status, finishedAtMs: 1 });
    server.publish("r", { ...prints.at(-1), type });
    expect((await running).exitCode).toBe(code);
    expect(stdout.text.split("\n").slice(-3, -1)).toEqual(["step 24", "step 25"]);
    // It only reads and never changes the run.
    expect(server.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test("--tail --follow prints the last lines, and then each new line", async () => {
    const at = prints.findIndex(({ type, nodeId }) => type === "NodeFinished" && nodeId === "hostile");
    const server = await serverOf(prints.slice(0, at), { status: "running" });
    const stdout = keptStream();
    const running = runMain(["logs", "r", "-f", "--tail", "1"], {
      baseUrl: server.baseUrl,
      stdout,
    });
    await waitUntil(() => stdout.text !== "");
    expect(stdout.text).toBe("hostile | \\u001b]0;owned\\u0007\\u001b[2J\\u202ereversed\n");
    for (const event of prints.slice(at, -1)) server.publish("r", event);
    Object.assign(server.runs.get("r") ?? {}, failed);
    server.publish("r", { ...prints.at(-1), type: "RunFailed" });
    expect((await running).exitCode).toBe(1);
    expect(stdout.text.split("\n")).toHaveLength(1 + 50 + 1);
  });

  test("says how to continue after an interrupt", async () => {
    const server = await serverOf(prints.slice(0, -1), { status: "running" });
    const stop = new AbortController();
    const stdout = keptStream();
    const running = runMain(["logs", "r", "build", "--follow"], {
      baseUrl: server.baseUrl,
      signal: stop.signal,
      stdout,
    });
    await waitUntil(() => stdout.text !== "");
    stop.abort(new Interrupted("SIGINT"));
    const { stderr, exitCode } = await running;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(
      /interrupted by SIGINT; the run continues\nnext: {2}smithers-client logs --follow -- r build\n$/,
    );
  });
});

test.each<[string[], string, number]>([
  [["--tail", "-1"], "not an integer of at least 0", 4],
  [["--since", "yesterday"], "neither a duration", 4],
  [["--stream", "both"], "stdout, stderr", 4],
])("logs %j is refused", async (words, message, exitCode) => {
  const result = await runMain(["logs", "r", ...words], { baseUrl: "http://127.0.0.1:1" });
  expect(result).toMatchObject({ stdout: "", exitCode, stderr: expect.stringContaining(message) as string });
});

test("logs exits with 4 for an unknown run", async () => {
  const server = await serverOf(prints);
  expect(await runMain(["logs", "nobody"], server)).toMatchObject({ stdout: "", exitCode: 4 });
});

test("logs exits with 0 if its reader goes away, but logs -f exits with 141", async () => {
  const server = await serverOf(prints.slice(0, -1), { status: "running" });
  expect(
    (await runMain(["logs", "r"], { ...server, baseUrl: server.baseUrl, readerTakes: 0 })).exitCode,
  ).toBe(0);
  const following = await runMain(["logs", "r", "-f"], { baseUrl: server.baseUrl, readerTakes: 0 });
  expect(following.exitCode).toBe(141);
});

describe("the output of a node", () => {
  const red = "\u001b[31mred\u001b[0m plain";
  test.each([
    ["colours, which are dropped without colours", red, "red plain", {}],
    [
      "colours, which end with their line",
      "\u001b[1;38;5;8mbold\nnext",
      "\u001b[1;38;5;8mbold\u001b[0m\nnext",
      { FORCE_COLOR: "1" },
    ],
    [
      "other sequences",
      "\u001b[2J\u001b]0;title\u0007\u001b[5;5H\u009b31m",
      "\\u001b[2J\\u001b]0;title\\u0007\\u001b[5;5H\\u009b31m",
      { FORCE_COLOR: "1" },
    ],
    [
      "what only looks like a colour",
      "\u001b[31;m\u001b[3\u001b[0m1m\u001b[?25m",
      "\u001b[31;m\\u001b[3\u001b[0m1m\\u001b[?25m\u001b[0m",
      { FORCE_COLOR: "1" },
    ],
    ["marks that turn the writing", "\u202egnp.exe\u2066\u200f", "\\u202egnp.exe\\u2066\\u200f", {}],
    ["half a character", "a\ud83d", "a\\ud83d", {}],
    ["a carriage return", "10%\r20%\r", "10%\\r20%", {}],
    ["tabs, which stay", "a\tb", "a\tb", {}],
    [
      "commands of GitHub's runner",
      "::error::forged\n##[endgroup]",
      "\\u003a:error::forged\n#\\u0023[endgroup]",
      { GITHUB_ACTIONS: "true" },
    ],
  ])("is printed safely: %s", async (_, text, shown, env) => {
    const { baseUrl } = await serverThatPrints(`${text}\n`);
    const { stdout } = await runMain(["logs", "r", "n"], { baseUrl, env: { ...env } });
    expect(stdout).toBe(`${shown}\n`);
  });

  test("is printed completely, in pieces, if a line has several megabytes", async () => {
    const { baseUrl } = await serverThatPrints(...("x".repeat(3_000_000).match(/x{1,100000}/g) ?? []));
    const { stdout } = await runMain(["logs", "r", "n"], { baseUrl });
    expect(stdout.replaceAll("\n", "")).toBe("x".repeat(3_000_000));
    expect(stdout.split("\n")).toHaveLength(4);
  });

  test("has the escaped node id in front, in a color of its own", async () => {
    const output = (nodeId: string) => ({
      ...{
        type: "NodeOutput",
        runId: "r",
        nodeId,
        iteration: 0,
        attempt: 1,
        stream: "stdout",
        timestampMs: 1,
      },
      text: "x\n",
    });
    const end = { type: "RunFinished", runId: "r", timestampMs: 9000 };
    const server = await serverOf([output("a\u001b[2J"), output("b"), end], {
      status: "finished",
      finishedAtMs: 9,
    });
    const { stdout } = await runMain(["logs", "r"], { baseUrl: server.baseUrl, env: { FORCE_COLOR: "1" } });
    expect(stdout).toBe("\u001b[36ma\\u001b[2J | \u001b[39mx\n\u001b[33mb          | \u001b[39mx\n");
  });
});

describe("logs on a server that keeps no output", () => {
  const old = "this server is older than 0.32, the first version that keeps what nodes print";
  const start = { type: "RunStarted", runId: "r", timestampMs: 1 };
  const end = { type: "RunFinished", runId: "r", timestampMs: 2 };

  test("names the version that does", async () => {
    const server = await protocolServer();
    server.addRun("r", {
      status: "finished",
      finishedAtMs: 2,
      events: [start, end].map((e) => JSON.stringify(e)),
    });
    expect(await runMain(["logs", "r"], server)).toEqual({
      stdout: "",
      stderr: `no output: ${old}\n`,
      exitCode: 0,
    });
  });

  test("names the version at once with -f", async () => {
    const server = await protocolServer();
    server.addRun("r", { status: "running", events: [JSON.stringify(start)] });
    const stderr = keptStream();
    const running = runMain(["logs", "r", "-f"], {
      baseUrl: server.baseUrl,
      stderr,
    });
    await waitUntil(() => stderr.text !== "");
    Object.assign(server.runs.get("r") ?? {}, { status: "finished", finishedAtMs: 2 });
    server.publish("r", end);
    expect((await running).exitCode).toBe(0);
    expect(stderr.text).toBe(`there may be no output: ${old}\n`);
  });
});

describe("logs of a run that continues as a new one", () => {
  const output = (runId: string, text: string) => ({
    ...{ type: "NodeOutput", runId, nodeId: "n", iteration: 0, attempt: 1, stream: "stdout", timestampMs: 1 },
    text,
  });
  async function server() {
    const made = await protocolServer({ listsApprovals: true });
    made.addRun("old", { status: "continued", finishedAtMs: 3 });
    made.addRun("new", { status: "finished", finishedAtMs: 9 });
    made.publish("old", output("old", "first\n"));
    made.publish("old", { type: "RunContinuedAsNew", runId: "old", newRunId: "new", timestampMs: 3 });
    made.publish("new", output("new", "second\n"));
    made.publish("new", { type: "RunFinished", runId: "new", timestampMs: 9 });
    return made;
  }

  test("ends with the old run and names the new one", async () => {
    const { stdout, stderr } = await runMain(["logs", "old", "n"], await server());
    expect(stdout).toBe("first\n");
    expect(stderr).toBe("the run continues as run new: smithers-client logs -- new\n");
  });

  test.each([[["-f"]], [["-f", "--tail", "5"]]])("%j continues with the new one", async (words) => {
    const { stdout, stderr, exitCode } = await runMain(["logs", "old", "n", ...words], await server());
    expect({ stdout, exitCode }).toEqual({ stdout: "first\nsecond\n", exitCode: 0 });
    expect(stderr).toBe("run old continues as run new; following that\n");
  });
});

test.each([
  [["--logs"], ["check           | checked 12 files", "build           | compiling 3 modules"], 50],
  // The last 20 lines of each attempt.
  [[], ["            | … 5 earlier lines", "            | step 25"], 40],
])("watch %j shows output among the events", async (words, expected, deployLines) => {
  const { stdout, exitCode } = await runMain(["watch", "r", ...words], await serverOf(prints));
  expect(exitCode).toBe(1);
  for (const line of expected) expect(stdout).toContain(`${line}\n`);
  expect(stdout.match(/\| step \d+\n/g)).toHaveLength(deployLines);
});

test("run --logs requires --watch", async () => {
  const refused = await runMain(["run", "x.tsx", "--logs"], { baseUrl: "http://127.0.0.1:1" });
  expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("--watch") as string });
});
