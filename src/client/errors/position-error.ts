import { ProtocolError } from "./protocol-error.js";

/**
 * After a reconnect the server's event at our position is not the one we had: its numbering moved (a restored
 * database, another server behind the same address). Going on could lose or repeat events, so the stream ends here.
 */
export class PositionError extends ProtocolError {
  override readonly code: string = "POSITION_MOVED";

  constructor(position: number) {
    super(
      `the server's event ${position} is not the one that was delivered before the connection broke; ` +
        "its numbering has moved, and going on could lose or repeat events",
      { position },
    );
    this.name = "PositionError";
  }
}
