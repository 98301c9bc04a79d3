import type { FollowOutcome } from "../command.js";
import { heartbeatLine } from "../describe/heartbeat-line.js";
import { bodyLines, errorReport } from "../describe/error-text.js";
import { heartbeat } from "./heartbeat.js";
import { printLabelled } from "./labelled-lines.js";
import { learnLoops } from "../live/learn-loops.js";
import { followLive } from "../live/follow-live.js";
import { printOutput } from "./output.js";
import { followTable } from "../live/follow-table.js";
import { escapeControls } from "../terminal/escape-controls.js";
import type { Output } from "../output.js";
import type { Format } from "./format.js";

/** Text for people: a result's own text, and one line for each event that matters. */
export const text: Format = {
  name: "text",
  isForPeople: true,

  async document(outcome, { stdout, stderr, style }) {
    const shown = await outcome.text(style);
    if (shown !== "") await stdout.write(`${shown}\n`);
    if (outcome.note !== undefined) await stderr.write(`${outcome.note}\n`);
  },

  async follow(outcome, output) {
    const { screen, ci } = output;
    if (screen === undefined || !ci.isInteractive)
      return outcome.isGroup ? printLabelled(outcome, output) : printLines(outcome, output);
    return outcome.isGroup ? followTable(outcome, output, screen) : followLive(outcome, output, screen);
  },

  log: printOutput,

  async failure({ message, hint }, { stderr, stderrStyle: style }) {
    const next = hint === undefined ? "" : `${style.dim("next:")}  ${escapeControls(hint)}\n`;
    const report = errorReport(message);
    const rest = bodyLines(report).map((line) => `  ${line}\n`);
    await stderr.write(`${style.red("error:")} ${report.title}\n${rest.join("")}${next}`);
  },
};

/** Prints one run's events as lines, in the style of the CI system. */
async function printLines(
  { runs: [run], updates, heartbeatMs, serverNow, showsOutput }: FollowOutcome,
  { stdout, stderr, style, ci }: Output,
): Promise<void> {
  if (run === undefined) return;
  const printer = ci.createPrinter({
    style,
    startedAtMs: () => run.view().startedAtMs,
    loops: run.loops,
    showsOutput,
  });
  // A printer for a CI system writes commands of its own, and escapes the rest itself.
  const log = stdout.unguarded ?? stdout;
  const silence = heartbeat(heartbeatMs, () => {
    stderr.write(`${heartbeatLine(run.view(), serverNow(), run.loops)}\n`).catch(() => {});
  });
  let isWhole = false;
  try {
    for await (const { records } of updates) {
      await learnLoops(run, records);
      const printed = records.map(({ event }) => printer.print(event)).join("");
      if (printed === "") continue;
      silence.beat();
      await log.write(printed);
    }
    isWhole = true;
  } finally {
    silence.stop();
    const left = printer.end();
    // If an error ended the loop early, that error says more than a failure to write the rest.
    if (left !== "")
      await log.write(left).catch((error: unknown) => (isWhole ? Promise.reject(error as Error) : undefined));
  }
}
