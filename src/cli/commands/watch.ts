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
    "Follow one run or several to the end, and exit with the result. Of several it is the worst: lost, failed, cancelled, waiting.",
  options: [
    { flags: "--all", description: "follow all runs that have not ended, and those that start meanwhile" },
    { ...statusOption, description: "with --all: only runs that reach this status" },
    { ...workflowOption, description: "with --all: only runs of this workflow" },
    { flags: "--keep", description: "with --all: keep watching when no run is left" },
    { flags: "--after-seq <n>", description: "start after this event number", parse: parseCount(-1) },
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
      const why = all
        ? "--all follows every run; do not name any"
        : "no run id given: name a run, or use --all";
      throw new UsageError(why, { hint: session.commandLine("ls") });
    }
    const ofAll = Object.entries({ status, workflow, keep }).find(([, value]) => value !== undefined);
    if (!all && ofAll !== undefined) throw new UsageError(`--${ofAll[0]} can only be used with --all`);
    checkFilter(options, session);
    if (named.length === 1) return;
    if (afterSeq !== undefined) throw new UsageError("--after-seq can only be used with one run");
    if (junit !== undefined) throw new UsageError("--junit can only be used with one run");
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
