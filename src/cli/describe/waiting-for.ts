import type { BlockedRun } from "../../client/index.js";
import type { Session } from "../command.js";
import { formatTime } from "./duration.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** What a run waits for that is no gate, and who ends that; undefined for what only newer servers know. */
export function waitingFor(
  runId: string,
  { kind, nodeId, ...blocked }: BlockedRun & Record<string, unknown>,
  { commandLine }: Session,
): string | undefined {
  const node = escapeControls(String(nodeId));
  const until = (time: unknown) => formatTime(new Date(time as number | string).getTime());
  switch (kind) {
    case "event": {
      const name = String(blocked["correlationKey"]);
      // Where the wait has a correlation id, that stands in the place of the signal's name.
      if (name !== nodeId) return `${node} waits for a signal (${escapeControls(name)})`;
      return `${node} waits for a signal; to send it: ${commandLine("signal --data {}", runId, name)}`;
    }
    case "timer":
      return `${node} waits until ${until(blocked["wakeAt"])}`;
    case "quota":
      return blocked["resetAtMs"] === undefined
        ? `a quota is used up, and nobody knows until when; to try again: ${commandLine("resume", runId)}`
        : `a quota is used up until ${until(blocked["resetAtMs"])}`;
    default:
      return undefined;
  }
}
