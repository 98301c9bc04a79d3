/** Input that the user has to correct; exit code 4. */
export class UsageError extends Error {
  /** A stable code for `--json`. */
  readonly code: string;
  /** The next command to type. */
  readonly hint: string | undefined;

  constructor(message: string, options: { code?: string; hint?: string } = {}) {
    super(message);
    this.name = "UsageError";
    this.code = options.code ?? "USAGE";
    this.hint = options.hint;
  }
}
