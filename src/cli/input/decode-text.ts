/** The error for bytes that are not text in a supported encoding. */
export class EncodingError extends Error {
  constructor(
    message: string,
    /** The encoding of the bytes, by iconv's name. */
    readonly encoding: string,
  ) {
    super(message);
  }
}

/**
 * Decodes the text of a file or a pipe: UTF-8, or UTF-16 if a byte order mark says so, as Windows PowerShell writes it.
 *
 * @throws {EncodingError} for anything else, which would otherwise be sent with the wrong characters
 */
export function decodeText(bytes: Uint8Array): string {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) throw new EncodingError("is UTF-32", "UTF-32");
  if (a === 0xff && b === 0xfe) return decodeUtf16("utf-16le", bytes);
  if (a === 0xfe && b === 0xff) return decodeUtf16("utf-16be", bytes);
  // JSON starts with ASCII, for which every other byte in UTF-16 is zero.
  if (a === 0 && b !== 0 && b !== undefined) throw unmarked("UTF-16BE");
  if (b === 0 && a !== 0 && (c !== 0 || d !== 0)) throw unmarked("UTF-16LE");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8(bytes);
  }
}

function decodeUtf16(encoding: "utf-16le" | "utf-16be", bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const name = encoding.toUpperCase();
    throw new EncodingError(`starts as ${name} but is truncated, or contains half of a character`, name);
  }
}

function unmarked(encoding: string): EncodingError {
  return new EncodingError(`is ${encoding} without a byte order mark, not UTF-8`, encoding);
}

function notUtf8(bytes: Uint8Array): EncodingError {
  const at = validLength(bytes);
  const lines = new TextDecoder().decode(bytes.subarray(0, at)).split("\n");
  const place = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
  const byte = bytes[at]?.toString(16).padStart(2, "0");
  // Of the other encodings still in use, this one has a character for nearly every byte.
  return new EncodingError(`is not UTF-8: byte 0x${byte} (offset ${at}) at ${place}`, "WINDOWS-1252");
}

/** Returns how many bytes at the start are complete UTF-8 characters. */
function validLength(bytes: Uint8Array): number {
  let valid = 0;
  let broken = bytes.length + 1;
  while (broken - valid > 1) {
    const middle = Math.floor((valid + broken) / 2);
    if (couldBeUtf8(bytes.subarray(0, middle))) valid = middle;
    else broken = middle;
  }
  // A truncated character at the end counts as invalid.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return Buffer.byteLength(decoder.decode(bytes.subarray(0, valid), { stream: true }));
}

/** Whether bytes are UTF-8, except for a truncated last character. */
function couldBeUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
