/* global require -- only the bundle is ever executed */
// Gives the command line its outside world and its exit code. What not every command needs is loaded on use.
import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { completeWord } from "../dist/cli/completion/scripts.js";
import { Interrupted } from "../dist/cli/context.js";
import { exitCodes } from "../dist/cli/exit-codes.js";
import { describeUncaught, main } from "../dist/cli/main.js";
import { Screen } from "../dist/cli/terminal/screen.js";
import { version } from "../package.json";

const stop = new AbortController();

// Also for a rejection that nobody handles. What the process knows may be wrong by now, so nothing but this is done.
process.on("uncaughtException", (error) => {
  try {
    writeSync(2, describeUncaught(error, process.argv.slice(2), process.env));
  } catch {
    // Nobody reads stderr; the exit code still says it.
  }
  process.exit(exitCodes.bug);
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    // The second one does not wait for anything.
    if (stop.signal.aborted) process.exit({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name]);
    stop.abort(new Interrupted(name));
  });
}

/** What is drawn at the terminal's lower end, and the question that a person is being asked there. */
const screen = process.stderr.isTTY ? new Screen(process.stderr, process.env) : undefined;

if (screen !== undefined) {
  // However the process ends or stops, the terminal is as it was.
  process.on("exit", () => screen.clear().catch(() => {}));
  process.on("SIGTSTP", () => {
    screen.clear().catch(() => {});
    process.kill(process.pid, "SIGSTOP");
  });
}

/** Whether both streams end at one terminal. */
function shareTerminal() {
  return (
    process.stdout.isTTY === true && process.stderr.isTTY === true && fstatSync(1).rdev === fstatSync(2).rdev
  );
}

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
    async write(text) {
      if (broken !== undefined) throw broken;
      if (screen !== undefined && stream.isTTY) return screen.write(stream, text);
      return new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      });
    },
    onResize(listener) {
      stream.on("resize", listener);
      return () => stream.off("resize", listener);
    },
  };
}

const stdin = {
  // To make the stream itself takes 2 ms.
  isTTY: isatty(0),
  async text(signal) {
    const { addAbortSignal } = await import("node:stream");
    const chunks = [];
    try {
      for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    return Buffer.concat(chunks).toString("utf8");
  },
  async question(prompt, signal) {
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
    // In its raw mode the terminal sends no signals by itself.
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    const ended = new Promise((resolve) => lines.once("close", () => resolve(undefined)));
    screen?.ask(prompt, lines);
    let answer;
    try {
      answer = await Promise.race([lines.question(prompt, { signal }), ended]);
      return answer;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      screen?.answered(answer, !signal.aborted);
      lines.close();
    }
  },
};

/**
 * Following makes much garbage that dies young. Left to itself the heap grows with it by some 70 MiB, which a process
 * that may run for hours beside others keeps; held close, the peak of two million events is within 20 MiB of that of
 * twenty thousand. Other commands save the 8 ms that it takes.
 */
async function keepHeapClose() {
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=10");
}

/** Undefined where it has been deleted. */
function workingDirectory() {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

let send;

async function fetch(url, request) {
  send ??= (await import("../dist/cli/network/http-fetch.js")).httpFetch(process.env);
  if (request.headers.Accept === "text/event-stream") await keepHeapClose();
  return send(url, request);
}

main(process.argv.slice(2), {
  stdin,
  stdout: outputStream(process.stdout),
  stderr: outputStream(process.stderr),
  screen: shareTerminal() ? screen : undefined,
  env: process.env,
  cwd: workingDirectory(),
  version,
  signal: stop.signal,
  fetch,
  now: Date.now,
  spawn: (...args) => require("../dist/cli/node-spawn.js").nodeSpawn(...args),
}).then((exitCode) => {
  // A name server that does not answer would keep a completion, and the shell that waits for it; all of it is written.
  if (process.argv[2] === completeWord) process.exit(exitCode);
  // Setting the code and letting the loop end, since an exit here would lose what is still in the pipe.
  process.exitCode = exitCode;
});
