import { describe, expect, test } from "vitest";
import type { SmithersEvent } from "../../../src/client/index.js";
import { columnsOf } from "../../../src/cli/terminal/fit-width.js";
import { symbolsFor } from "../../../src/cli/terminal/symbols.js";
import { chartLines } from "../../../src/cli/timeline/chart.js";
import { chartRows } from "../../../src/cli/timeline/fold.js";
import { mermaidGantt } from "../../../src/cli/timeline/mermaid.js";
import { RunTimes } from "../../../src/cli/timeline/run-times.js";
import { buildTimeline, type Timeline } from "../../../src/cli/timeline/timeline.js";
import { styleOf } from "../style.js";

function timelineOf(events: readonly object[]): Timeline {
  const times = new RunTimes();
  for (const event of events) times.add({ runId: "r", iteration: 0, attempt: 1, ...event } as SmithersEvent);
  return buildTimeline(times, 10_000);
}

const node = (nodeId: string, from: number, to: number, fields: object = {}) => [
  { type: "NodeStarted", nodeId, timestampMs: from, ...fields },
  { type: "NodeFinished", nodeId, timestampMs: to, ...fields },
];
const start = { type: "RunStarted", timestampMs: 0 };

/** A run of 10 s: a build, an approval of 5 s, a loop of three iterations, and a node that fails and is retried. */
const example = timelineOf([
  start,
  ...node("build", 0, 2000),
  { type: "ApprovalRequested", nodeId: "gate", timestampMs: 2000 },
  { type: "ApprovalGranted", nodeId: "gate", timestampMs: 7000 },
  ...node("gate", 7000, 7000),
  ...[0, 1, 2].flatMap((iteration) =>
    node("draft", 7000 + iteration * 300, 7300 + iteration * 300, { iteration }),
  ),
  { type: "NodeStarted", nodeId: "publish", timestampMs: 8000 },
  { type: "NodeFailed", nodeId: "publish", timestampMs: 9000, error: "x" },
  { type: "NodeRetrying", nodeId: "publish", timestampMs: 9000, attempt: 2 },
  ...node("publish", 9500, 10_000, { attempt: 2 }),
  { type: "RunFinished", timestampMs: 10_000 },
]);

const draw = (width: number, changes: Parameters<typeof styleOf>[0] = {}, showIterations = false) =>
  chartLines(example, chartRows(example.rows, showIterations), styleOf({ width, ...changes }));

