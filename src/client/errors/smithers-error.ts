/**
 * The parent of every error this library raises by itself. An abort is not one of them: it throws the signal's
 * own reason, as `fetch` does.
 */
export abstract class SmithersError extends Error {
  /** A stable word to test for, such as `RUN_NOT_FOUND` (the server's own) or `CONNECTION_FAILED` (ours). */
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}
