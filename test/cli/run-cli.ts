import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { sharedServer } from "../shared-server.js";
import { runMain } from "./run-main.js";

/** The built binary. */
export const binary = fileURLToPath(new URL("../../bin/smithers-client.js", import.meta.url));

export interface CliOptions {
  env?: Record<string, string>;
  input?: string;
  cwd?: string;
  /** Default: the server that all tests share. */
  baseUrl?: string;
  /** `false` if the test reads the output itself because there is too much to buffer. Default: `true`. */
  buffer?: boolean;
}

/** Returns an environment for a child process, without the settings of the user who runs the tests. */
export function cleanEnvironment(baseUrl: string, more: Record<string, string> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(SMITHERS_|GITHUB_|CI$|NO_COLOR$|FORCE_COLOR$|COLUMNS$)/.test(name),
  );
  return { ...(Object.fromEntries(own) as Record<string, string>), SMITHERS_BASE_URL: baseUrl, ...more };
}

/** Starts the built binary, for a test that acts while it runs. Await it for stdout, stderr, and the exit code. */
export function startCli(args: readonly string[], options: CliOptions = {}) {
  const { env, input, cwd, baseUrl = sharedServer.baseUrl, buffer = true } = options;
  return execa(process.execPath, [binary, ...args], {
    env: cleanEnvironment(baseUrl, env),
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    buffer,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** The result of a command line. */
export interface CliResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Runs a command line in this process, in the context that the binary has without a terminal. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env, input = "", cwd = process.cwd(), baseUrl = sharedServer.baseUrl } = options;
  const stdin = {
    isTTY: false,
    bytes: async () => Buffer.from(input),
    question: async () => undefined,
    listen: () => {},
  };
  return runMain(args, { baseUrl, cwd, stdin, ...(env === undefined ? {} : { env }) });
}

/** Runs the built binary, for a test of the process itself. */
export async function runBinary(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { stdout, stderr, exitCode, message } = await startCli(args, options);
  if (exitCode === undefined) throw new Error(message);
  return { stdout, stderr, exitCode };
}

/** Returns a run id that no other test uses. */
export function freshId(name: string): string {
  return `${name}-${Math.random().toString(36).slice(2, 10)}`;
}