describe("the chart", () => {
  test("has a row for each attempt and each loop, and an axis", () => {
    expect(draw(80)).toEqual([
      "                        │0s       │2s       │4s        │6s       │8s",
      "* build                 ██████████                                          2.0s",
      "* gate                            ◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆█               5.0s",
      "* draft (3 iterations)                                      ████            0.9s",
      "* publish (attempt 1)                                           ·█████      1.1s",
      "* publish (attempt 2)                                                 ··███ 1.0s",
      "",
      "█ executing   · queued   ◆ waiting for approval",
      "* longest chain: 10.0s of 10.0s",
    ]);
  });

  test("shows each iteration of a loop on request", () => {
    const names = draw(80, {}, true).flatMap((line) => /^\* (draft.*?) {2}/.exec(line)?.[1] ?? []);
    expect(names).toEqual(["draft (#0)", "draft (#1)", "draft (#2)"]);
  });

  test.each([40, 80, 120, 200])("fits %d columns", (width) => {
    const lines = draw(width);
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    // The whole width is used.
    expect(Math.max(...lines.map(columnsOf))).toBeGreaterThan(width - 10);
    expect(lines.filter((line) => /^\* .*█/.test(line))).toHaveLength(5);
    expect(lines.join("\n")).toContain("(attempt 2)");
  });

  test.each([1, 5, 12])("does not fail in %d columns", (width) => {
    expect(draw(width).length).toBeGreaterThan(6);
  });

  test("shows how long each phase took if there is room", () => {
    const timeline = timelineOf([
      start,
      ...node("a", 3000, 4000),
      { type: "RunFinished", timestampMs: 4000 },
    ]);
    const lines = chartLines(timeline, chartRows(timeline.rows, false), styleOf({ width: 160 }));
    expect(lines[1]).toMatch(/ 4\.0s {2}queued 3\.0s, executing 1\.0s$/);
  });

  test("is ASCII in a locale without Unicode, and text for a screen reader", () => {
    const lines = draw(80, { symbols: symbolsFor({ LC_ALL: "C" }) });
    expect(lines.join("")).toMatch(/^[ -~]*$/);
    expect(lines[1]).toMatch(/^\* build +#{10} +2\.0s$/);
    expect(draw(80, { plain: true })[1]).toBe(
      "gate: finished, from 2.0s to 7.0s, waiting for approval 5.0s, executing 0.0s, in the longest chain",
    );
  });

  test.each([
    ["a millisecond", 1],
    ["no time", 0],
    ["a month", 30 * 86_400_000],
    ["a century", 3_155_760_000_000],
  ])("of a run that took %s fits", (_, ms) => {
    const timeline = timelineOf([start, ...node("a", 0, ms), { type: "RunFinished", timestampMs: ms }]);
    for (const line of chartLines(timeline, chartRows(timeline.rows, false), styleOf()))
      expect(columnsOf(line)).toBeLessThanOrEqual(80);
  });

  test("escapes node names, which cannot move the cursor or break a line", () => {
    const timeline = timelineOf([
      start,
      ...node("a\u001b[2J\nb", 0, 10),
      { type: "RunFinished", timestampMs: 10 },
    ]);
    expect(chartLines(timeline, chartRows(timeline.rows, false), styleOf())[1]).toMatch(
      /^\* a\\u001b\[2J\\nb /,
    );
  });
});

describe("the Mermaid diagram", () => {
  const ganttOf = (timeline: Timeline) => mermaidGantt(timeline, chartRows(timeline.rows, false));

  test("has a section for each row, with its spans", () => {
    const timeline = timelineOf([
      start,
      ...node("a", 3000, 4000),
      { type: "RunFinished", timestampMs: 4000 },
    ]);
    expect(ganttOf(timeline)).toEqual({
      leftOut: 0,
      lines: [
        "```mermaid",
        "---",
        "displayMode: compact",
        "---",
        "gantt",
        "  dateFormat x",
        "  axisFormat %H:%M:%S",
        "  section a",
        "  queued :crit, done, 0, 3000",
        "  executing :crit, 3000, 4000",
        "```",
      ],
    });
    expect(ganttOf(timelineOf([start]))).toEqual({ lines: [], leftOut: 0 });
  });

  test.each([
    ["a block's end", "a\n```\n# forged"],
    ["a task", "a\r\n  forged :crit, 0, 1"],
    ["a colon", "gate:prod"],
    ["a comment", "a %% b"],
    ["an entity, and the end of a statement", "a#59;b;c"],
    ["a directive", '%%{init: {"securityLevel":"loose"}}%%'],
    ["markup", "<img src=x onerror=alert(1)>&amp;"],
    ["quotes and backticks", "'a' \"b\" `c`"],
    ["other line breaks", "a\u2028b\u0085c\u000bd"],
    ["controls", "a\u001b[2J\u202eb"],
    ["nothing", ""],
    ["marks alone", "::::"],
    ["5 MB", "x".repeat(5_000_000)],
    ["half characters", "\ud800".repeat(100)],
  ])("is the same for a name with %s, except for the name", (_, name) => {
    const events = (id: string) => [start, ...node(id, 0, 10), { type: "RunFinished", timestampMs: 10 }];
    const { lines } = ganttOf(timelineOf(events(name)));
    const section = lines.findIndex((line) => line.startsWith("  section "));
    expect(lines.toSpliced(section, 1)).toEqual(
      ganttOf(timelineOf(events("plain"))).lines.toSpliced(section, 1),
    );
    expect(lines[section]).toMatch(/^ {2}section [\p{L}\p{N}\p{M} ._/@…-]{1,60}$/u);
  });

  test("of many nodes is limited to the longest ones and those in the longest chain", () => {
    const many = Array.from({ length: 5000 }, (_, index) =>
      node(`n${index}`, index, index + 1).concat(node("long", 0, 9000)),
    );
    const timeline = timelineOf([start, ...many.flat(), { type: "RunFinished", timestampMs: 9000 }]);
    const { lines, leftOut } = ganttOf(timeline);
    expect(lines.join("\n").length).toBeLessThan(50_000);
    expect(lines.filter((line) => line.includes("section"))).toHaveLength(100);
    expect(lines).toContain("  section long");
    expect(leftOut).toBe(4901);
    const loop = Array.from({ length: 5000 }, (_, iteration) =>
      node("turn", iteration, iteration + 1, { iteration }),
    );
    const folded = ganttOf(timelineOf([start, ...loop.flat()])).lines;
    expect(folded.length).toBeLessThan(100);
    expect(folded).toContain("  section turn 5000 iterations");
  });
});
