// `npm run bench` measures what a user waits for and prints a table. `-- --quick` takes a minute and is less exact,
// `-- --only <text>` selects the rows with this text in their name, and `-- --write` also writes RESULTS.md. Measuring
// memory requires Linux.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { findInstallation } from "../src/cli/serve/find-installation.js";
import { makeHistory, type LongHistory } from "../test/long-history.js";
import { ownSource, startRealServer } from "../test/real-server.js";
import { compare, run, toTable, type Comparison, type Job, type Row, type RunOptions } from "./measure.js";

const { quick, only, write } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, write: { type: "boolean" } },
}).values;
const pick = (full: number, short: number) => (quick ? short : full);
// This file runs as dist/bench/bench/run.js.
const root = fileURLToPath(new URL("../../..", import.meta.url));
const node = process.execPath;
const client = [node, join(root, "bin/smithers-client.js")];
const program = (name: string) => fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));
const { installation } = ownSource;
const { bun = "bun" } = findInstallation([installation]);

// The published client is TypeScript that uses nothing specific to Bun, so Node can run it once its types are stripped.
const reference = join(root, "dist/bench/reference.mjs");
await build({
  entryPoints: [join(installation, "node_modules/smithers-orchestrator/src/pi-plugin/index.ts")],
  outfile: reference,
  format: "esm",
  logLevel: "warning",
});

const eventServer = fork(fileURLToPath(new URL("event-server.js", import.meta.url)));
const [{ port }] = (await once(eventServer, "message")) as [{ port: number }];
const eventsUrl = `http://127.0.0.1:${port}`;
const environment = (baseUrl: string) => ({ SMITHERS_BASE_URL: baseUrl, SMITHERS_FORMAT: "", NO_COLOR: "1" });

const timed =
  (argv: readonly string[], options: RunOptions = {}): Job =>
  async () =>
    (await run(argv, { env: environment(eventsUrl), ...options })).ms;

const startRounds = pick(31, 5);
const mixed = `all-${pick(200_000, 50_000)}`;
const [fewEvents, manyEvents] = [50_000, pick(5_000_000, 500_000)];
const watched = (runId: string) => [...client, "watch", runId, "--json"];
const peak =
  (events: number): Job =>
  async () => {
    const isRight = ({ lines }: { lines: number }) => lines === events;
    return (await run(watched(`all-${events}`), { env: environment(eventsUrl), isRight })).peakMib;
  };
const followers = 200;
const share =
  (how: string): Job =>
  async () => {
    const seconds = pick(10, 3);
    const argv = [node, program("follow-many"), how, eventsUrl, String(followers), String(seconds)];
    const result = JSON.parse((await run(argv)).stdout) as { share: number; eventsEach: number };
    if (result.eventsEach < 30)
      throw new Error(`${result.eventsEach} events a second came, and 40 were sent`);
    return result.share;
  };

const onEvents: Comparison[] = [
  {
    what: "start-up: `--version`",
    unit: "ms",
    job: timed([...client, "--version"]),
    others: { "`node -e 0`": timed([node, "-e", "0"]) },
    goal: { ratio: 1.25 },
    rounds: startRounds,
  },
  {
    what: "one request: `status --json`",
    unit: "ms",
    job: timed([...client, "status", "all-50", "--json"]),
    others: { "a bare `node:http` program": timed([node, program("http-status"), eventsUrl, "all-50"]) },
    goal: { ratio: 1.25 },
    rounds: startRounds,
  },
  {
    what: `\`watch --json\`, ${mixed.slice(4)} events of several nodes, not ASCII`,
    unit: "ms",
    job: timed(watched(mixed)),
    others: {
      "the reference client": timed([node, program("reference-json"), reference, eventsUrl, mixed]),
    },
    goal: { ratio: 0.5 },
    rounds: pick(7, 2),
  },
  {
    what: `memory: \`watch --json\`, ${manyEvents} events`,
    unit: "MiB",
    job: peak(manyEvents),
    others: { [`${fewEvents} events`]: peak(fewEvents) },
    goal: { ratio: 1.5 },
    rounds: pick(3, 1),
  },
  {
    what: `processor: each of ${followers} runs followed in one process, 40 events/s each`,
    unit: "%",
    job: share("library"),
    others: { "the reference client": share(reference) },
    goal: { figure: 1 },
    rounds: pick(3, 1),
  },
];

