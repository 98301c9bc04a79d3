import { ArgumentError } from "../errors/argument-error.js";

/** A node id that would have to be encoded in a URL, for servers that do not decode it. */
export class EncodedIdError extends ArgumentError {}

/** Every character that has to be encoded in a segment of a URL's path. */
const outsideSegment = /[^A-Za-z0-9\-._~:@!$&'()*+,;=]/gu;

/**
 * Returns an id as a path segment. Characters that are valid in a URL's path stay as they are, because some servers do
 * not decode them (an encoded `gate:prod@v1` would name another node). Only characters that would change the path are
 * encoded.
 *
 * @throws {ArgumentError} for an id that would reach another route, or that no URL can carry
 */
export function encodeSegment(argument: string, id: string): string {
  if (typeof id !== "string" || id === "") {
    throw new ArgumentError(argument, `${argument} must be a non-empty string`);
  }
  if (id === "." || id === "..") {
    throw new ArgumentError(argument, `${argument} must not be "${id}": in a path that means another place`);
  }
  try {
    return id.replace(outsideSegment, encodeURIComponent);
  } catch (cause) {
    throw new ArgumentError(argument, `${argument} contains half of a character (a lone surrogate)`, {
      cause,
    });
  }
}

/**
 * Returns a node id as a path segment that is the id itself. 0.5.0 does not decode it: it answers a decision about the
 * node `my%20gate`, which does not exist, with 200, and the approval `my gate` stays open forever.
 *
 * @throws {EncodedIdError} for an id that would have to be encoded
 */
export function literalSegment(argument: string, id: string): string {
  const encoded = encodeSegment(argument, id);
  if (encoded === id) return id;
  throw new EncodedIdError(
    argument,
    `${argument} "${id}" would have to be encoded in the URL as ${encoded}, which servers do not decode: ` +
      "an approval with this name cannot be decided over HTTP; use a name without spaces and slashes",
  );
}

/**
 * Checks the id of a run that is about to start. A server accepts any text, but answers 404 to an id that has to be
 * encoded in a URL: the run would execute, and no call could reach it.
 *
 * @throws {ArgumentError} if no call could reach a run with this id
 */
export function checkNewRunId(runId: string): string {
  const problem = runIdProblem(runId);
  if (problem === undefined) return runId;
  throw new ArgumentError(
    "runId",
    `no request could reach a run with the id ${JSON.stringify(runId)}: ${problem}`,
  );
}

/** Explains why no call could reach a run with this id; `undefined` if every route can carry it. */
export function runIdProblem(id: unknown): string | undefined {
  if (typeof id !== "string") return "it is not a string";
  if (id === "") return "it is empty";
  if (id === "." || id === "..") return `a URL takes "${id}" for another place`;
  const [found] = id.match(outsideSegment) ?? [];
  if (found === undefined) return undefined;
  return found === " " ? "it has a space in it" : `it has ${JSON.stringify(found)} in it`;
}
