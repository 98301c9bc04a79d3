import stringWidth from "string-width";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { escapeControls } from "../../src/cli/terminal/escape-controls.js";
import type { RunRow } from "../../src/client/index.js";
import { answer, errorBody, RawServer } from "../faults/raw-server.js";
import { startInTerminal } from "./binary-terminal.js";
import { cli as anyCli, type CliOptions } from "./run-cli.js";

const minute = 60_000;
const row = (runId: string, more: Partial<RunRow> = {}): Partial<RunRow> => ({
  runId,
  workflowName: "deploy",
  status: "finished",
  createdAtMs: Date.now() - 2 * minute,
  startedAtMs: Date.now() - 2 * minute - 10_000,
  finishedAtMs: Date.now() - minute - 10_000,
  ...more,
});
const waiting = "waiting-approval";
const uuids = ["4f1c9a2b-8d3e-4c55-9b1a-0123456789ab", "7c20aaaa-0000-4c55-9b1a-0123456789ab"];

let rows: Partial<RunRow>[] = [];
let server: RawServer;
/** The paths that were requested. */
const queries: string[] = [];
beforeAll(async () => {
  server = await RawServer.start(({ path }, socket) => {
    queries.push(path);
    const [, runId] = /^\/v1\/runs\/(.+)/.exec(path) ?? [];
    if (runId !== undefined) return void socket.write(answer(404, errorBody("NOT_FOUND", "Run not found")));
    const limit = Number(/limit=(\d+)/.exec(path)?.[1] ?? 50);
    socket.write(answer(200, rows.slice(0, limit)));
  });
});
afterAll(() => server.close());

async function ls(args: string[] = [], options: CliOptions = {}): Promise<string[]> {
  const { stdout, exitCode } = await anyCli(["ls", ...args], { baseUrl: server.baseUrl, ...options });
  expect(exitCode).toBe(0);
  return stdout.trimEnd().split("\n");
}

/** Returns the lines that a terminal of that width shows. */
async function lsAt(columns: number, args: string[] = []): Promise<string[]> {
  const terminal = startInTerminal(["ls", ...args], { baseUrl: server.baseUrl, columns });
  try {
    expect(await terminal.ended()).toBe(0);
    return (await terminal.screen()).split("\n");
  } finally {
    await terminal.close();
  }
}

