import { isTerminalStatus, isWaitingStatus } from "../../client/index.js";
import { defineCommand, type Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import {
  checkFollow,
  followOptions,
  followRun,
  watchOption,
  type FollowOptions,
} from "../follow/follow-run.js";
import { readJson } from "../input/read-input.js";
import { tryToResume } from "../follow/manual-resume-hint.js";
import { escapeControls } from "../terminal/escape-controls.js";

interface SignalOptions extends FollowOptions {
  data?: string;
  correlation?: string;
  watch?: boolean;
}

export const signal = defineCommand<SignalOptions>({
  syntax: "signal <run-id> <name>",
  summary: "Send a signal to a run",
  description:
    "Send a signal to a run, and resume the run if it has stopped to wait for one (servers from 0.32 on).",
  options: [
    {
      flags: "--data <json|@file|->",
      description: "the signal's data: JSON, a file of it, or stdin (default: {})",
    },
    { flags: "--correlation <id>", description: "which wait for this name, by its correlation id" },
    watchOption,
    ...followOptions,
  ],
  changesRuns: true,
  offersRun: (status) => !isTerminalStatus(status),
  examples: [`signal 4f1c payment --data '{"amount":5}'`, "signal 4f1c payment --data @payment.json --watch"],

  check: ({ options }, session) => checkFollow({ ...options, resume: true, by: undefined }, session),

  async execute({ args: [runId = "", name = ""], options }, session) {
    const { client, note, commandLine } = session;
    const data = options.data === undefined ? {} : (await readJson("--data", options.data, session)).value;
    const { status } = await client.getStatus({ runId });
    if (isTerminalStatus(status)) {
      const what = `run ${escapeControls(runId)} has ended (${escapeControls(status)})`;
      throw new UsageError(`${what}: nothing would receive the signal`, {
        code: "RUN_OVER",
        hint: commandLine("status", runId),
      });
    }
    const document = await client.sendSignal({
      runId,
      name,
      data,
      correlationId: options.correlation,
      sentBy: options.by,
    });
    const sent = `sent signal ${escapeControls(name)} to run ${escapeControls(runId)}`;
    if (options.resume !== false) await resumeWhereItWaits(runId, session);
    if (options.watch === true) {
      note(sent);
      return followRun(session, runId, options);
    }
    return { kind: "document", document, text: () => sent };
  },
});

/** Resumes the run, because only the sender knows about the signal. A failed resume does not affect the signal. */
async function resumeWhereItWaits(runId: string, session: Session): Promise<void> {
  const { note, commandLine } = session;
  await tryToResume(runId, session, async (client) => {
    if ((await client.getServerTraits()).resumesByItself) return;
    const { status } = await client.getStatus({ runId });
    if (!isWaitingStatus(status)) {
      const command = commandLine("resume", runId);
      return note(
        `the run is ${escapeControls(status)}; once it waits for the signal, this continues it: ${command}`,
      );
    }
    await client.resume({ runId, workflowPath: await client.findWorkflowPath({ runId }) });
    note("resumed the run, which receives the signal");
  });
}
