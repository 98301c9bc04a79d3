import { defineCommand } from "../command.js";
import { followOptions, followRun, type FollowOptions } from "../follow-run.js";
import { parseCount } from "../parse-count.js";

export const watch = defineCommand<FollowOptions & { afterSeq?: number }>({
  syntax: "watch <run-id>",
  summary: "Follow a run to its end, missing nothing, and exit with its result.",
  options: [
    { flags: "--after-seq <n>", description: "start after the event of this number", parse: parseCount(-1) },
    ...followOptions,
  ],
  examples: ["watch 4f1c", "watch 4f1c --json | jq -c .type"],

  async execute({ args: [runId = ""], options }, session) {
    const { afterSeq } = options;
    // Without the run's first event its start is not among the events; the status knows it.
    const startedAtMs =
      afterSeq === undefined ? null : (await session.client.getStatus({ runId })).startedAtMs;
    return followRun(session, runId, options, { afterSeq, startedAtMs });
  },
});
