import { HttpError } from "../src/client/index.js";
import { waitUntil } from "./wait-until.js";

/**
 * Repeats a call until 0.5.0 accepts it. Just after a run has stopped, its engine may still be writing, and the server
 * then refuses a decision with a 500, `database is locked`.
 */
export function whenUnlocked<T extends object>(call: () => Promise<T>): Promise<T> {
  return waitUntil(() =>
    call().catch((error: unknown) => {
      if (error instanceof HttpError && error.message.includes("database is locked")) return undefined;
      throw error;
    }),
  );
}
