import { setMaxListeners } from "node:events";
import { defineCommand } from "../command.js";
import { UsageError } from "../usage-error.js";
import { checkFilter, followAll } from "../follow/follow-all.js";
import { followOptions, followRun, type FollowOptions } from "../follow/follow-run.js";
import { followRuns, RunsLostError } from "../follow/follow-runs.js";
import { parseCount } from "../args/parse-count.js";
import { filterFlags, statusOption, workflowOption, type RunFilter } from "../args/run-filter.js";

interface WatchOptions extends FollowOptions, Pick<RunFilter, "status" | "workflow"> {
  afterSeq?: number;
  all?: boolean;
  keep?: boolean;
}

export const watch = defineCommand<WatchOptions>({
  syntax: "watch [run-id...]",
  summary: "Follow one run or several to the end",
  description:
    "Follow a run, or several, to the end; exit with its result, of several with the worst: lost, failed, cancelled, waiting.",
  options: [
    { flags: "--all", description: "all runs that have not ended yet, and those that start meanwhile" },
    { ...statusOption, description: "with --all: only runs that come to this status" },
    { ...workflowOption, description: "with --all: only runs of the workflow of this name" },
    { flags: "--keep", description: "with --all: go on when no run is left" },
    { flags: "--after-seq <n>", description: "start after the event of this number", parse: parseCount(-1) },
    ...followOptions,
  ],
  examples: [
    "watch @latest",
    "watch 4f1c 7c20 --on-approval ask",
    "watch --all --workflow deploy --keep",
    "watch --all --json | jq -c .type",
  ],

  check({ args, options }, session) {
    const { afterSeq, all = false, junit, keep, status, workflow } = options;
    const named = namedRuns(args);
    if (all === named.length > 0) {
      const why = all ? "--all follows every run; name none" : "no run named: name some, or use --all";
      throw new UsageError(why, { hint: session.commandLine("ls") });
    }
    const ofAll = Object.entries({ status, workflow, keep }).find(([, value]) => value !== undefined);
    if (!all && ofAll !== undefined)
      throw new UsageError(`--${ofAll[0]} is about all runs: it goes with --all`);
    checkFilter(options, session);
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
      const { keep = false } = options;
      const rewatch = ["watch", "--all", ...filterFlags(options), ...(keep ? ["--keep"] : [])];
      return followAll(session, options, options, { keep, rewatch });
    }
    // Report a missing run before showing anything of the others.
    setMaxListeners(0, session.signal);
    const runs = await Promise.all(named.map((each) => client.getStatus({ runId: each })));
    return followRuns(session, runs, options);
  },

  hint: (error, _, session) =>
    error instanceof RunsLostError ? session.commandLine("watch", ...error.runIds) : undefined,
});

/** Returns the named runs, each once. */
function namedRuns(args: readonly (string | undefined)[]): string[] {
  return [...new Set(args)].filter((word) => word !== undefined);
}
