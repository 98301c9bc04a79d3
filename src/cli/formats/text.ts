import { emptyRunView, nodeKey, reduceRun } from "../../client/index.js";
import { eventLine } from "../event-line.js";
import type { Format } from "../format.js";
import { visibleText } from "../visible-text.js";

/** Lines for people: a result's own text, and one line for each event that matters. */
export const text: Format = {
  name: "text",
  narrates: true,

  async document(outcome, { stdout, style }) {
    const shown = outcome.text(style);
    if (shown !== "") await stdout.write(`${shown}\n`);
  },

  async follow({ runId, records, startedAtMs }, { stdout, style }) {
    let view = { ...emptyRunView(runId), startedAtMs };
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      const lines: string[] = [];
      for (const { event } of value) {
        // The work went on as another run, whose nodes are its own; the clock of the lines goes on.
        if (event.runId !== view.runId)
          view = { ...emptyRunView(event.runId), startedAtMs: view.startedAtMs };
        view = reduceRun(view, event);
        const { nodeId, iteration } = event as { nodeId?: string; iteration?: number };
        const node = nodeId === undefined ? undefined : view.nodes.get(nodeKey(nodeId, iteration ?? 0));
        const line = eventLine(event, {
          startedAtMs: view.startedAtMs,
          nodeStartedAtMs: node?.startedAtMs ?? null,
          style,
        });
        if (line !== undefined) lines.push(`${line}\n`);
      }
      if (lines.length > 0) await stdout.write(lines.join(""));
    }
  },

  async failure({ message, hint }, { stderr, noteStyle: style }) {
    const next = hint === undefined ? "" : `${style.dim("next:")}  ${visibleText(hint)}\n`;
    await stderr.write(`${style.red("error:")} ${visibleText(message)}\n${next}`);
  },
};
