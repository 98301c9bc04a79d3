import { ArgumentError } from "../errors/argument-error.js";
import { HttpError } from "../errors/http-error.js";
import { noteDecision } from "../follow/own-decisions.js";
import { isAnswerLost } from "../http/retry.js";
import { jittered, wait } from "../http/wait.js";
import { checkedCount, resolveOptions, type ResolvedOptions } from "../options.js";
import type { RunReference, SignalReceipt } from "../results.js";
import { knownServer } from "../server/detect-server.js";
import type { Decision, ServerApi } from "../server/server-api.js";
import { callOnce, requiredText, type RunArgs } from "./call-server.js";
import { readApprovalList } from "./reads.js";

/** Arguments of {@link approve} and {@link deny}. */
export interface DecideArgs extends RunArgs {
  nodeId: string;
  /** The iteration of the loop around the node; 0 is the first. Default: 0. */
  iteration?: number | undefined;
  note?: string | undefined;
  /** Who decided, for the server's records. */
  decidedBy?: string | undefined;
  /** The key of the chosen option, for an approval that asks for one (Smithers gateway only). */
  selected?: string | undefined;
  /** The options' keys from best to worst, for an approval that asks for a ranking (Smithers gateway only). */
  ranked?: readonly string[] | undefined;
}

/**
 * Approves a node that waits for an approval. The server only records the decision: a run that has stopped to wait
 * continues after a {@link resume}, which this process sends if it is streaming the run. The call is never retried once
 * it may have been applied: if its answer is lost, the error's `mayHaveBeenApplied` is true.
 *
 * On a Smithers gateway the run continues by itself, and a call whose answer was lost is retried: if the same decision
 * was already made, the call succeeds. The gateway derives who decided from the API key, not from `decidedBy`.
 *
 * @example
 * await approve({ runId, nodeId: "gate", note: "looks good" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or node; 0.5.0 accepts any. 404 `NEEDS_GATEWAY` if the
 *   server does not support `selected` and `ranked`; in that case nothing was sent
 */
export function approve(args: DecideArgs): Promise<RunReference> {
  return decide("approve", args);
}

/**
 * Denies a node that waits for an approval. Otherwise works like {@link approve}.
 *
 * @example
 * await deny({ runId, nodeId: "gate", note: "wrong branch" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or node; 0.5.0 accepts any
 */
export function deny(args: DecideArgs): Promise<RunReference> {
  return decide("deny", args);
}

async function decide(decision: Decision, args: DecideArgs): Promise<RunReference> {
  const options = resolveOptions(args);
  const { runId, nodeId, note, decidedBy, selected, ranked } = args;
  const iteration = checkedCount("iteration", args.iteration ?? 0);
  if (selected !== undefined && ranked !== undefined) {
    throw new ArgumentError("ranked", "an approval asks for one option or for a ranking, not for both");
  }
  const body = { iteration, note, decidedBy, selected, ranked };
  const send = (server: ServerApi) => server.decide(decision, runId, nodeId, body);
  try {
    const answer = await retryTooEarly(options, { runId, nodeId, iteration }, () =>
      callOnce(options, send, "decision", (traits) => traits.canRepeatDecisions),
    );
    noteDecision(options.baseUrl, runId, { nodeId, iteration });
    return answer;
  } catch (error) {
    if (isAnswerLost(error)) noteDecision(options.baseUrl, runId, { nodeId, iteration });
    throw error;
  }
}

type ApprovalId = { runId: string; nodeId: string; iteration: number };

/** The pauses before a decision that came too early is sent again, in ms. */
const tooEarlyPausesMs = [200, 400, 800, 1600];

/**
 * Sends a decision, and again if it came too early: after each decision a gateway resumes the run, and until the engine
 * has set up the other open approvals, the gateway lists them but refuses to decide them.
 */
async function retryTooEarly<T>(
  options: ResolvedOptions,
  approval: ApprovalId,
  send: () => Promise<T>,
): Promise<T> {
  for (const pauseMs of tooEarlyPausesMs) {
    try {
      return await send();
    } catch (error) {
      if (knownServer(options)?.traits.canRepeatDecisions !== true || !saysNotWaiting(error)) throw error;
      if (!(await isListed(options, approval))) throw error;
    }
    await wait(jittered(pauseMs), options.signal);
  }
  return send();
}

function saysNotWaiting(error: unknown): boolean {
  return (
    error instanceof HttpError && error.status === 400 && /not waiting for approval/.test(error.serverMessage)
  );
}

/** Whether the server lists the approval as open; false if it does not say. */
async function isListed(
  options: ResolvedOptions,
  { runId, nodeId, iteration }: ApprovalId,
): Promise<boolean> {
  const rows = await readApprovalList(options, runId).catch(() => []);
  return rows.some((row) => row.nodeId === nodeId && row.iteration === iteration);
}

/** Arguments of {@link sendSignal}. */
export interface SendSignalArgs extends RunArgs {
  /** The name that the workflow waits for: the id of its `<Signal>`, or the `event` of its `<WaitForEvent>`. */
  name: string;
  /** Any JSON value. A workflow that validates it against a schema fails if it does not match. Default: `{}`. */
  data?: unknown;
  /** Selects one of several waits with this name: the one with the same correlation id. */
  correlationId?: string | undefined;
  /** Who sent the signal, for the server's records. */
  sentBy?: string | undefined;
}

/**
 * Sends a signal to a run (0.32 and later). The server only records the signal, even if no node waits for it yet, and
 * no event or status shows it: a run that has stopped to wait (`waiting-event`) continues after a {@link resume}. The
 * call is never retried once it may have been applied, because the server would keep both signals: if its answer is
 * lost, the error's `mayHaveBeenApplied` is true.
 *
 * On a Smithers gateway a run that waits for the signal continues by itself. A signal that arrives before the run waits
 * for it takes effect only after a {@link resume}, which {@link driveRun} sends. The gateway does not record `sentBy`.
 *
 * @example
 * await sendSignal({ runId, name: "deploy-window", data: { open: true } });
 *
 * @throws {@link HttpError} 404 `NEWER_ROUTE` if the server is older
 */
export async function sendSignal(args: SendSignalArgs): Promise<SignalReceipt> {
  const { runId, data = {}, correlationId, sentBy } = args;
  const name = requiredText("name", args.name);
  const send = (server: ServerApi) => server.sendSignal(runId, name, { data, correlationId, sentBy });
  return callOnce(resolveOptions(args), send, "signal");
}
