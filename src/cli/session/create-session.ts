import { createClient, type Fetch, type SmithersClient } from "../../client/index.js";
import type { Session } from "../command.js";
import { commandLine } from "../args/command-line.js";
import type { Context } from "../context.js";
import { formatDuration } from "../describe/duration.js";
import type { Format } from "../formats/format.js";
import type { Output } from "../output.js";
import { warnOnPlainHttpKey } from "../network/warn-on-plain-http.js";
import { serverClock } from "../network/server-clock.js";
import { mutex } from "./mutex.js";
import type { Settings } from "../args/settings.js";
import { bell } from "../terminal/bell.js";
import { Spinner } from "../terminal/spinner.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Bells within this many milliseconds ring once. */
const bellPauseMs = 2000;

/** Creates the session that a command works with, from the command line and the environment. */
export function createSession(
  settings: Settings,
  format: Format,
  output: Output,
  context: Context,
  signal: AbortSignal,
): Session {
  const { baseUrl, apiKey } = settings;
  const { ci } = output;
  const writeNote = (line: string) => {
    // Notes that can no longer be written are no reason to stop.
    context.stderr.write(`${line}\n`).catch(() => {});
  };
  const note = (line: string) => {
    if (format.isForPeople) writeNote(line);
  };
  const network = settings.debug ? loggingFetch(context, writeNote) : context.fetch;
  const clock = serverClock(network, context.now);
  const warn = (line: string) => note(output.stderrStyle.yellow(line));
  const fetch = apiKey === undefined ? clock.fetch : warnOnPlainHttpKey(clock.fetch, warn);
  const { terminal } = context.stderr;
  const canDraw = format.isForPeople && ci.isInteractive && !settings.plain && context.env["TERM"] !== "dumb";
  const spinner = terminal !== undefined && canDraw ? new Spinner(terminal, output.stderrStyle) : undefined;
  const waitFor: Session["waitFor"] = (what, work) => spinner?.during(what, work) ?? work;
  const waitedFor = (client: SmithersClient) =>
    spinner === undefined ? client : withEachCallWaitedFor(client, `waiting for ${baseUrl}`, waitFor);
  let rangAt = -Infinity;
  return {
    client: waitedFor(createClient({ baseUrl, apiKey, signal, fetch })),
    cleanupClient: waitedFor(createClient({ baseUrl, apiKey, fetch, timeoutMs: 5000, retries: 1 })),
    context,
    serverNow: clock.now,
    baseUrl,
    apiKey,
    signal,
    style: output.style,
    stderrStyle: output.stderrStyle,
    canPrompt: context.stdin.isTTY && context.stderr.isTTY && format.isForPeople && ci.isInteractive,
    note,
    ring: (text) => {
      const isAttended = format.isForPeople && ci.isInteractive && context.stderr.isTTY;
      if (!isAttended || context.now() - rangAt < bellPauseMs) return;
      rangAt = context.now();
      context.stderr.write(bell(text, context.env)).catch(() => {});
    },
    ci,
    annotate: (annotation) => {
      if (!format.isForPeople) return;
      const { stderr } = context;
      (stderr.unguarded ?? stderr).write(`${ci.annotationLine(annotation)}\n`).catch(() => {});
    },
    waitFor,
    exclusively: mutex(),
    commandLine: (ours, ...named) => commandLine(ours, named, settings.baseUrlIsFlag ? baseUrl : undefined),
  };
}

/** Wraps the client so that `waitFor` covers each call that returns a promise. Streams have their own display. */
function withEachCallWaitedFor(
  client: SmithersClient,
  what: string,
  waitFor: Session["waitFor"],
): SmithersClient {
  const calls = Object.entries(client).map(([name, call]: [string, unknown]) => {
    if (typeof call !== "function") return [name, call];
    const waited = (...args: unknown[]): unknown => {
      const result = (call as (...args: unknown[]) => unknown)(...args);
      return result instanceof Promise ? waitFor(what, result) : result;
    };
    return [name, waited];
  });
  return Object.fromEntries(calls) as SmithersClient;
}

/** Logs each request, without its headers, which contain the key, and without its body. */
function loggingFetch(context: Context, writeLine: (line: string) => void): Fetch {
  return async (url, request) => {
    const started = context.now();
    const took = () => formatDuration(context.now() - started);
    try {
      const response = await context.fetch(url, request);
      writeLine(`debug: ${request.method} ${escapeControls(url)} ${response.status} (${took()})`);
      return response;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      writeLine(`debug: ${request.method} ${escapeControls(url)} failed: ${escapeControls(why)} (${took()})`);
      throw error;
    }
  };
}
