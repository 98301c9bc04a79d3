import type { IncomingMessage } from "node:http";
import { pipeline, type Duplex, type Readable } from "node:stream";
import { ProtocolError } from "../../client/index.js";

/**
 * The body of a response as it was before the encodings of its `Content-Encoding`. What goes wrong on the way is an error
 * of the body; one that ends too early is cut off.
 *
 * @throws {ProtocolError} for an encoding that is not known here
 */
export async function decodeBody(response: IncomingMessage, contentEncoding: string): Promise<Readable> {
  const { constants, createBrotliDecompress, createGunzip, createInflate } = await import("node:zlib");
  // Each part of an event stream is to be seen when it comes, not when there is more.
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
