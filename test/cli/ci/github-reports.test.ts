import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { githubReports } from "../../../src/cli/ci/github-reports.js";
import type { FollowEnding, ReportContext } from "../../../src/cli/ci/reporter.js";
import { noLoops } from "../../../src/cli/describe/approval-label.js";
import type { Run, RunView, SmithersEvent } from "../../../src/client/index.js";
import { failedRun, viewOf } from "./run-views.js";

/** What GitHub receives for a run: the annotations, the summary, and the outputs. */
async function reported(view: RunView, ending: Partial<FollowEnding> = {}, events: object[] = []) {
  const folder = await mkdtemp(join(tmpdir(), "smithers-client-github-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [summary, output] = [join(folder, "summary.md"), join(folder, "output")];
  const annotations: string[][] = [];
  const context: ReportContext = {
    env: { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output },
    annotate: ({ level, title, text }) => void annotations.push([level, title, text]),
    commandLine: (...words) => words.join(" "),
    serverNow: () => 1000,
    readTree: async () => undefined,
  };
  const reporter = githubReports(context);
  reporter.observe?.(
    events.map((event) => ({ runId: "r", iteration: 0, attempt: 1, ...event }) as SmithersEvent),
  );
  await reporter.end(view, { status: undefined, problem: undefined, exitCode: 0, loops: noLoops, ...ending });
  return { annotations, summary: await readFile(summary, "utf8"), output: await readFile(output, "utf8") };
}

const finished = viewOf({ type: "RunStarted" }, { type: "RunFinished" });

test("an output's value cannot end the output: its delimiter is random", async () => {
  const delimiters = async () => {
    const { output } = await reported(finished, { status: { status: "end\nrun-id<<end\nforged" } as Run });
    const found = /^run-id<<(.+)\nr\n\1\nstatus<<(.+)\nend\nrun-id<<end\nforged\n\2\n$/.exec(output);
    expect(found).not.toBeNull();
    return found?.slice(1) ?? [];
  };
  const all = [...(await delimiters()), ...(await delimiters())];
  expect(new Set(all).size).toBe(4);
  for (const delimiter of all) expect(delimiter).toMatch(/[\da-f]{8}-[\da-f-]{27}/);
});

test.each([
  ["[click](http://evil.example)", /[[\]()]/],
  ["<img src=x>", /</],
  ["a | b | c", /a \|/],
  ["**bold** _it_ `code`", /[*_`]/],
  ["http://evil.example", /:\/\//],
  ["@someone #1", /[@#]/],
  ["one\n## two", /one\n/],
])("escapes the Markdown %j in the summary", async (text, markup) => {
  const { summary } = await reported(failedRun(["ok", text], text), { exitCode: 1 });
  const rows = summary.split("\n").filter((line) => line.startsWith("| "));
  expect(rows).toHaveLength(4);
  const cells = (rows.at(-1) ?? "")
    .split("|")
    .slice(1, 3)
    .join("|")
    .replace(/&#\d+;/g, "");
  expect(`${cells}|`).not.toMatch(markup);
});

test("a summary of thousands of nodes stays below 1 MiB, and says how many are left out", async () => {
  const nodes = Array.from({ length: 8000 }, (_, n) => ({
    type: "NodePending",
    nodeId: `${n}${"x".repeat(190)}`,
  }));
  const { summary } = await reported(viewOf({ type: "RunStarted" }, ...nodes));
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  expect(summary).toMatch(/\n\d+ more nodes\n/);
});

test.each([
  [{ exitCode: 2, status: { status: "cancelled" } as Run }, "cancelled"],
  [{ exitCode: 5, problem: "lost\u001b[2J it" }, "lost\\u001b[2J it"],
])("annotates a run that ended badly without a failed node as an error: %j", async (ending, text) => {
  const { annotations } = await reported(viewOf({ type: "RunStarted" }), ending);
  expect(annotations).toEqual([["error", "run r", text]]);
});

test("a run that finished has no annotation", async () => {
  expect((await reported(finished)).annotations).toEqual([]);
});

test("the summary shows the timeline so far as a diagram, and no node name can end its code block", async () => {
  const node = { nodeId: "a\n```\n## forged `:;#%%{", timestampMs: 200 };
  const events = [
    { type: "RunStarted", timestampMs: 100 },
    { type: "NodeStarted", ...node },
  ];
  const { summary } = await reported(viewOf({ type: "RunStarted" }), {}, events);
  expect(summary.slice(summary.indexOf("```"), summary.indexOf("| Node"))).toBe(
    [
      "```mermaid",
      "---",
      "displayMode: compact",
      "---",
      "gantt",
      "  dateFormat x",
      "  axisFormat %H:%M:%S",
      "  section a_______ forged _______",
      "  queued :crit, done, 100, 200",
      "  executing :crit, 200, 1000",
      "```",
      "",
      "",
    ].join("\n"),
  );
});

test("a diagram with thousands of rows says how many are left out, and how to see them", async () => {
  const nodes = Array.from({ length: 3000 }, (_, index) => [
    { type: "NodeStarted", nodeId: `n${index}`, timestampMs: index },
    { type: "NodeFinished", nodeId: `n${index}`, timestampMs: index + 1 },
  ]);
  const events = [{ type: "RunStarted", timestampMs: 0 }, ...nodes.flat()];
  const { summary } = await reported(viewOf({ type: "RunStarted" }), {}, events);
  expect(summary).toMatch(/```\n\n2900 more rows: <code>timeline r<\/code>\n\n\| Node/);
  expect(summary.length).toBeLessThan(60_000);
});
