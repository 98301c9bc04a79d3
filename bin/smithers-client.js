#!/usr/bin/env node
// The one file that touches `process`: it gives the command line its outside world and its exit code.
import { setFlagsFromString } from "node:v8";
import { addAbortSignal } from "node:stream";
import { createInterface } from "node:readline/promises";
import { createRequire } from "node:module";
import { completeWord } from "../dist/cli/completion/scripts.js";
import { Interrupted } from "../dist/cli/context.js";
import { httpFetch } from "../dist/cli/http-fetch.js";
import { main } from "../dist/cli/main.js";
import { nodeSpawn } from "../dist/cli/node-spawn.js";

// Following makes much garbage that dies young. Left to itself the heap grows with it by some 70 MiB, which a process
// that may run for hours beside others keeps; held close, the peak of two million events is within 20 MiB of that of
// twenty thousand.
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--heap-growing-percent=10");

const { version } = createRequire(import.meta.url)("../package.json");
const stop = new AbortController();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    // The second one does not wait for anything.
    if (stop.signal.aborted) process.exit({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name]);
    stop.abort(new Interrupted(name));
  });
}

/** The question that a person is being asked. */
let asking;

function outputStream(stream) {
  let broken;
  stream.on("error", (error) => {
    broken ??= error;
  });
  return {
    isTTY: stream.isTTY === true,
    terminal: stream.isTTY === true ? stream : undefined,
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken);
        // Other output comes above the line of a question, which then stands below it as it was.
        const above = asking !== undefined && stream.isTTY;
        stream.write(above ? `\r\u001b[K${text}` : text, (error) => (error ? reject(error) : resolve()));
        if (above) asking.prompt(true);
      }),
    onResize(listener) {
      stream.on("resize", listener);
      return () => stream.off("resize", listener);
    },
  };
}

const stdin = {
  isTTY: process.stdin.isTTY === true,
  async text(signal) {
    const chunks = [];
    try {
      for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    return Buffer.concat(chunks).toString("utf8");
  },
  async question(prompt, signal) {
    const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
    // In its raw mode the terminal sends no signals by itself.
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    const ended = new Promise((resolve) => lines.once("close", () => resolve(undefined)));
    asking = lines;
    try {
      return await Promise.race([lines.question(prompt, { signal }), ended]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      asking = undefined;
      lines.close();
    }
  },
};

const exitCode = await main(process.argv.slice(2), {
  stdin,
  stdout: outputStream(process.stdout),
  stderr: outputStream(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  version,
  signal: stop.signal,
  fetch: httpFetch(process.env),
  now: Date.now,
  spawn: nodeSpawn,
});

// A name server that does not answer would keep a completion, and the shell that waits for it; all of it is written.
if (process.argv[2] === completeWord) process.exit(exitCode);
// Setting the code and letting the loop end, since an exit here would lose what is still in the pipe.
process.exitCode = exitCode;
