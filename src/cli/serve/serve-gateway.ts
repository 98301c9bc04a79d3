import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome, Session } from "../command.js";
import { Interrupted } from "../context.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";
import { findInstallation } from "./find-installation.js";
import { hasWorkflows, startGateway } from "./start-gateway.js";
import { orAborted } from "./start-server.js";

const install = "npm install --save-dev smithers-orchestrator@0.32.0 bun zod";

/**
 * Starts a gateway for a workspace and ends it with this process.
 *
 * @throws {UsageError} if the workspace has no workflows, or what a gateway needs is not installed
 */
export async function serveGateway(workspace: string, port: number, session: Session): Promise<Outcome> {
  const { context, signal, note, stderrStyle, waitFor, apiKey } = session;
  if (!hasWorkflows(workspace)) {
    throw new UsageError(`there is no .smithers/workflows/ in ${escapeControls(workspace)}`, {
      code: "NO_WORKSPACE",
      hint: "mkdir -p .smithers/workflows, and put a workflow into it: deploy.tsx gets the key deploy",
    });
  }
  const { bun, smithers } = installed(workspace, session);
  const onLine = (line: string): void => note(stderrStyle.dim(escapeControls(line)));
  try {
    const starting = startGateway({ bun, smithers, workspace, port, apiKey, signal, onLine }, context);
    const gateway = await waitFor("starting the gateway", starting);
    try {
      if (port !== 0 && !gateway.baseUrl.endsWith(`:${port}`))
        note(
          stderrStyle.yellow(`port ${port} is in use by another program, so the gateway took another one`),
        );
      note(`serving ${escapeControls(workspace)} on ${gateway.baseUrl}`);
      note(stderrStyle.dim("Ctrl-C ends the gateway, and cancels the runs that it is executing"));
      return await orAborted(gateway.failed, signal);
    } finally {
      await waitFor("stopping the gateway, which cancels the runs that it is executing", gateway.stop());
    }
  } catch (error) {
    // A signal is the normal way to end this command.
    if (error instanceof Interrupted && error.signalName !== "SIGHUP") return { kind: "silent", exitCode: 0 };
    throw error;
  }
}

function installed(workspace: string, { context }: Session): { bun: string; smithers: string } {
  const { bun, smithers } = findInstallation([workspace, context.cwd ?? workspace], context.env["PATH"]);
  if (bun === undefined || smithers === undefined) {
    const missing = smithers === undefined ? "the program smithers" : "Bun";
    throw new UsageError(`a gateway needs ${missing}, not found in ${escapeControls(workspace)} or above`, {
      code: "NOT_INSTALLED",
      hint: install,
    });
  }
  const version = versionOf(smithers);
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  if (version !== undefined && major === 0 && minor < 32) {
    throw new UsageError(`a gateway needs Smithers 0.32 or newer; ${escapeControls(version)} is installed`, {
      code: "NOT_INSTALLED",
      hint: install,
    });
  }
  return { bun, smithers };
}

/** Returns the version of the package that a program in `node_modules/.bin` belongs to, if known. */
function versionOf(program: string): string | undefined {
  try {
    const manifest = join(dirname(dirname(program)), "smithers-orchestrator", "package.json");
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
