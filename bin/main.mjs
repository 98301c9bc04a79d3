// Connects the command line to the outside world, and sets the exit code.
import { execFileSync } from "node:child_process";
import { fstatSync, writeSync } from "node:fs";
import { addAbortSignal } from "node:stream";
import { isatty } from "node:tty";
import { completeWord } from "../dist/cli/completion/scripts.js";
import { Interrupted } from "../dist/cli/context.js";
import { exitCodes } from "../dist/cli/exit-codes.js";
import { describeUncaught, main } from "../dist/cli/main.js";
import { httpFetch } from "../dist/cli/network/http-fetch.js";
import { nodeSpawn } from "../dist/cli/serve/node-spawn.js";
import { foregroundCheck } from "../dist/cli/terminal/foreground.js";
import { Questions } from "../dist/cli/terminal/questions.js";
import { Screen } from "../dist/cli/terminal/screen.js";
import { UsageError } from "../dist/cli/usage-error.js";
import { version } from "../package.json";

const stop = new AbortController();

// Also called for an unhandled rejection. The state of the process may be corrupt, so only report the error and exit.
process.on("uncaughtException", (error) => {
  try {
    writeSync(2, describeUncaught(error, process.argv.slice(2), process.env));
  } catch {
    // stderr has no reader; the exit code still reports the error.
  }
  process.exit(exitCodes.bug);
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    // The second signal does not wait for anything.
    if (stop.signal.aborted) process.exit({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name]);
    stop.abort(new Interrupted(name));
  });
}

const isForeground = foregroundCheck(process.pid, process.platform, (args) =>
  execFileSync("ps", args, {
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
  }),
);

/** The live region at the bottom of the terminal, and the question that the user is asked there. */
const screen = process.stderr.isTTY ? new Screen(process.stderr, process.env, isForeground) : undefined;

let questions;

function questionsAtTerminal() {
  return (questions ??= new Questions({
    keyboard: () => process.stdin,
    output: process.stderr,
    screen,
    marksPaste: process.env.TERM !== "dumb",
    // Like the terminal itself: to the whole process group.
    interrupt: () => process.kill(0, "SIGINT"),
    suspend: () => process.kill(0, "SIGTSTP"),
  }));
}

if (screen !== undefined) {
  /** Leaves the terminal as it was. */
  const leave = () => {
    questions?.pause();
    screen.park();
  };
  process.on("exit", leave);
  process.on("SIGTSTP", () => {
    leave();
    process.kill(process.pid, "SIGSTOP");
  });
  process.on("SIGCONT", () => {
    // `timeout` and other programs send it after the signal that ends this process.
    if (stop.signal.aborted) return;
    screen.forget();
    void questions?.resume();
  });
}

const terminals = [0, 1, 2].filter((fd) => isatty(fd));
process.on("exit", () => {
  // Node restores the terminal's modes. It would abort if the terminal is gone, which a write may notice before the
  // signal arrives.
  if (terminals.every((fd) => isatty(fd))) return;
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
});

/** Whether both streams write to the same terminal. */
function shareTerminal() {
  return (
    process.stdout.isTTY === true && process.stderr.isTTY === true && fstatSync(1).rdev === fstatSync(2).rdev
  );
}

function outputStream(stream, terminal) {
  let broken;
  stream.on("error", (error) => {
    broken ??= error;
  });
  return {
    isTTY: stream.isTTY === true,
    terminal,
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    async write(text) {
      if (broken !== undefined) throw broken;
      if (terminal !== undefined) return terminal.write(stream, text);
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
  // Creating the stream itself takes 2 ms.
  isTTY: isatty(0),
  async bytes(signal) {
    // Reading would stop this process, and only SIGKILL would end it.
    if (stdin.isTTY && !isForeground())
      throw new UsageError("the terminal cannot be read from the background");
    const chunks = [];
    try {
      for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    return Buffer.concat(chunks);
  },
  question: async (...args) => (screen === undefined ? undefined : questionsAtTerminal().ask(...args)),
  listen(onKeys, signal) {
    if (stdin.isTTY && screen !== undefined) void questionsAtTerminal().listen(onKeys, signal);
  },
};

/** Returns the working directory; `undefined` if it was deleted. */
function workingDirectory() {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

main(process.argv.slice(2), {
  stdin,
  stdout: outputStream(process.stdout, shareTerminal() ? screen : undefined),
  stderr: outputStream(process.stderr, screen),
  env: process.env,
  cwd: workingDirectory(),
  version,
  signal: stop.signal,
  fetch: httpFetch(process.env),
  now: Date.now,
  spawn: nodeSpawn,
}).then((exitCode) => {
  // A name server that does not answer would keep a completion running, and the shell waiting. Everything has been
  // written.
  if (process.argv[2] === completeWord) process.exit(exitCode);
  // Set the code and let the event loop end, because an exit here would lose what is still in the pipe.
  process.exitCode = exitCode;
});
