import type { CommandSpec } from "../command.js";
import { approvals } from "./approvals.js";
import { approve } from "./approve.js";
import { cancel } from "./cancel.js";
import { completion } from "./completion.js";
import { deny } from "./deny.js";
import { frames } from "./frames.js";
import { ls } from "./ls.js";
import { resume } from "./resume.js";
import { run } from "./run.js";
import { serve } from "./serve.js";
import { signal } from "./signal.js";
import { status } from "./status.js";
import { timeline } from "./timeline.js";
import { watch } from "./watch.js";

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
  timeline,
  frames,
  cancel,
  ls,
  serve,
  completion,
];
