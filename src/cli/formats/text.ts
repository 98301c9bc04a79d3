import { GithubLines } from "../ci/github-lines.js";
import { EventLines } from "../describe/event-lines.js";
import type { Format } from "./format.js";
import { heartbeat } from "../follow/heartbeat.js";
import { printLabelled } from "../follow/labelled-lines.js";
import { bodyLines, errorReport } from "../describe/error-text.js";
import { heartbeatLine } from "../describe/heartbeat-line.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Lines for people: a result's own text, and one line for each event that matters. */
export const text: Format = {
  name: "text",
  isForPeople: true,

  async document(outcome, { stdout, style }) {
    const shown = await outcome.text(style);
    if (shown !== "") await stdout.write(`${shown}\n`);
  },

  async follow(outcome, output) {
    if (outcome.several !== undefined) return printLabelled(outcome, outcome.several, output);
    const { records, view, newestFrame, serverNow, ci, heartbeatMs } = outcome;
    const { stdout, stderr, style, screen } = output;
    if (screen !== undefined && newestFrame !== undefined && ci === "none") {
      const { followLive } = await import("../live/follow-live.js");
      return followLive({ ...outcome, newestFrame }, output, screen);
    }
    const Lines = ci === "github" ? GithubLines : EventLines;
    const lines = new Lines(style, () => view().startedAtMs);
    // A printer for a CI system writes commands of its own, and makes the rest harmless itself.
    const log = stdout.unguarded ?? stdout;
    const silence = heartbeat(heartbeatMs, () => {
      stderr.write(`${heartbeatLine(view(), serverNow())}\n`).catch(() => {});
    });
    try {
      for (;;) {
        const { done, value } = await records.next();
        if (done) {
          const left = lines.end();
          if (left !== "") await log.write(left);
          return value;
        }
        const printed = value.map(({ event }) => lines.print(event)).join("");
        if (printed === "") continue;
        silence.beat();
        await log.write(printed);
      }
    } finally {
      silence.stop();
      // What ended it before its end says more than that this cannot be written either.
      const left = lines.end();
      if (left !== "") await log.write(left).catch(() => {});
    }
  },

  async failure({ message, hint }, { stderr, stderrStyle: style }) {
    const next = hint === undefined ? "" : `${style.dim("next:")}  ${escapeControls(hint)}\n`;
    const report = errorReport(message);
    const rest = bodyLines(report).map((line) => `  ${line}\n`);
    await stderr.write(`${style.red("error:")} ${report.title}\n${rest.join("")}${next}`);
  },
};
