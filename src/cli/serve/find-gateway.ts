import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context.js";
import { findInstallation, nearest } from "./find-installation.js";

/** How long the `smithers` program may take to answer. In ms. */
const patienceMs = 5000;

/** A running gateway for the workspace of the current directory. */
export interface RunningGateway {
  url: string;
  needsToken: boolean;
}

/**
 * Asks the installed `smithers` where the gateway of this directory's workspace listens, since a gateway uses another
 * port if its usual one is taken. `undefined` if the program is not installed, or reports no gateway.
 */
export async function findGateway(
  context: Pick<Context, "cwd" | "env" | "spawn">,
): Promise<RunningGateway | undefined> {
  const { cwd, env } = context;
  // Elsewhere, the program would take a while to say that there is no workspace.
  if (cwd === undefined || nearest(cwd, isWorkspace) === undefined) return undefined;
  const { bun, smithers } = findInstallation([cwd], env["PATH"]);
  if (smithers === undefined) return undefined;
  const words = ["gateway", "status", "--format", "json"];
  const [command, args] = bun === undefined ? [smithers, words] : [bun, ["--no-install", smithers, ...words]];
  const lines: string[] = [];
  try {
    const child = context.spawn(command, args, {
      cwd,
      env: { ...env },
      onLine: (line) => lines.push(line),
      onMessage: () => {},
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    await child.ended.finally(() => clearTimeout(timer));
    return readGateway(lines.join("\n"));
  } catch {
    return undefined;
  }
}

function isWorkspace(directory: string): boolean {
  return existsSync(join(directory, ".smithers")) || existsSync(join(directory, "smithers.db"));
}

/** Reads the program's answer, which may have other lines around it. */
function readGateway(text: string): RunningGateway | undefined {
  const { running, url, auth } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as {
    running?: unknown;
    url?: unknown;
    auth?: unknown;
  };
  if (running !== true || typeof url !== "string" || !/^https?:\/\/[\w.:[\]-]+\/?$/.test(url))
    return undefined;
  return { url, needsToken: auth !== "none" };
}
