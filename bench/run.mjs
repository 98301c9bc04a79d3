// `npm run bench` measures the command line and the library against others and against what cannot be beaten, and prints
// a table; with `-- --quick` in a minute and less exactly, with `-- --only <pattern>` the rows whose name matches, with
// `-- --write` into RESULTS.md too. Some rows take Linux, curl, script or a 0.32 server's folder in SMITHERS_032; where one
// is missing the row says so.
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { findInstallation } from "../dist/cli/serve/find-installation.js";
import { childOf, cpuOf, inTurn, median, quantile, run, start } from "./measure.mjs";
import { figure, table } from "./table.mjs";

const { quick, only, write } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, write: { type: "boolean" } },
}).values;
const root = fileURLToPath(new URL("..", import.meta.url));
const here = (name) => join(root, "bench", name);
const node = process.execPath;
const ours = [node, join(root, "bin", "smithers-client.js")];
const program = (name, ...args) => [node, here(`programs/${name}.mjs`), ...args];
const pick = (full, short) => (quick ? short : full);

// The published client is TypeScript without anything that only Bun knows, so Node runs it with its types taken off.
await build({
  entryPoints: [join(root, "node_modules/smithers-orchestrator/src/pi-plugin/index.ts")],
  outfile: join(root, "dist/bench/reference.mjs"),
  format: "esm",
  logLevel: "warning",
});

const server = fork(here("event-server.mjs"));
const [{ port }] = await once(server, "message");
const env = { SMITHERS_BASE_URL: `http://127.0.0.1:${port}`, SMITHERS_FORMAT: "", NO_COLOR: "1" };

/** Has the server make what this run sends, so that no reader waits for that. */
async function prepare(runId) {
  server.send({ prepare: runId });
  await once(server, "message");
}

/** How long a command takes, in ms. */
const timeOf = (argv, options) => async () => (await run(argv, { env, keep: false, ...options })).ms;
/** What a reader of the library's kind tells of itself. */
const readerOf =
  (field, how, runId, times = 1) =>
  async () =>
    JSON.parse(
      (await run([node, here("read.mjs"), how, env.SMITHERS_BASE_URL, runId, String(times)])).stdout,
    )[field];

/** At most, or at least, so many times as much. */
const atMost = (times) => ({
  text: `≤ ${times}×`,
  of: (mine, its) => mine / its,
  met: (ratio) => ratio <= times,
});
const atLeast = (times) => ({
  text: `≥ ${times}× as fast`,
  of: (mine, its) => its / mine,
  met: (ratio) => ratio >= times,
});
const faster = { text: "faster", of: (mine, its) => its / mine, met: (ratio) => ratio > 1 };
/** At most so much more. */
const atMostMore = (more, unit) => ({
  text: `≤ + ${more} ${unit}`,
  of: (mine, its) => mine - its,
  met: (difference) => difference <= more,
  unit,
});

/**
 * A row that compares two jobs, each of which gives a number. A third, `bound`, is what bounds it: where the goal is not
 * met, the row tells what that comes to.
 */
function compare(what, mine, against, its, goal, { rounds = 7, unit = "ms", runId, bound } = {}) {
  return {
    what,
    async measure() {
      if (runId !== undefined) await prepare(runId);
      const jobs = [mine, its, ...(bound === undefined ? [] : [bound.job])];
      return judge(what, against, goal, unit, bound?.name, await inTurn(jobs, rounds));
    },
  };
}

/** The row that these samples make. What is told is the median of the rounds' own results: each round met one machine. */
function judge(what, against, goal, unit, boundName, [a, b, c]) {
  const each = a.map((one, at) => goal.of(one, b[at]));
  const result = median(each);
  const sign = goal.unit === undefined ? "×" : ` ${goal.unit}`;
  const bound =
    c &&
    `; ${boundName}: ${figure(median(c))} ${unit}, ${figure(median(c.map((one, at) => goal.of(one, b[at]))))}${sign}`;
  return {
    what,
    ours: `${figure(median(a))} ${unit}`,
    against: `${against}: ${figure(median(b))} ${unit}`,
    result: `${figure(result)}${sign} (${figure(quantile(each, 0.25))} to ${figure(quantile(each, 0.75))})`,
    goal: goal.text,
    verdict: goal.met(result) ? "yes" : `no${bound ?? ""}`,
  };
}

