import { fileURLToPath } from "node:url";
import type { Context, SpawnOptions } from "../context.js";
import { exitCodes } from "../exit-codes.js";
import { CommandError } from "../failure.js";
import { escapeControls } from "../terminal/escape-controls.js";
import type { ServerReport, ServerSettings } from "./server-process.js";

/** How long a server may take to exit after it was asked to. In ms. */
const graceMs = 3_000;

/** The error for a server that did not start, or exited by itself. */
export class ServerError extends CommandError {
  /** The server's own message, if it did not start. */
  readonly reason: string;
  /** The system's error code, such as `EADDRINUSE`, if known. */
  readonly systemCode: string | undefined;

  constructor(
    message: string,
    { reason = "", systemCode }: { reason?: string; systemCode?: string | undefined } = {},
  ) {
    super("SERVER_ENDED", reason === "" ? message : `${message}: ${reason}`, exitCodes.server);
    this.name = "ServerError";
    this.reason = reason;
    this.systemCode = systemCode;
  }
}

export interface LocalServer {
  readonly baseUrl: string;
  /** Never resolves. Rejects with a {@link ServerError} when the server exits by itself. */
  readonly failed: Promise<never>;
  /** Stops the server and resolves once it has exited. */
  stop(): Promise<void>;
}

export interface StartOptions {
  bun: string;
  settings: ServerSettings;
  /** The token that the server requires. */
  apiKey: string | undefined;
  signal: AbortSignal;
  /** Called with each line that the server writes. */
  onLine: (line: string) => void;
}

/** Starts a server on Bun and resolves when it listens. Throws the signal's reason or a {@link ServerError}. */
export async function startServer(
  { bun, settings, apiKey, signal, onLine }: StartOptions,
  context: Context,
): Promise<LocalServer> {
  const program = fileURLToPath(new URL("./server-process.js", import.meta.url));
  const { promise: reported, resolve: report } = promise<ServerReport>();
  const { failed, stop } = startProcess(
    bun,
    [program, JSON.stringify(settings)],
    {
      cwd: settings.root,
      env: { ...context.env, ...(apiKey !== undefined && { SMITHERS_API_KEY: apiKey }) },
      onLine,
      onMessage: (message) => report(message as ServerReport),
    },
    context,
  );
  try {
    const started = await orAborted(Promise.race([reported, failed]), signal);
    if ("error" in started) {
      const { error, code } = started;
      throw new ServerError("the server did not start", { reason: escapeControls(error), systemCode: code });
    }
    return { baseUrl: `http://127.0.0.1:${started.port}`, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a server program on Bun. */
export function startProcess(
  bun: string,
  args: readonly string[],
  options: SpawnOptions,
  context: Pick<Context, "spawn">,
): Pick<LocalServer, "failed" | "stop"> {
  let lastLine = "";
  // Without this flag, Bun would fetch a missing package from the registry.
  const child = context.spawn(bun, ["--no-install", ...args], {
    ...options,
    onLine(line) {
      if (line.trim() !== "" && !/^Bun v\d/.test(line)) lastLine = line.trim();
      options.onLine(line);
    },
  });
  const failed = child.ended.then(
    (code): never => {
      throw new ServerError(
        `the server ended by itself with exit code ${code}${lastLine && `: ${lastLine}`}`,
      );
    },
    (error: Error): never => {
      throw new ServerError(`${bun} could not be started: ${error.message}`);
    },
  );
  failed.catch(() => {});

  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await child.ended.catch(() => {});
    clearTimeout(timer);
  };
  return { failed, stop };
}

/** Waits for the promise, but rejects with the signal's reason if that comes first. */
export async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = promise<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function promise<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
