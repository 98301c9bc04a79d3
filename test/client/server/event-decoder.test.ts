import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../src/client/errors/protocol-error.js";
import { EventDecoder, type EventMessage } from "../../../src/client/server/event-decoder.js";

const encode = (text: string) => new TextEncoder().encode(text);

function decode(...chunks: (string | Uint8Array)[]): EventMessage[] {
  const decoder = new EventDecoder();
  return chunks.flatMap((chunk) => decoder.push(typeof chunk === "string" ? encode(chunk) : chunk));
}

const datas = (...chunks: (string | Uint8Array)[]) => decode(...chunks).map(({ data }) => data);

describe("fields", () => {
  test.each([
    ["as the servers send it", 'event: smithers\ndata: {"a":1}\n\n', ['{"a":1}']],
    ["without a space after the colon", 'event:smithers\ndata:{"a":1}\n\n', ['{"a":1}']],
    ["only the first space belongs to the field", "data:  x\n\n", [" x"]],
    ["without a name", "data: 1\n\n", ["1"]],
    ["with an empty name", "event:\ndata: 1\n\n", ["1"]],
    ["several data lines are one text", "data: 1\ndata: 2\ndata\ndata: 3\n\n", ["1\n2\n\n3"]],
    ["other names are ignored", "event: ping\ndata: 1\n\ndata: 2\n\n", ["2"]],
    ["a name counts for its own event only", "event: ping\n\ndata: 1\n\n", ["1"]],
    ["a block without data is no event", "event: smithers\nid: 4\n\ndata: 1\n\n", ["1"]],
    ["comments are ignored", ": keep-alive\n\ndata: 1\n: inside\ndata: 2\n\n:\n\n", ["1\n2"]],
    ["unknown fields are ignored", "colour: red\ndata: 1\nwhat is this\n\n", ["1"]],
    ["an unfinished block is no event", "data: 1\n\ndata: 2\n", ["1"]],
    ["a byte order mark at the start is none of the text", "\ufeffdata: 1\n\n", ["1"]],
    ["a byte order mark later on is", "data: \ufeff1\n\n", ["\ufeff1"]],
    ["more empty lines than needed", "\n\n\ndata: 1\n\n\n\n\ndata: 2\n\n", ["1", "2"]],
    [
      "line separators of other kinds stay in the text",
      "data: a\u2028b\u0085c\u000bd\n\n",
      ["a\u2028b\u0085c\u000bd"],
    ],
  ])("%s", (_, text, expected) => {
    expect(datas(text)).toEqual(expected);
  });

  test("an integer id is the event's number; other ids are ignored", () => {
    const text = "id: 12\ndata: a\n\ndata: b\n\nid: x1\ndata: c\n\nid: -1\ndata: d\n\nid: 0\ndata: e\n\n";
    expect(decode(text).map(({ id }) => id)).toEqual([12, undefined, undefined, undefined, 0]);
  });

  test("the last numeric retry value wins", () => {
    const decoder = new EventDecoder();
    expect(decoder.retryMs).toBeUndefined();
    decoder.push(encode("retry: 1000\n\nretry: 250\n\nretry: soon\n\n"));
    expect(decoder.retryMs).toBe(250);
  });
});

describe("line endings", () => {
  const text =
    '\ufeffretry: 10\n\n: hm\n\nevent: smithers\nid: 3\ndata: {"é":"進🚀"}\n\ndata: 1\ndata: 2\n\nevent: no\ndata: 3\n\n';
  const expected = [
    { data: '{"é":"進🚀"}', id: 3 },
    { data: "1\n2", id: undefined },
  ];

  describe.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("%s", (_, lineEnd) => {
    const bytes = encode(text.replaceAll("\n", lineEnd));

    test("in one chunk", () => {
      expect(decode(bytes)).toEqual(expected);
    });

    test("split in two at every byte", () => {
      for (let at = 0; at <= bytes.length; at++) {
        expect(decode(bytes.subarray(0, at), bytes.subarray(at)), `split at ${at}`).toEqual(expected);
      }
    });

    test.each([1, 2, 3, 5])("in chunks of %i bytes", (size) => {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(decode(...chunks)).toEqual(expected);
    });
  });

  test("of each kind in one stream", () => {
    expect(datas("data: 1\r\n\ndata: 2\r\rdata: 3\n\r\ndata: 4\n\n")).toEqual(["1", "2", "3", "4"]);
  });

  test("after a CR, an event is delivered without waiting for a possible LF", () => {
    const decoder = new EventDecoder();
    expect(decoder.push(encode("data: 1\r\n\r"))).toHaveLength(1);
    expect(decoder.push(encode("\ndata: 2\r\n\r\n"))).toHaveLength(1);
  });
});

describe("the end of a connection", () => {
  test.each([
    ["nothing", "", false],
    ["whole events", "data: 1\n\n", false],
    ["half a line", "data: 1\n\nda", true],
    ["a line", "data: 1\n\ndata: 2\n", true],
    ["an event but for its empty line", "event: smithers\ndata: 2\r", true],
  ])("after %s", (_, text, isMidEvent) => {
    const decoder = new EventDecoder();
    decoder.push(encode(text));
    expect(decoder.isMidEvent).toBe(isMidEvent);
  });
});

describe("large events", () => {
  test("take time proportional to their size: 16 MiB in chunks of 16 KiB", { timeout: 60_000 }, () => {
    const piece = new Uint8Array(16 * 1024).fill("x".charCodeAt(0));
    const timeFor = (mebibytes: number) => {
      const started = performance.now();
      const decoder = new EventDecoder();
      decoder.push(encode("data: "));
      for (let count = 0; count < mebibytes * 64; count++) expect(decoder.push(piece)).toEqual([]);
      const [message] = decoder.push(encode("\n\n"));
      expect(message?.data).toHaveLength(mebibytes * 2 ** 20);
      return performance.now() - started;
    };
    timeFor(4);
    // Four times the size takes 4 times as long, or 16 times as long if each chunk rescans everything before it.
    const ratios = [1, 2, 3].map(() => timeFor(16) / timeFor(4));
    expect(Math.min(...ratios)).toBeLessThan(10);
  });

  test("are refused as soon as they exceed 64 MiB", () => {
    const decoder = new EventDecoder();
    const piece = new Uint8Array(2 ** 20).fill("x".charCodeAt(0));
    decoder.push(encode("data: "));
    for (let count = 0; count < 63; count++) decoder.push(piece);
    expect(() => {
      decoder.push(piece);
      decoder.push(piece);
    }).toThrow(ProtocolError);
  });
});
