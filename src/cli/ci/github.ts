import type { CiSystem } from "./ci-system.js";
import { githubCommand, guardStream } from "./github-command.js";
import { GithubLines } from "./github-lines.js";
import { githubReports } from "./github-reports.js";

/** GitHub Actions: groups, annotations, the step's summary and its outputs. */
export const github: CiSystem = {
  name: "github",
  isDetected: (env) => env["GITHUB_ACTIONS"] === "true",
  isInteractive: false,
  heartbeatMs: 60_000,
  guard: guardStream,
  createPrinter: ({ style, startedAtMs, loops }) => new GithubLines(style, startedAtMs, loops),
  annotationLine: ({ level, title, text }) => githubCommand(level, text, { title }),
  reporters: (context) => [githubReports(context)],
};
