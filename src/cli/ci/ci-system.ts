import type { OptionSpec } from "../command.js";

const systems = ["github", "plain", "none"] as const;

/** What a run is followed under: GitHub Actions, another CI system that shows plain lines, or a person's own shell. */
export type CiSystem = (typeof systems)[number];

export const ciOption: OptionSpec = {
  flags: "--ci <system>",
  description: "write for a CI system: github, plain or none (default: as GITHUB_ACTIONS and CI say)",
  choices: systems,
};

/** The system that the environment shows, unless an option names one. */
export function ciSystem(
  named: CiSystem | undefined,
  env: Readonly<Record<string, string | undefined>>,
): CiSystem {
  if (named !== undefined) return named;
  if (env["GITHUB_ACTIONS"] === "true") return "github";
  return ["", "0", "false", undefined].includes(env["CI"]?.toLowerCase()) ? "none" : "plain";
}
