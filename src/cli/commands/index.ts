import type { CommandGroup } from "../command.js";
import { commandsOf } from "../args/syntax.js";
import { approvals } from "./approvals.js";
import { approve } from "./approve.js";
import { cancel } from "./cancel.js";
import { completion } from "./completion.js";
import { deny } from "./deny.js";
import { frames } from "./frames.js";
import { logs } from "./logs.js";
import { ls } from "./ls.js";
import { output } from "./output.js";
import { pause } from "./pause.js";
import { rerun } from "./rerun.js";
import { resume } from "./resume.js";
import { retry } from "./retry.js";
import { run } from "./run.js";
import { serve } from "./serve.js";
import { signal } from "./signal.js";
import { status } from "./status.js";
import { timeline } from "./timeline.js";
import { watch } from "./watch.js";

/** Every subcommand, in the order in which help lists them. */
export const commandGroups: readonly CommandGroup[] = [
  { name: "Run", rows: [run, rerun, resume, retry, pause, cancel] },
  { name: "Inspect", rows: [watch, logs, status, timeline, output, frames, ls] },
  {
    name: "Decide",
    rows: [approvals, { commands: [approve, deny], summary: "Decide an open approval of a run" }, signal],
  },
  { name: "Set up", rows: [serve, completion] },
];

export const commands = commandGroups.flatMap(commandsOf);
