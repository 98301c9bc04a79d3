import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import type { FollowedRun } from "../../../src/cli/command.js";
import { resultLine } from "../../../src/cli/live/result-line.js";
import { runFacts } from "../../../src/cli/live/run-facts.js";
import { runTable, type TableRow } from "../../../src/cli/live/run-table.js";
import { emptyRunView, reduceEvents, type Run, type SmithersEvent } from "../../../src/client/index.js";
import { hostileTexts } from "../frames.js";
import { styleOf } from "../style.js";

const [second, start] = [1000, 1_700_000_000_000];
const event = (type: string, atS: number, more: object = {}) =>
  ({
    type,
    runId: "r",
    timestampMs: start + atS * second,
    iteration: 0,
    attempt: 1,
    ...more,
  }) as SmithersEvent;
const node = (type: string, nodeId: string, atS = 1, more: object = {}) =>
  event(type, atS, { nodeId, ...more });
const ended = (status: string) => ({ runId: "r", status, finishedAtMs: null }) as unknown as Run;

function runOf(events: SmithersEvent[], more: Partial<FollowedRun> = {}): FollowedRun {
  const view = reduceEvents(emptyRunView("r"), events);
  return {
    runId: "run-id",
    workflowName: "deploy",
    ended: undefined,
    lost: undefined,
    view: () => view,
    ...more,
  } as FollowedRun;
}

function rowOf(run: FollowedRun, label = "4f1c9a2b", more: Partial<TableRow> = {}): TableRow {
  return {
    facts: runFacts(run),
    label,
    paintLabel: (text) => text,
    approvals: [],
    selected: undefined,
    ...more,
  };
}

const started = event("RunStarted", 0);
const running = runOf([
  started,
  node("NodeStarted", "build"),
  node("NodeStarted", "test", 1, { attempt: 2 }),
]);
const waiting = runOf([
  started,
  node("NodeFinished", "build"),
  node("NodeWaitingApproval", "ship", 2, { request: { title: "Ship it?", summary: null } }),
  event("RunStatusChanged", 2, { status: "waiting-approval" }),
]);
const failed = runOf(
  [
    started,
    node("NodeFailed", "build", 1, { error: { message: "disk full\nsecond line" } }),
    event("RunFailed", 125),
  ],
  { ended: ended("failed") },
);
const finished = runOf([started, node("NodeFinished", "build"), event("RunFinished", 3)], {
  ended: ended("finished"),
});

function draw(rows: TableRow[], { width = 80, most = 24, hint = "", now = 62 } = {}): string[] {
  const look = { now: start + now * second, style: styleOf({ width }), spinner: "*" };
  return runTable(rows, hint, look, most);
}

describe("a row", () => {
  const row = (run: FollowedRun, now?: number) =>
    draw([rowOf(run)], { width: 120, ...(now ? { now } : {}) })[2];

  test("shows what is executing, and for how long", () => {
    expect(row(running, 12)).toBe(" 4f1c9a2b  * running  deploy    0/2   12s   build, test (attempt 2)");
  });

  test("shows what a run waits for", () => {
    expect(row(waiting)).toBe(" 4f1c9a2b  ◆ waiting-approval  deploy    1/2   1m 02s  ship: Ship it?");
    const timer = runOf([
      started,
      node("NodeWaitingTimer", "pause"),
      event("RunStatusChanged", 2, { status: "waiting-timer" }),
    ]);
    expect(row(timer)).toMatch(/waiting-timer .* pause$/);
  });

  test("does not show that a run waits for an approval that it has not reached", () => {
    const announced = runOf([started, node("NodeWaitingApproval", "ship"), node("NodeStarted", "build")]);
    expect(row(announced, 12)).toMatch(/0\/2 +12s +build$/);
  });

  test("shows how a run ended, how long it took, and why it failed", () => {
    expect(row(failed)).toBe(" 4f1c9a2b  ✗ failed  deploy    0/1   2m 05s  build: disk full");
    expect(row(finished)).toBe(" 4f1c9a2b  ✓ finished  deploy    1/1   3.0s");
    const lost = runOf([started], { lost: new Error("gone\nfor good") });
    expect(row(lost)).toMatch(/✗ lost +deploy .*gone$/);
  });

  test("shows that a run is still connecting, or has been silent", () => {
    expect(row(runOf([]))).toMatch(/^ 4f1c9a2b {2}\* connecting {2}deploy/);
    expect(row(running, 61)).toMatch(/no event for 1m 00s, build, test/);
    expect(row(running, 60)).not.toMatch(/no event/);
  });

  test("shows which approvals can be decided, the selected one first", () => {
    const both = { approvals: ["one: A?", "two: B?"] };
    expect(draw([rowOf(waiting, "4f1c9a2b", both)], { width: 120 })[2]).toMatch(
      /^ 4f.* {2}one: A\?, two: B\?$/,
    );
    const selected = draw([rowOf(waiting, "4f1c9a2b", { ...both, selected: "two: B?" })], { width: 120 });
    expect(selected[2]).toMatch(/^›4f.* {2}two: B\?, one: A\?$/);
  });
});

