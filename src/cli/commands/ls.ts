import { isTerminalStatus, type RunRow } from "../../client/index.js";
import { defineCommand, type Session } from "../command.js";
import { formatAgo, formatDuration, formatTime } from "../describe/duration.js";
import { paintStatus } from "../terminal/paint-status.js";
import { parseCount } from "../args/parse-count.js";
import { checkFilter, followAll } from "../follow/follow-all.js";
import {
  filterFlags,
  matchesFilter,
  sinceOption,
  statusOption,
  workflowOption,
  type RunFilter,
} from "../args/run-filter.js";
import { noLimit } from "../args/run-ids.js";
import { runLabels } from "../describe/run-labels.js";
import { maxColumnsOf } from "../terminal/fit-width.js";
import { table } from "../terminal/table.js";
import type { Style } from "../terminal/style.js";
import { UsageError } from "../usage-error.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Same as the servers' default. */
const defaultLimit = 50;

interface LsOptions extends RunFilter {
  limit?: number;
  watch?: boolean;
  quiet?: boolean;
  time?: "relative" | "iso";
}

export const ls = defineCommand<LsOptions>({
  syntax: "ls",
  aliases: ["list", "ps"],
  summary: "List the server's runs, newest first",
  description: "List the server's runs, newest first.",
  options: [
    {
      flags: "--limit <n>",
      description: `maximum number of runs (default: ${defaultLimit})`,
      parse: parseCount(1),
    },
    statusOption,
    workflowOption,
    sinceOption,
    {
      flags: "-w, --watch",
      description: "follow the runs, as watch --all --keep does",
    },
    { flags: "-q, --quiet", description: "print only run ids" },
    {
      flags: "--time <form>",
      description: "show start times as relative (2m ago) or iso (default: relative)",
      choices: ["relative", "iso"],
    },
  ],
  examples: ["ls --status waiting-approval", "ls --workflow deploy --since 24h", "ls -q --limit 5"],

  check({ options }, session) {
    if (options.watch !== true) return;
    const { limit, quiet, time } = options;
    const given = Object.entries({ limit, quiet, time }).find(([, value]) => value !== undefined);
    if (given !== undefined) throw new UsageError(`--${given[0]} cannot be used with --watch`);
    checkFilter(options, session);
  },

  async execute({ options: { limit, watch, quiet, time, ...filter } }, session) {
    if (watch === true) {
      return followAll(
        session,
        filter,
        {},
        { keep: true, rewatch: ["ls", "--watch", ...filterFlags(filter)] },
      );
    }
    const { isTTY } = session.context.stdout;
    // No server says whether there are more runs than requested.
    const found = await findRuns(filter, limit ?? defaultLimit + 1, session);
    const rows = found.slice(0, limit ?? defaultLimit);
    return {
      kind: "document",
      document: rows,
      note: noteOn(rows, { areMore: limit === undefined && found.length > rows.length, filter }),
      text(style) {
        const whole = rows.map(({ runId }) => escapeControls(runId));
        if (quiet === true) return whole.join("\n");
        if (rows.length === 0) return "";
        // The reader of a pipe gets full ids and full-width columns.
        if (!isTTY) return runTable(rows, whole, { time, now: session.serverNow(), style, width: Infinity });
        const short = runLabels(found.map(({ runId }) => runId)).map(({ text }) => text.trimEnd());
        return runTable(rows, short, { time, now: session.serverNow(), style, width: style.width });
      },
    };
  },
});

/** Returns the newest matching runs: at least `limit` of them if there are that many. */
async function findRuns(filter: RunFilter, limit: number, session: Session): Promise<RunRow[]> {
  // No server filters by these, so look at all runs, however many newer ones do not match.
  const needsAll = filter.workflow !== undefined || filter.since !== undefined;
  const rows = await session.client.listRuns<RunRow>({
    limit: needsAll ? noLimit : limit,
    status: filter.status,
  });
  const now = session.serverNow();
  return rows.filter((row) => matchesFilter(row, filter, now));
}

function noteOn(
  rows: readonly RunRow[],
  { areMore, filter: { status, workflow, since } }: { areMore: boolean; filter: RunFilter },
): string | undefined {
  const isFiltered = status !== undefined || workflow !== undefined || since !== undefined;
  if (rows.length === 0) return isFiltered ? "no run matches" : "the server has no runs yet";
  return areMore ? `the ${rows.length} newest runs are shown; --limit shows more` : undefined;
}

function runTable(
  rows: readonly RunRow[],
  names: readonly string[],
  { time, now, style, width }: { time: LsOptions["time"]; now: number; style: Style; width: number },
): string {
  const when = (ms: number | null) => (time === "iso" ? formatTime(ms) : formatAgo(ms, now));
  return table(
    [
      { heading: "RUN ID", least: maxColumnsOf(names) },
      { heading: "WORKFLOW", least: 8 },
      { heading: "STATUS" },
      { heading: "STARTED" },
      { heading: "TOOK" },
    ],
    rows.map((row, index) => [
      { text: names[index] ?? "", paint: style.bold },
      { text: escapeControls(row.workflowName ?? "-") },
      { text: escapeControls(row.status), paint: (text) => paintStatus(text, style) },
      { text: when(row.startedAtMs) },
      { text: took(row, now) },
    ]),
    style,
    width,
  );
}

function took({ status, startedAtMs, finishedAtMs }: RunRow, now: number): string {
  if (startedAtMs === null) return "-";
  // The row of a resumed run keeps the time of its earlier end.
  const end = isTerminalStatus(status) ? finishedAtMs : now;
  return end === null ? "-" : formatDuration(end - startedAtMs);
}