describe("in a pipe", () => {
  test("ids and names are complete, whatever COLUMNS says, and times are relative", async () => {
    rows = [row(uuids[0] ?? "", { workflowName: "w".repeat(100) }), row("b", { startedAtMs: null })];
    const lines = await ls([], { env: { COLUMNS: "40" } });
    expect(lines[1]).toMatch(new RegExp(`^${uuids[0]} {2}w{100} {2}finished {2}2m ago +1m 00s$`));
    expect(lines[2]).toMatch(/^b +deploy +finished {2}- +-$/);
  });

  test("--time iso prints ISO timestamps, and other formats are refused", async () => {
    rows = [row("a", { startedAtMs: 1_700_000_000_000, finishedAtMs: 1_700_000_001_000 })];
    expect((await ls(["--time", "iso"]))[1]).toBe("a       deploy    finished  2023-11-14T22:13:20Z  1.0s");
    const refused = await anyCli(["ls", "--time", "soon"], { baseUrl: server.baseUrl });
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toMatch(/'soon' is not one of relative, iso/);
  });

  test("--since and --workflow find runs behind many newer ones; the server filters by status", async () => {
    const at = Date.parse("2026-01-31T10:00Z");
    rows = [
      ...Array.from({ length: 60 }, (_, index) => row(`other-${index}`, { workflowName: "test" })),
      row("recent"),
      row("created", { startedAtMs: null, createdAtMs: at }),
      row("old", { startedAtMs: at - 1, createdAtMs: at - 1 }),
    ];
    const ids = (...args: string[]) => ls(["-q", "--workflow", "deploy", ...args]);
    expect(await ids()).toEqual(["recent", "created", "old"]);
    expect(await ids("--since", "2026-01-31T10:00Z")).toEqual(["recent", "created"]);
    expect(await ids("--since", "2026-01-31T11:00+01:00")).toEqual(["recent", "created"]);
    expect(await ids("--since", "1h")).toEqual(["recent"]);
    expect(await ids("--since", "2m")).toEqual([""]);
    expect((await ls(["-q", "--since", "3m", "--limit", "100"])).at(-1)).toBe("recent");
    expect(await ids("--status", "failed")).toEqual([""]);
    expect(queries.at(-1)).toMatch(/[?&]status=failed/);
  });

  test.each(["soon", "2026-13-31", "2026-01-31T25:00Z", "1h ago", "-1h", ""])(
    "--since %j is refused",
    async (since) => {
      const refused = await anyCli(["ls", `--since=${since}`], { baseUrl: server.baseUrl });
      expect(refused.exitCode).toBe(4);
      expect(refused.stderr).toMatch(/neither a duration/);
    },
  );

  test("stderr says if there are more runs than are shown, or none", async () => {
    rows = Array.from({ length: 80 }, (_, index) => row(`run-${index}`));
    const of = (...args: string[]) => anyCli(["ls", ...args], { baseUrl: server.baseUrl });
    const shown = await of();
    expect(shown.stdout.trimEnd().split("\n")).toHaveLength(51);
    expect(shown.stderr).toBe("the 50 newest runs are shown; --limit shows more\n");
    expect((await of("-q")).stderr).toBe(shown.stderr);
    // A user who sets a limit knows about it.
    expect((await of("--limit", "3")).stderr).toBe("");
    const json = await of("--limit", "3", "--json");
    expect(JSON.parse(json.stdout)).toEqual(rows.slice(0, 3));
    expect(json.stderr).toBe("");

    rows = [];
    expect(await of()).toEqual({ stdout: "", stderr: "the server has no runs yet\n", exitCode: 0 });
    expect((await of("--since", "1h")).stderr).toBe("no run matches\n");
    expect((await of("--json")).stdout).toBe("[]\n");
  });

  test("-q prints only ids, and statuses are colored if colors are forced", async () => {
    rows = [row("a"), row("b", { status: "failed" }), row("c", { status: waiting })];
    expect(await ls(["-q"])).toEqual(["a", "b", "c"]);
    const lines = await ls([], { env: { FORCE_COLOR: "1" } });
    expect(lines[1]).toContain("\u001b[32mfinished\u001b[39m");
    expect(lines[2]).toContain("\u001b[31mfailed\u001b[39m");
    expect(lines[3]).toContain(`\u001b[33m${waiting}\u001b[39m`);
  });

  test("wide and hostile names keep the columns aligned", async () => {
    const names = [
      "größe",
      "日本語の仕事",
      "🚀🚀",
      "\u001b[2J\u001b]0;owned\u0007",
      "a\nb\tc",
      "\u202egnp.exe",
      "",
    ];
    rows = names.map((workflowName, index) => row(`run-${index}`, { workflowName }));
    const lines = await ls();
    expect(lines).toHaveLength(names.length + 1);
    const statusAt = lines.map((line) => stringWidth(line.slice(0, line.search(/finished|STATUS/))));
    expect(new Set(statusAt).size).toBe(1);
    for (const line of lines) expect(escapeControls(line)).toBe(line);
  });
});

describe("at a terminal", () => {
  beforeAll(() => {
    rows = [
      row(uuids[0] ?? "", { status: waiting, workflowName: "deploy-the-whole-of-the-company-日本語-🚀" }),
      row(uuids[1] ?? "", { workflowName: "x".repeat(200) }),
    ];
  });

  test.each([200, 100, 80])("of %d columns, every line fits and has every column", async (columns) => {
    const lines = await lsAt(columns);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^RUN ID +WORKFLOW +STATUS +STARTED +TOOK$/);
    expect(lines[1]).toMatch(/waiting-approval {2}2m ago {2,}2m 1\ds$/);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test("ids are shortened to prefixes that can be typed, but no further", async () => {
    const twin = `${uuids[0]?.slice(0, 10)}ffff`;
    rows = [
      row(uuids[0] ?? "", { status: waiting }),
      row(uuids[1] ?? ""),
      row(twin),
      row("pr-4"),
      row("pr-42"),
    ];
    const lines = await lsAt(44);
    expect(lines[0]).toMatch(/^RUN ID +WORKFLOW +STATUS$/);
    const shown = lines.slice(1).map((line) => line.split(" ")[0]);
    expect(shown).toEqual(["4f1c9a2b-8d", "7c20aaaa", "4f1c9a2b-8f", "pr-4", "pr-42"]);
    // A prefix that was copied from there is accepted.
    const typed = await anyCli(["status", "4f1c9a2b-8d", "--debug"], { baseUrl: server.baseUrl });
    expect(typed.stderr).toMatch(/\/v1\/runs\/4f1c9a2b-8d3e/);
  });
});
