import { knownStatuses, type RunRow } from "../../client/index.js";
import type { OptionSpec } from "./option.js";
import { parseSince, type Since } from "./parse-since.js";

/** Which of a server's runs to select. */
export interface RunFilter {
  status?: string;
  workflow?: string;
  since?: Since;
}

export const statusOption: OptionSpec = {
  flags: "--status <status>",
  description: "only runs with this status, such as waiting-approval",
  suggests: knownStatuses,
};

export const workflowOption: OptionSpec = {
  flags: "--workflow <name>",
  description: "only runs of this workflow",
};

export const sinceOption: OptionSpec = {
  flags: "--since <duration|time>",
  description: "only runs that started in the last 2h, or since 2026-01-31 or 2026-01-31T10:00Z",
  parse: parseSince,
};

/** Whether a run matches. Servers only filter by status, and 0.32 counts `continued` as `running`. */
export function matchesFilter(row: RunRow, { status, workflow, since }: RunFilter, now: number): boolean {
  return (
    (status === undefined || row.status === status) &&
    (workflow === undefined || row.workflowName === workflow) &&
    (since === undefined || (row.startedAtMs ?? row.createdAtMs) >= since.at(now))
  );
}

/**
 * Returns the flags for a filter. Each value is in one word with its flag, so that it cannot be read as another flag.
 */
export function filterFlags({ status, workflow, since }: RunFilter): string[] {
  return [
    ...(status === undefined ? [] : [`--status=${status}`]),
    ...(workflow === undefined ? [] : [`--workflow=${workflow}`]),
    ...(since === undefined ? [] : [`--since=${since.text}`]),
  ];
}
