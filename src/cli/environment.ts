/** The process's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a variable that switches something on does so. */
export function isSet(env: Environment, name: string): boolean {
  return !["", "0", "false", undefined].includes(env[name]?.toLowerCase());
}
