// The first minute with smithers-client: a server, a run with an approval, and the commands that show it.
// Each command line is printed before it runs, so that you can type it yourself afterwards.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installServer } from "../test/servers/install.mjs";

const program = fileURLToPath(new URL("../bin/smithers-client.js", import.meta.url));
const workflow = "deploy.tsx";
const approval = "approve-deploy";

const env = { ...process.env };
// The demo parses the text output of its commands and uses its own server, so it ignores these settings of the shell.
for (const name of ["SMITHERS_FORMAT", "SMITHERS_BASE_URL"]) delete env[name];

const children = new Set();
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => interrupted.abort(name));

/** Prints a command line and starts it. `stdio` is passed to `spawn`. */
function start(words, stdio = ["ignore", "inherit", "inherit"], { background = false } = {}) {
  interrupted.signal.throwIfAborted();
  const shown = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");
  say(`\n$ smithers-client ${shown}${background ? " &" : ""}`);
  const child = spawn(process.execPath, [program, ...words], { cwd: directory, env, stdio });
  children.add(child);
  child.ended = once(child, "exit").then(([code]) => {
    children.delete(child);
    return code;
  });
  return child;
}

/** Runs a command line to its end. Prints its output and returns it. */
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

/** Starts a server on a free port and returns its address. */
async function startServer() {
  const server = start(["serve", "--port", "0", "--example"], ["ignore", "inherit", "pipe"], {
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

/** Starts the run and follows it to its end; asks for its approval at a terminal. Returns whether the run finished. */
async function follow(id) {
  const asks = process.stdin.isTTY && process.stderr.isTTY && !env.CI;
  if (!asks) say(`\nNobody to ask here, so ${approval} is approved without asking.`);
  const child = start(
    [
      "run",
      workflow,
      "--input",
      '{"environment":"staging"}',
      "--run-id",
      id,
      "--watch",
      "--on-approval",
      asks ? "ask" : "approve",
    ],
    "inherit",
  );
  const code = await child.ended;
  interrupted.signal.throwIfAborted();
  // Exit code 1 is the run's own result if the approval was denied.
  if (code > 1) throw new Error(`the run was followed to exit code ${code}`);
  return code === 0;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Stops the processes that are still running and removes the project. */
async function cleanUp() {
  const ends = [...children].map((child) => {
    child.kill("SIGTERM");
    return child.ended;
  });
  await Promise.all(ends);
  await rm(directory, { recursive: true, force: true });
}

/** A temporary project in which Smithers is installed. */
const directory = await mkdtemp(join(tmpdir(), "smithers-demo-"));
try {
  await symlink(join(installServer(), "node_modules"), join(directory, "node_modules"), "junction");
  say(`\n$ cd ${directory}`);
  env.SMITHERS_BASE_URL = await startServer();
  say(`\n$ export SMITHERS_BASE_URL=${env.SMITHERS_BASE_URL}`);
  const id = `demo-${Date.now().toString(36)}`;
  const isDeployed = await follow(id);
  await run("status", id);
  await run("ls");
  await run("frames", id, "--tail", "1");
  say(`\n${isDeployed ? "Deployed" : "Not deployed, as you decided"}. Now yours: smithers-client --help`);
} catch (error) {
  if (interrupted.signal.aborted) {
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[interrupted.signal.reason];
  } else {
    process.stderr.write(`\ndemo: ${error.message}\n`);
    process.exitCode = 1;
  }
} finally {
  await cleanUp();
}
