import { parseCount } from "../args/parse-count.js";
import { parseSince, type Since } from "../args/parse-since.js";
import { defineCommand, type LogOutcome } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { readOutput } from "../follow/read-output.js";
import { readTree } from "../tree/read-tree.js";
import { tasksIn } from "../tree/run-tree.js";

interface LogsOptions {
  follow?: boolean;
  tail?: number;
  since?: Since;
  iteration?: number;
  attempt?: number;
  stream?: string;
}

export const logs = defineCommand<LogsOptions>({
  syntax: "logs <run-id> [node-id]",
  aliases: ["log"],
  summary: "Show what a run's nodes have printed",
  description:
    "Print what a run's nodes have printed, line by line. If there are several nodes, each line starts with its node's name.",
  options: [
    { flags: "-f, --follow", description: "keep printing until the run ends, and exit with its result" },
    {
      flags: "--tail <n>",
      description: "only the last n lines (with --json: events)",
      parse: parseCount(0),
    },
    {
      flags: "--since <duration|time>",
      description: "only what was printed since: 10m, 2026-01-31T10:00Z",
      parse: parseSince,
    },
    {
      flags: "--iteration <n>",
      description: "only this loop iteration (0 is the first)",
      parse: parseCount(0),
    },
    { flags: "--attempt <n>", description: "only this attempt (1 is the first)", parse: parseCount(1) },
    { flags: "--stream <stdout|stderr>", description: "only this stream", choices: ["stdout", "stderr"] },
  ],
  offersAnyNode: true,
  examples: ["logs 4f1c build --tail 50", "logs @latest --follow"],

  async execute({ args: [runId = "", nodeId], options }, session) {
    const status = await session.client.getStatus({ runId });
    const tree = nodeId === undefined ? await readTree(runId, session) : undefined;
    const known = tree === undefined ? [] : tasksIn(tree);
    const follow = options.follow === true;
    const sinceMs = options.since?.at(session.serverNow());
    // Without `--follow`, the result is not the run's, so it is known from the start.
    const run: LogOutcome["run"] = { runId, ended: follow ? undefined : status };
    const outcome: LogOutcome = {
      kind: "log",
      run,
      updates: readOutput(run, status, { ...options, nodeId, sinceMs }, options, session),
      nodes: nodeId !== undefined || known.length === 1 ? undefined : known,
      rewatch: () => [follow ? "logs --follow" : "logs", runId, ...(nodeId === undefined ? [] : [nodeId])],
      onAbort: async () => (follow ? "the run continues" : "there may be more output"),
    };
    return follow ? outcome : { ...outcome, exitCode: () => exitCodes.done };
  },
});