/** A row for what cannot be measured here. */
const notMeasured = (what, against, goal, why) => ({
  what,
  measure: () => ({ what, ours: "", against, result: "", goal: goal.text, verdict: `not measured: ${why}` }),
});

/** A row of one figure. */
const single = (what, goal, job, { unit, limit }) => ({
  what,
  async measure() {
    const value = await job();
    const verdict = value <= limit ? "yes" : "no";
    return { what, ours: `${figure(value)} ${unit}`, against: "", result: "", goal, verdict };
  },
});

function has(command) {
  try {
    execFileSync("which", [command], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Commands are short, and their times spread. */
const commandRounds = { rounds: pick(31, 5) };
const events = 500_000;
const bulk = `bulk-${events}-65536`;
const tiny = `bulk-${pick(100_000, 20_000)}-7`;
const big = "big-16777216-16384";
const watchJson = (runId) => [...ours, "watch", runId, "--json"];

/** The upstream command line, in a folder with a run of a workflow; undefined where Bun is not installed. */
const upstream = await (async () => {
  const { bun } = findInstallation([root]);
  if (bun === undefined) return undefined;
  const cwd = mkdtempSync(join(tmpdir(), "smithers-bench-"));
  symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"));
  copyFileSync(join(root, "test/workflows/quick.tsx"), join(cwd, "quick.tsx"));
  const smithers = (...args) => [
    bun,
    join(root, "node_modules/smithers-orchestrator/src/cli/index.ts"),
    ...args,
  ];
  await run(smithers("run", "quick.tsx", "--run-id", "bench"), { cwd });
  return { bun, cwd, smithers };
})();

function againstUpstream() {
  const bound = { name: "`node -e 0`", job: timeOf([node, "-e", "0"]) };
  const row = (what, words, name, argv, options) =>
    compare(what, timeOf([...ours, ...words]), name, timeOf(argv, options), faster, {
      ...commandRounds,
      bound,
    });
  const itsStatus = upstream?.smithers("status", "quick.tsx", "--run-id", "bench");
  const rows =
    upstream === undefined
      ? [notMeasured("`--version`", "`smithers` 0.5.0 on Bun", faster, "Bun is not installed")]
      : [
          row("`--version`", ["--version"], "`smithers` 0.5.0 on Bun", upstream.smithers("--version")),
          row(
            "`status --json`, one document as its own",
            ["status", "bench", "--json"],
            "the same",
            itsStatus,
            upstream,
          ),
          row("`status`, with the run's tree", ["status", "bench"], "the same", itsStatus, upstream),
        ];
  const newer = process.env.SMITHERS_032;
  const words = ["status", "bench"];
  const what = "`status`, with the run's tree";
  const name = "`smithers --version` 0.32 on Bun";
  if (newer === undefined) {
    return [...rows, notMeasured(what, name, faster, "SMITHERS_032 names no folder with one")];
  }
  const bun = findInstallation([newer]).bun ?? "bun";
  // In a folder with an older one it would hand over to that.
  const its = [bun, join(newer, "node_modules/.bin/smithers"), "--version"];
  return [...rows, row(what, words, name, its, { cwd: newer })];
}

/** From the moment a server sends an event to the moment its line is read, in ms, for each event of one run. */
async function delays(argv) {
  const found = [];
  const child = start(argv, { env });
  child.stdout.on("data", (part) => {
    const now = Number(process.hrtime.bigint()) / 1e6;
    for (const [, sentAt] of part.toString().matchAll(/"sentAt":([\d.]+)/g)) found.push(now - Number(sentAt));
  });
  await once(child, "close");
  // The first ones come while the program is still being compiled.
  return found.slice(20);
}

function delayRows() {
  const runId = `paced-1-10-${pick(400, 120)}`;
  const what = "from an event on the socket to its line on stdout";
  return {
    what,
    async measure() {
      const jobs = [watchJson(runId), program("fetch-print", runId)].map((argv) => () => delays(argv));
      const samples = await inTurn(jobs, pick(5, 1));
      const row = (name, share, more) =>
        judge(
          `${what}, ${name}`,
          "a bare `fetch` loop that prints",
          atMostMore(more, "ms"),
          "ms",
          undefined,
          samples.map((rounds) => rounds.map((found) => quantile(found, share))),
        );
      return [row("the median", 0.5, 1), row("99 of 100", 0.99, 3)];
    },
  };
}

/** The share of a core, in %, that a program takes while a server sends all it can: 200 events each half second. */
async function shareOf(argv, processOf) {
  const seconds = pick(15, 2);
  const runId = `paced-200-500-${2 * seconds + 4}`;
  const child = start(argv(runId), { env });
  child.stdout.resume();
  await new Promise((wait) => setTimeout(wait, 1500));
  const pid = processOf(child.pid);
  const before = cpuOf(pid);
  await new Promise((wait) => setTimeout(wait, seconds * 1000));
  const share = (cpuOf(pid) - before) / (seconds * 10);
  child.kill();
  await once(child, "close");
  return share;
}

function shareRows() {
  const goal = "< 3 % of a core";
  const of = { unit: "%", limit: 3 };
  const text = "text `watch` at 400 events/s";
  const live = "`watch` at a terminal, at 400 events/s";
  if (process.platform !== "linux") return [notMeasured(text, "", { text: goal }, "it takes Linux")];
  const rows = [
    single(
      text,
      goal,
      () =>
        shareOf(
          (runId) => [...ours, "watch", runId],
          (pid) => pid,
        ),
      of,
    ),
  ];
  if (!has("script")) return [...rows, notMeasured(live, "", { text: goal }, "there is no `script` here")];
  const atTerminal = (runId) => [
    "script",
    "-qfec",
    `stty cols 100 rows 40; exec '${ours.join("' '")}' watch ${runId}`,
    "/dev/null",
  ];
  return [...rows, single(live, goal, () => shareOf(atTerminal, childOf), of)];
}

const peakOf = (argv) => async () => (await run(argv, { env, keep: false })).peakMib;

const rows = [
  ...["--version", "--help"].map((flag) =>
    compare(
      `\`${flag}\``,
      timeOf([...ours, flag]),
      "`node -e 0`",
      timeOf([node, "-e", "0"]),
      atMost(1.25),
      commandRounds,
    ),
  ),
  ...[
    ["status --json", ["status", "bench", "--json"], "status"],
    ["run", ["run", "deploy.tsx"], "run"],
  ].flatMap(([name, args, minimal]) => [
    compare(
      `\`${name}\``,
      timeOf([...ours, ...args]),
      "a minimal program with `node:http`",
      timeOf(program(`http-${minimal}`)),
      atMost(1.25),
      commandRounds,
    ),
    compare(
      `\`${name}\``,
      timeOf([...ours, ...args]),
      "a minimal program with `fetch`",
      timeOf(program(`fetch-${minimal}`)),
      atMost(0.6),
      commandRounds,
    ),
  ]),
  ...againstUpstream(),
  compare(
    `library: ${events / 1000}k small events in 64 KiB chunks, parsed`,
    readerOf("ms", "ours", bulk),
    "the reference client",
    readerOf("ms", "reference", bulk),
    atLeast(1.5),
    {
      runId: bulk,
      rounds: pick(9, 2),
      bound: { name: "a bare loop that checks nothing", job: readerOf("ms", "loop", bulk) },
    },
  ),
  compare(
    "library: one event of 16 MiB in 16 KiB chunks",
    readerOf("ms", "ours", big),
    "the reference client",
    readerOf("ms", "reference", big),
    atLeast(80),
    {
      runId: big,
      rounds: pick(5, 1),
      bound: { name: "the bytes alone, read with `fetch`", job: readerOf("ms", "bytes", big) },
    },
  ),
  compare(
    "library: the same",
    readerOf("ms", "ours", big),
    "bare read and `JSON.parse`",
    readerOf("ms", "whole", big),
    atMost(1.5),
    { runId: big, rounds: pick(9, 3) },
  ),
  compare(
    "library: small events in 7-byte chunks",
    readerOf("ms", "ours", tiny),
    "the reference client",
    readerOf("ms", "reference", tiny),
    atLeast(1.8),
    {
      runId: tiny,
      rounds: pick(9, 2),
      bound: { name: "the bytes alone, read with `fetch`", job: readerOf("ms", "bytes", tiny) },
    },
  ),
  compare(
    `\`watch --json\` to a pipe, ${events / 1000}k events`,
    timeOf(watchJson(bulk)),
    "a loop with the reference client and `JSON.stringify`",
    timeOf(program("reference-json", bulk)),
    atLeast(4),
    {
      runId: bulk,
      rounds: pick(9, 2),
      bound: { name: "a bare pipe from `node:http` to stdout", job: timeOf(program("http-pass", bulk)) },
    },
  ),
  has("curl")
    ? compare(
        "the same",
        timeOf(watchJson(bulk)),
        "`curl -N`",
        timeOf(["curl", "-sN", `${env.SMITHERS_BASE_URL}/v1/runs/${bulk}/events`]),
        atMost(6),
        {
          runId: bulk,
          rounds: pick(9, 2),
          bound: { name: "a bare pipe from `node:http` to stdout", job: timeOf(program("http-pass", bulk)) },
        },
      )
    : notMeasured("the same", "`curl -N`", atMost(6), "curl is not installed"),
  ...(process.platform === "linux"
    ? [
        compare(
          "peak memory of the same",
          peakOf(watchJson(bulk)),
          "a bare `node:http` read loop",
          peakOf(program("http-read", bulk)),
          atMostMore(24, "MiB"),
          { unit: "MiB", rounds: pick(5, 1), runId: bulk },
        ),
        compare(
          `peak memory of ${pick("5M", "500k")} events`,
          peakOf(watchJson(`bulk-${pick(5_000_000, 500_000)}-65536`)),
          "of 50k",
          peakOf(watchJson("bulk-50000-65536")),
          atMostMore(24, "MiB"),
          { unit: "MiB", rounds: pick(3, 1), runId: `bulk-${pick(5_000_000, 500_000)}-65536` },
        ),
      ]
    : [notMeasured("peak memory of the same", "", atMostMore(24, "MiB"), "it takes Linux")]),
  delayRows(),
  compare(
    "following 200 runs in one process, processor time",
    readerOf("cpuMs", "ours", `paced-20-500-${pick(12, 3)}`, 200),
    "200 bare loops",
    readerOf("cpuMs", "loop", `paced-20-500-${pick(12, 3)}`, 200),
    atMost(1.3),
    {
      rounds: pick(5, 1),
      bound: {
        name: "the reference client, which checks nothing",
        job: readerOf("cpuMs", "reference", `paced-20-500-${pick(12, 3)}`, 200),
      },
    },
  ),
  ...shareRows(),
];

function machine() {
  const versionOf = (name) => JSON.parse(readFileSync(join(root, name, "package.json"), "utf8")).version;
  const curl = has("curl") ? `, ${execFileSync("curl", ["--version"]).toString().split(" (")[0]}` : "";
  return (
    `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}; ` +
    `Node ${process.versions.node}, Bun ${versionOf("node_modules/bun")}, smithers-orchestrator ` +
    `${versionOf("node_modules/smithers-orchestrator")}${curl}; ${new Date().toISOString().slice(0, 10)}.`
  );
}

function size() {
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    stdio: "pipe",
  });
  const [{ entryCount, size: bytes, unpackedSize }] = JSON.parse(packed);
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return (
    `The package: ${entryCount} files, ${figure(unpackedSize / 1024)} KiB unpacked, ${figure(bytes / 1024)} KiB to fetch; ` +
    `it depends on ${Object.keys(dependencies).join(", ")}.`
  );
}

const results = [];
try {
  for (const row of rows.filter(({ what }) => only === undefined || new RegExp(only).test(what))) {
    process.stderr.write(`${row.what} …\n`);
    results.push(...[await row.measure()].flat());
  }
} finally {
  if (server.connected) server.disconnect();
  if (upstream !== undefined) rmSync(upstream.cwd, { recursive: true });
}
/** What the bounds beside the goals do not say by themselves. */
const whyNot = `Why some goals are not met:

- **Events parsed, one large event, small chunks.** Node's \`fetch\` alone, whose bytes nobody looks at, takes most of the
  time that is left to the goal, and \`JSON.parse\` takes much of the rest.
- **\`watch --json\`.** Each event is framed, proven to be JSON and counted, so that a broken connection is replaced by one
  that goes on at the right event; a bare pipe does none of it. To start Node takes as long as all that \`curl\` does.
- **200 runs.** The same work for each connection, in a process that lives for half a second: most of what is more than a
  bare loop is the compiler's and the garbage collector's.
`;

const text = `${table(results)}\n\nMedians; in brackets the middle half of the rounds, each of which ran both. A goal that is not met has beside it what bounds it. ${machine()}\n\n${whyNot}\n${size()}\n`;
process.stdout.write(text);
if (write) {
  writeFileSync(here("RESULTS.md"), `# What \`npm run bench\` measured\n\n${text}`);
}
