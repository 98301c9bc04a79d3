/** The process's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a variable that turns something on does so: it is not empty, `0` or `false`. */
export function isSet(env: Environment, name: string): boolean {
  return !["", "0", "false", undefined].includes(env[name]?.toLowerCase());
}
