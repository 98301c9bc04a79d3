// The first minute with smithers-client: a server, a run with an approval gate, and what there is to see of it.
// Every command line is shown before it runs, so that each can be typed by hand afterwards.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "../dist/client/index.js";

const repository = fileURLToPath(new URL("..", import.meta.url));
const program = join(repository, "bin", "smithers-client.js");
const workflow = "examples/deploy.tsx";
const gate = "approve-deploy";
const patienceMs = 30_000;

const env = { ...process.env };
// The demo reads what its commands say to people, wherever the shell around it points them.
for (const name of ["SMITHERS_FORMAT", "SMITHERS_BASE_URL"]) delete env[name];

const children = new Set();
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => interrupted.abort(name));

/** Shows a command line and starts it; `stdio` as `spawn` has it. */
function start(words, stdio = ["ignore", "inherit", "inherit"], { background = false } = {}) {
  interrupted.signal.throwIfAborted();
  const shown = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");
  say(`\n$ smithers-client ${shown}${background ? " &" : ""}`);
  const child = spawn(process.execPath, [program, ...words], { cwd: repository, env, stdio });
  children.add(child);
  child.ended = once(child, "exit").then(([code]) => {
    children.delete(child);
    return code;
  });
  return child;
}

/** Runs a command line to its end, and passes on what it prints. */
async function run(...words) {
  const child = start(words, ["ignore", "pipe", "inherit"]);
  let printed = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    process.stdout.write(text);
    printed += text;
  }
  const code = await child.ended;
  interrupted.signal.throwIfAborted();
  if (code !== 0) throw new Error(`smithers-client ${words[0]} ended with exit code ${code}`);
  return printed.trim();
}

/** Starts a server on a free port, with a database of its own, and resolves to its address. */
async function startServer(database) {
  const server = start(["serve", "--port", "0", "--db", database], ["ignore", "inherit", "pipe"], {
    background: true,
  });
  let said = "";
  for await (const text of server.stderr.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    process.stderr.write(text);
    said += text;
    const [, address] = /^serving .* on (http:\S+)/m.exec(said) ?? [];
    if (address === undefined) continue;
    server.stderr.pipe(process.stderr, { end: false });
    return address;
  }
  interrupted.signal.throwIfAborted();
  throw new Error("the server did not start");
}

/** Follows a run to its end, and has its gate decided on the way. */
async function follow(id, baseUrl) {
  const watching = start(["watch", id], undefined, { background: true });
  await reaches(id, "waiting-approval", baseUrl);
  const decision = await decide();
  await run(decision, id, gate);
  // The engine has paused at the gate: a decision is only recorded until somebody resumes the run.
  await run("resume", id);
  const code = await watching.ended;
  interrupted.signal.throwIfAborted();
  if (code !== (decision === "approve" ? 0 : 1)) throw new Error(`the run was followed to exit code ${code}`);
  return decision;
}

async function reaches(id, status, baseUrl) {
  const client = createClient({
    baseUrl,
    apiKey: env.SMITHERS_API_KEY || undefined,
    signal: interrupted.signal,
  });
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    if ((await client.getStatus({ runId: id })).status === status) {
      // Lets the one who watches, whom the server tells twice a second, show it first.
      await pause(800);
      return;
    }
    await pause(200);
  }
  throw new Error(`the run did not get to ${status}`);
}

async function decide() {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    say(`\nNobody to ask here, so the demo approves ${gate} itself.`);
    return "approve";
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.on("SIGINT", () => interrupted.abort("SIGINT"));
  try {
    const answer = await terminal.question(`\nDeploy? The run waits at ${gate}. [Y/n] `, {
      signal: interrupted.signal,
    });
    return /^\s*n/i.test(answer) ? "deny" : "approve";
  } finally {
    terminal.close();
  }
}

async function pause(ms) {
  await new Promise((done) => setTimeout(done, ms));
  interrupted.signal.throwIfAborted();
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Ends what still runs, and removes what was made. */
async function cleanUp(directory, id) {
  const ends = [...children].map((child) => {
    child.kill("SIGTERM");
    return child.ended;
  });
  await Promise.all(ends);
  await rm(directory, { recursive: true, force: true });
  if (id === undefined) return;
  const logs = join(repository, ".smithers", "executions");
  await rm(join(logs, id), { recursive: true, force: true });
  // Only where nothing else is in them.
  await rmdir(logs)
    .then(() => rmdir(join(repository, ".smithers")))
    .catch(() => {});
}

const directory = await mkdtemp(join(tmpdir(), "smithers-demo-"));
let id;
try {
  env.SMITHERS_BASE_URL = await startServer(join(directory, "smithers.db"));
  say(`\n$ export SMITHERS_BASE_URL=${env.SMITHERS_BASE_URL}`);
  id = await run("run", workflow, "--input", '{"environment":"staging"}');
  const decision = await follow(id, env.SMITHERS_BASE_URL);
  await run("status", id);
  await run("ls");
  await run("frames", id, "--tail", "1");
  say(
    `\n${decision === "approve" ? "Deployed" : "Not deployed, as you decided"}. Now yours: smithers-client --help`,
  );
} catch (error) {
  if (interrupted.signal.aborted) {
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[interrupted.signal.reason];
  } else {
    process.stderr.write(`\ndemo: ${error.message}\n`);
    process.exitCode = 1;
  }
} finally {
  await cleanUp(directory, id);
}
