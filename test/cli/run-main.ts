import type { Context, OutputStream } from "../../src/cli/context.js";
import { main } from "../../src/cli/main.js";
import { httpFetch } from "../../src/cli/network/http-fetch.js";
import type { CliResult } from "./run-cli.js";

export interface MainOptions extends Partial<Context> {
  baseUrl: string;
  /** How many writes stdout accepts before its reader goes away. Default: all. */
  readerTakes?: number;
}

/** Runs a command line in this process. None of its streams is a terminal. */
export async function runMain(argv: readonly string[], options: MainOptions): Promise<CliResult> {
  const { baseUrl, readerTakes = Infinity, env, ...more } = options;
  const written = { stdout: "", stderr: "" };
  let writes = 0;
  const stream = (name: keyof typeof written): OutputStream => ({
    isTTY: false,
    columns: undefined,
    rows: undefined,
    terminal: undefined,
    async write(text) {
      if (name === "stdout" && ++writes > readerTakes)
        throw Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" });
      written[name] += text;
    },
    onResize: () => () => {},
  });
  const context: Context = {
    stdin: {
      isTTY: false,
      bytes: async () => new Uint8Array(),
      question: async () => undefined,
      listen: () => {},
    },
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    env: { SMITHERS_BASE_URL: baseUrl, ...env },
    cwd: "/",
    version: "0.0.0",
    signal: new AbortController().signal,
    fetch: httpFetch({}),
    now: Date.now,
    spawn: () => {
      throw new Error("nothing is spawned here");
    },
    ...more,
  };
  const exitCode = await main(argv, context);
  return { ...written, exitCode };
}
