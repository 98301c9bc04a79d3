import { ArgumentError } from "../errors/argument-error.js";

/** What a URL path carries as it is; the servers do not percent-decode, so anything else names another run or node. */
const unreachable = /[^A-Za-z0-9\-._~:@!$&'()*+,;=]/u;

/**
 * An id as a path segment. What a URL path may carry stays raw (`gate:prod@v1` would otherwise name another node), and
 * only what would change the path is encoded.
 *
 * @throws {ArgumentError} for an id that would reach another route, or that no URL can carry
 */
export function encodeSegment(argument: string, id: string): string {
  if (typeof id !== "string" || id === "") {
    throw new ArgumentError(argument, `${argument} must be a text that is not empty`);
  }
  if (id === "." || id === "..") {
    throw new ArgumentError(argument, `${argument} must not be "${id}": in a path that means another place`);
  }
  try {
    return id.replace(/[^A-Za-z0-9\-._~:@!$&'()*+,;=]+/gu, encodeURIComponent);
  } catch (cause) {
    throw new ArgumentError(argument, `${argument} contains half of a character (a lone surrogate)`, {
      cause,
    });
  }
}

/**
 * A node id as a path segment that is the id itself. 0.5.0 answers 200 to a decision about the node `my%20gate`, which
 * does not exist, and the approval `my gate` stays open for ever.
 *
 * @throws {ArgumentError} for an id that only an encoded segment could carry
 */
export function literalSegment(argument: string, id: string): string {
  const encoded = encodeSegment(argument, id);
  if (encoded === id) return id;
  throw new ArgumentError(
    argument,
    `${argument} "${id}" would have to be encoded in the URL, as ${encoded}, and servers take that to the letter: ` +
      "an approval of this name cannot be decided over HTTP; name it without spaces, slashes and the like",
  );
}

/**
 * Checks the id of a run that is about to be started. A server accepts any text, but a run whose id a path cannot carry
 * is never reached again.
 *
 * @throws {ArgumentError}
 */
export function checkNewRunId(runId: string): string {
  encodeSegment("runId", runId);
  const found = unreachable.exec(runId)?.[0];
  if (found === undefined) return runId;
  throw new ArgumentError(
    "runId",
    `runId "${runId}" contains ${JSON.stringify(found)}, which a path cannot carry: the run would start, and no call could reach it`,
  );
}
