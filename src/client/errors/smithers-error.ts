/**
 * The base class of every error that this library itself throws. An abort throws the signal's own reason instead, as
 * `fetch` does.
 */
export abstract class SmithersError extends Error {
  /** A stable code to test for, such as `RUN_NOT_FOUND` (the server's) or `CONNECTION_FAILED` (this library's). */
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}
