import { setMaxListeners } from "node:events";
import { isTerminalStatus, type RunRow } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { UsageError } from "../usage-error.js";
import { followOptions, followRun, type FollowOptions } from "../follow/follow-run.js";
import { followRuns, RunsLostError } from "../follow/follow-runs.js";
import { parseCount } from "../args/parse-count.js";
import { noLimit } from "../args/run-ids.js";

interface WatchOptions extends FollowOptions {
  afterSeq?: number;
  all?: boolean;
}

export const watch = defineCommand<WatchOptions>({
  syntax: "watch [run-id...]",
  summary: "Follow one run or several to the end",
  description:
    "Follow a run, or several, to the end; exit with its result, of several with the worst: lost, failed, cancelled, waiting.",
  options: [
    { flags: "--all", description: "all runs that have not ended yet" },
    { flags: "--after-seq <n>", description: "start after the event of this number", parse: parseCount(-1) },
    ...followOptions,
  ],
  examples: ["watch @latest", "watch 4f1c 7c20 --on-approval ask", "watch --all --json | jq -c .type"],

  check({ args, options: { afterSeq, all = false, junit } }, { commandLine }) {
    const named = namedRuns(args);
    if (all === named.length > 0) {
      const why = all ? "--all follows every run; name none" : "no run named: name some, or use --all";
      throw new UsageError(why, { hint: commandLine("ls") });
    }
    if (named.length === 1) return;
    if (afterSeq !== undefined) throw new UsageError("--after-seq is a place in one run; name one run");
    if (junit !== undefined) throw new UsageError("--junit is the report of one run; name one run");
  },

  async execute({ args, options }, session) {
    const { client } = session;
    const named = namedRuns(args);
    const [runId] = named;
    if (runId !== undefined && named.length === 1) {
      return followRun(session, runId, options, { afterSeq: options.afterSeq });
    }
    if (options.all === true) {
      const runs = await client.listRuns<RunRow>({ limit: noLimit });
      const open = runs.filter(({ status }) => !isTerminalStatus(status)).map((run) => run.runId);
      if (open.length > 0) return followRuns(session, open, options, ["watch --all"]);
      session.note("no run is going on");
      return { kind: "silent", exitCode: 0 };
    }
    // A run that is not there is reported before anything is shown of the others.
    setMaxListeners(0, session.signal);
    await Promise.all(named.map((each) => client.getStatus({ runId: each })));
    return followRuns(session, named, options);
  },

  hint: (error, _, session) =>
    error instanceof RunsLostError ? session.commandLine("watch", ...error.runIds) : undefined,
});

/** The runs that are named, each once. */
function namedRuns(args: readonly (string | undefined)[]): string[] {
  return [...new Set(args)].filter((word) => word !== undefined);
}
