import type { OptionSpec } from "../args/option.js";
import type { Environment } from "../environment.js";
import type { CiSystem } from "./ci-system.js";
import { github } from "./github.js";
import { none, plain } from "./plain.js";

/** Every CI system; the first one that the environment indicates is used. */
const systems: readonly CiSystem[] = [github, plain, none];

export const ciOption: OptionSpec = {
  flags: "--ci <system>",
  description: "format for a CI system: github, plain or none (default: from GITHUB_ACTIONS and CI)",
  choices: systems.map(({ name }) => name),
};

/** Returns the system with this name, or without a name, the one that the environment indicates. */
export function findCiSystem(name: string | undefined, env: Environment): CiSystem {
  const isWanted = (system: CiSystem) => (name === undefined ? system.isDetected(env) : system.name === name);
  return systems.find(isWanted) ?? none;
}
