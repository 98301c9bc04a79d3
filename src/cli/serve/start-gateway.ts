import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context.js";
import { orAborted, startProcess, type LocalServer } from "./start-server.js";

export interface GatewayOptions {
  bun: string;
  /** The path of the `smithers` program. */
  smithers: string;
  /** A directory with `.smithers/workflows/`. */
  workspace: string;
  port: number;
  /** The token that the gateway requires. */
  apiKey: string | undefined;
  signal: AbortSignal;
  /** Called with each line that the gateway writes. */
  onLine: (line: string) => void;
}

/** Whether a directory has workflows where a gateway looks for them. */
export function hasWorkflows(directory: string): boolean {
  return existsSync(join(directory, ".smithers", "workflows"));
}

/**
 * Starts a gateway and resolves when it listens, possibly on another port. Throws the signal's reason or a
 * `ServerError`.
 */
export async function startGateway(
  { bun, smithers, workspace, port, apiKey, signal, onLine }: GatewayOptions,
  context: Pick<Context, "spawn" | "env">,
): Promise<LocalServer> {
  let listens!: (url: string) => void;
  const listening = new Promise<string>((resolve) => (listens = resolve));
  const { failed, stop } = startProcess(
    bun,
    [smithers, "gateway", "--host", "127.0.0.1", "--port", String(port)],
    {
      cwd: workspace,
      env: { ...context.env, ...(apiKey !== undefined && { SMITHERS_API_KEY: apiKey }) },
      onLine(line) {
        onLine(line);
        const [, url] = /Gateway listening on (http:\/\/[\w.:[\]-]+)/.exec(line) ?? [];
        if (url !== undefined) listens(url);
      },
      onMessage: () => {},
    },
    context,
  );
  try {
    return { baseUrl: await orAborted(Promise.race([listening, failed]), signal), failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