describe("the table", () => {
  const many = [running, waiting, failed, finished].flatMap((run, kind) =>
    Array.from({ length: 4 }, (_, n) => rowOf(run, `run-${kind}-${n}`)),
  );

  test("lists all runs in order if they fit, and counts them", () => {
    const lines = draw(many);
    expect(lines.slice(2, -1).map((line) => line.slice(1, 8))).toEqual(many.map(({ label }) => label));
    expect(lines.at(-1)).toBe("16 runs: 4 running, 4 waiting, 4 failed, 4 finished");
    expect(draw([])).toEqual(["", "no run is in progress"]);
  });

  test("keeps the most relevant runs if not all fit, the newest of each kind", () => {
    const asked = [...many.slice(0, 3), rowOf(waiting, "asked", { approvals: ["ship"] }), ...many.slice(3)];
    const shown = (most: number, rows = asked) =>
      draw(rows, { most, hint: "hint" })
        .slice(0, -2)
        .map((line) => line.trim().split(" ")[0]);
    expect(shown(3)).toEqual(["asked"]);
    expect(shown(7)).toEqual(["asked", "run-1-0", "run-1-1", "run-1-2", "run-1-3"]);
    const [ofWaiting, ofFailed] = [1, 2].map((kind) => [0, 1, 2, 3].map((n) => `run-${kind}-${n}`));
    expect(shown(11)).toEqual(["asked", ...(ofWaiting ?? []), ...(ofFailed ?? [])]);
    expect(shown(9)).toEqual(["asked", ...(ofWaiting ?? []), "run-2-2", "run-2-3"]);
    const selected = [...many, rowOf(finished, "chosen", { approvals: ["ship"], selected: "ship" })];
    expect(shown(3, selected)).toEqual(["›chosen"]);
    expect(draw(many, { most: 5 }).at(-1)).toMatch(/^16 runs, 12 not shown: /);
  });

  test.each([20, 30, 40, 60, 80, 100, 200])("fits %d columns and any number of lines", (width) => {
    const texts = ["日本語の仕事", "x".repeat(500), ...hostileTexts];
    const rows = texts.map((text, n) =>
      rowOf(
        runOf([started, node("NodeStarted", text), event("RunStatusChanged", 1, { status: text })], {
          workflowName: text,
        }),
        `run-${n}`,
        { approvals: n % 2 === 0 ? [] : ["x".repeat(300)] },
      ),
    );
    for (const most of [2, 3, 8, 12, 22, 48]) {
      const lines = draw(rows, { width, most, hint: "y".repeat(300) });
      expect(lines.length).toBeLessThanOrEqual(most);
      for (const line of lines) {
        expect(stringWidth(line)).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
      }
    }
  });

  test("drops the current activity before the name, the progress and the time", () => {
    const row = [rowOf(waiting)];
    expect(draw(row, { width: 40, most: 8 })[0]).toBe(" 4f1c9a2b  ◆  deploy    1/2   1m 02s");
    expect(draw(row, { width: 56, most: 8 })[0]).toMatch(
      /^ 4f1c9a2b {2}◆ {2}deploy {4}1\/2 {3}1m 02s {2}ship: Ship it\?$/,
    );
    expect(draw(row, { width: 72, most: 8 })[0]).toMatch(/◆ waiting-approval {2}deploy .*ship: Ship it\?$/);
  });
});

describe("a run's result line", () => {
  const style = styleOf();
  const lineOf = (run: FollowedRun) => resultLine(run, runFacts(run), style);

  test("has the run's full id, its result or status, and the reason", () => {
    expect(lineOf(finished)).toBe("✓ run-id  deploy finished after 3.0s, 1 of 1 nodes done");
    expect(lineOf(failed)).toBe("✗ run-id  deploy failed after 2m 05s, 0 of 1 nodes done: build: disk full");
    expect(lineOf(waiting)).toBe("◆ run-id  deploy waiting-approval, 1 of 2 nodes done");
    expect(lineOf(runOf([started], { lost: new Error("gone") }))).toBe(
      "✗ run-id  deploy lost, 0 of 0 nodes done: gone",
    );
  });
});
