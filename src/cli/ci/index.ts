import type { OptionSpec } from "../args/option.js";
import type { Environment } from "../environment.js";
import type { CiSystem } from "./ci-system.js";
import { github } from "./github.js";
import { none, plain } from "./plain.js";

/** Every CI system; the first that the environment shows is taken. */
const systems: readonly CiSystem[] = [github, plain, none];

export const ciOption: OptionSpec = {
  flags: "--ci <system>",
  description: "write for a CI system: github, plain or none (default: as GITHUB_ACTIONS and CI say)",
  choices: systems.map(({ name }) => name),
};

/** The system of a name, or the one that the environment shows. */
export function findCiSystem(name: string | undefined, env: Environment): CiSystem {
  const isWanted = (system: CiSystem) => (name === undefined ? system.isDetected(env) : system.name === name);
  return systems.find(isWanted) ?? none;
}