/** A row that measures a command on a real 0.5.0 server with these runs in its database. */
interface ServerRow {
  what: string;
  histories: readonly LongHistory[];
  /** Returns the words of the command for a round. */
  command: (round: number) => readonly string[];
  options: RunOptions;
  /** The run ids, as an SQL pattern, whose rows are read from SQLite for comparison. */
  pattern: string;
  /** How long one connection takes for the events, for comparison. */
  connectionSeconds?: number;
  maxSeconds: number;
}

const rounds = pick(3, 1);
const numbers = (length: number) => Array.from({ length }, (_, number) => number);

/** Returns a row for a command on one run, `RUN` in its words. Each round has its own: it can be approved once. */
function onOneRun(
  [what, events, maxSeconds]: [string, number, number],
  words: string,
  options: RunOptions,
  status: LongHistory["status"] = "waiting-approval",
): ServerRow {
  return {
    what: `${what}, ${events} events`,
    histories: numbers(rounds).map((round) => ({ runId: `run-${round}`, events, status })),
    command: (round) => words.replace("RUN", `run-${round}`).split(" "),
    options,
    pattern: "run-0",
    // A connection receives 400 events per second.
    connectionSeconds: events / 400,
    maxSeconds,
  };
}

const long = pick(50_000, 5_000);
const waitingRuns = pick(200, 20);

const onRealServer: ServerRow[] = [
  onOneRun(["`status` of a run that waits", long, 4], "status RUN", {
    isRight: ({ stdout }) => stdout.includes("waiting-approval") && stdout.includes("ship"),
  }),
  onOneRun(["`watch` up to the gate", long, 4], "watch RUN --on-approval exit", { exitCode: 3 }),
  onOneRun(
    ["`watch --json` of a finished run", long, 4],
    "watch RUN --json",
    { isRight: ({ lines }) => lines === long },
    "finished",
  ),
  onOneRun(["`approve` of a named gate", pick(4000, 800), 1], "approve RUN gate --iteration 0", {
    isRight: ({ stdout }) => stdout.includes("approved"),
  }),
  // The last word, the one to complete, is empty.
  onOneRun(["completion of gates", pick(2000, 400), 1], "__complete zsh approve RUN ", {
    isRight: ({ stdout }) => stdout.includes("gate\t"),
  }),
  {
    what: `\`approvals\`, ${waitingRuns} runs that wait`,
    histories: numbers(waitingRuns).map((number) => ({
      runId: `run-${number}`,
      events: 20,
      status: "waiting-approval",
    })),
    command: () => ["approvals", "--json"],
    options: { isRight: ({ stdout }) => (stdout.match(/"nodeId":/g) ?? []).length === waitingRuns },
    pattern: "run-%",
    maxSeconds: 3,
  },
];

async function compareOnServer(row: ServerRow): Promise<Row> {
  const directory = mkdtempSync(join(tmpdir(), "smithers-bench-"));
  const server = await startRealServer({ root: directory });
  const database = join(directory, "smithers.db");
  const env = environment(server.baseUrl);
  try {
    await makeHistory(database, ...row.histories);
    return await compare({
      what: row.what,
      unit: "s",
      job: async (round) =>
        (await run([...client, ...row.command(round)], { env, ...row.options })).ms / 1000,
      others: {
        "the rows from SQLite": async () =>
          (await run([bun, program("read-sqlite"), database, row.pattern])).ms / 1000,
        ...(row.connectionSeconds && { "one connection": row.connectionSeconds }),
      },
      goal: { figure: row.maxSeconds },
      rounds,
    });
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true });
  }
}

const rows: Row[] = [];
const isAsked = ({ what }: { what: string }) => only === undefined || what.includes(only);
try {
  for (const row of [...onEvents, ...onRealServer].filter(isAsked)) {
    process.stderr.write(`${row.what} …\n`);
    rows.push(await ("histories" in row ? compareOnServer(row) : compare(row)));
  }
} finally {
  eventServer.disconnect();
}

const versionOf = (name: string) =>
  (
    JSON.parse(readFileSync(join(installation, "node_modules", name, "package.json"), "utf8")) as {
      version: string;
    }
  ).version;
const machine =
  `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}; ` +
  `Node ${process.versions.node}, Bun ${versionOf("bun")}, smithers-orchestrator ` +
  `${versionOf("smithers-orchestrator")}; ${new Date().toISOString().slice(0, 10)}.`;
const text = `${toTable(rows)}\n\nMedians. ${machine}\n`;
process.stdout.write(text);
if (write) writeFileSync(join(root, "bench/RESULTS.md"), `# What \`npm run bench\` measured\n\n${text}`);
