import { ProtocolError } from "./protocol-error.js";

/**
 * The server's events no longer have the same numbers: a database was restored, or another server answers at the same
 * address. Going on could lose or repeat events, so the stream ends.
 */
export class PositionError extends ProtocolError {
  override readonly code: string = "POSITION_MOVED";

  constructor(position: number, what = `the server's event ${position} is not the one delivered before`) {
    super(`${what}; its numbering has moved, and going on could lose or repeat events`, { position });
    this.name = "PositionError";
  }
}
