import type { IncomingMessage } from "node:http";
import { pipeline, type Duplex, type Readable } from "node:stream";
import { ProtocolError } from "../../client/index.js";

/**
 * Decodes the body of a response according to its `Content-Encoding`. A failure on the way, such as a response that
 * ends too early, is an error of the returned body.
 *
 * @throws {ProtocolError} for an unknown encoding
 */
export async function decodeBody(response: IncomingMessage, contentEncoding: string): Promise<Readable> {
  const { constants, createBrotliDecompress, createGunzip, createInflate } = await import("node:zlib");
  // Emit each part of an event stream when it arrives, not when there is more.
  const flushing = { flush: constants.Z_SYNC_FLUSH };
  const decoders: Readonly<Record<string, () => Duplex>> = {
    gzip: () => createGunzip(flushing),
    "x-gzip": () => createGunzip(flushing),
    deflate: () => createInflate(flushing),
    br: () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
  };
  const names = contentEncoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  const unknown = names.find((name) => !Object.hasOwn(decoders, name));
  if (unknown !== undefined) {
    response.destroy();
    throw new ProtocolError(
      `the answer is encoded as ${JSON.stringify(unknown)}, which was not asked for and cannot be read`,
    );
  }
  return names.reduceRight<Readable>((body, name) => {
    const decoder = (decoders[name] as () => Duplex)();
    // The reader of the decoded body gets the error.
    pipeline(body, decoder, () => {});
    return decoder;
  }, response);
}
