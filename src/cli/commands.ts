import type { CommandSpec } from "./command.js";
import { approvals } from "./commands/approvals.js";
import { approve } from "./commands/approve.js";
import { cancel } from "./commands/cancel.js";
import { completion } from "./commands/completion.js";
import { deny } from "./commands/deny.js";
import { frames } from "./commands/frames.js";
import { ls } from "./commands/ls.js";
import { resume } from "./commands/resume.js";
import { run } from "./commands/run.js";
import { serve } from "./commands/serve.js";
import { signal } from "./commands/signal.js";
import { status } from "./commands/status.js";
import { watch } from "./commands/watch.js";

/** Every subcommand, in the order in which help lists them. */
export const commands: readonly CommandSpec[] = [
  run,
  resume,
  approve,
  deny,
  approvals,
  signal,
  watch,
  status,
  frames,
  cancel,
  ls,
  serve,
  completion,
];
