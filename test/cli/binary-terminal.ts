import { sharedServer } from "../shared-server.js";
import { Terminal } from "../terminal.js";
import { binary, cleanEnvironment } from "./run-cli.js";

export interface BinaryTerminalOptions {
  /** Default: 80. */
  columns?: number;
  /** Default: 24. */
  rows?: number;
  /** Default: the server that all tests share. */
  baseUrl?: string;
  env?: Record<string, string>;
}

/** Starts the built binary in a real terminal. */
export function startInTerminal(args: readonly string[], options: BinaryTerminalOptions = {}): Terminal {
  const { columns = 80, rows = 24, baseUrl = sharedServer.baseUrl, env } = options;
  return new Terminal([process.execPath, binary, ...args], {
    env: cleanEnvironment(baseUrl, { TERM: "xterm-256color", LC_ALL: "C.UTF-8", ...env }),
    columns,
    rows,
  });
}
