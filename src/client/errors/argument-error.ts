import { SmithersError } from "./smithers-error.js";

/** An argument that no server would accept, detected before any request: a base URL, a key, an id, a number. */
export class ArgumentError extends SmithersError {
  readonly code: string = "INVALID_ARGUMENT";
  /** The argument's name, such as `baseUrl`. */
  readonly argument: string;

  constructor(argument: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ArgumentError";
    this.argument = argument;
  }
}
