import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decodeText } from "../../src/cli/input/decode-text.js";
import { isExact } from "../../src/cli/input/is-exact.js";
import { parseJson } from "../../src/cli/input/parse-json.js";
import { sendWords } from "./sent-requests.js";

const cwd = mkdtempSync(join(tmpdir(), "smithers-input-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function sendWith(argv: string[], { file = "", stdin = "" }: { file?: Bytes; stdin?: Bytes } = {}) {
  writeFileSync(join(cwd, "cfg.json"), file);
  return sendWords(argv, { cwd, stdin });
}
type Bytes = string | Uint8Array;

const run = (input: string, files: { file?: Bytes; stdin?: Bytes } = {}) =>
  sendWith(["run", "x.tsx", "--input", input], files);

describe("a number", () => {
  test.each([
    ...["0", "-0", "0.0", "-0.0e5", "0e999", "1", "-1", "10", "100e-2", "1e3", "1E+3", "1.10", "1.100e2"],
    ...["0.1", "0.30000000000000004", "3.141592653589793", "123456789.12", "5e-324", "1e23", "1e308"],
    ...["9007199254740991", "9007199254740992", "9007199254740992000e-3", "1.7976931348623157e308"],
    ...["100000000000000000000", "12300000000000000000000"],
    // Doubles written with more digits than are needed to tell them apart.
    ...[
      "0.10000000000000001",
      "0.1000000000000000055511151231257827",
      "3.1415926535897931",
      "2.2999999999999998",
    ],
  ])("is sent unchanged: %s", (number) => expect(isExact(number)).toBe(true));

  test.each([
    ...["3544790567247868102", "-3544790567247868102", "9007199254740993", "12345678901234567890"],
    ...["3544790567247868102.0", "35447905672478681.02e2", "1e400", "-1e400", "1e-400", "4e-324"],
    // Exactly a double, but it would be sent with other digits.
    ...["3544790567247867904"],
    ...["12345678901234567.89", "3.14159265358979323846", "0.12345678901234567890123", "123456789.123456789"],
  ])("would change: %s", (number) => expect(isExact(number)).toBe(false));

  test("that would change is not sent, and the error says where it is", async () => {
    const { sent, exitCode, stderr } = await run('{\n  "list": [{"order no": 3544790567247868102}, 1e400]}');
    expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
    expect(stderr).toContain(
      'would change: 3544790567247868102 at line 2, column 25 (.list[0]["order no"]) ' +
        "would be sent as 3544790567247868000, and 1 more like it\n",
    );
    expect(stderr).toContain('make it a string: "3544790567247868102"');
    const signal = await sendWith(["signal", "r", "payment", "--data", "1e400"]);
    expect(signal).toMatchObject({ sent: [], exitCode: 4 });
    expect(signal.stderr).toContain("1e400 at line 1, column 1 would be sent as null");
  });
});

describe("input encoded as", () => {
  const text = '{"city":"Zürich 🏔"}';
  const utf16le = Buffer.from(text, "utf16le");
  const utf16be = Buffer.from(utf16le).swap16();
  const latin1 = Buffer.from('{"a":1,\n"city":"Zürich"}', "latin1");

  test.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16 as Windows writes it", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le])],
    ["UTF-16 with the higher byte first", Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be])],
  ])("%s is decoded", async (_, bytes) => {
    const fromFile = await run("@cfg.json", { file: bytes });
    expect(fromFile.sent).toMatchObject([{ input: { city: "Zürich 🏔" } }]);
    expect((await run("-", { stdin: bytes })).sent).toMatchObject([{ input: { city: "Zürich 🏔" } }]);
  });

  test.each([
    ["Latin-1", latin1, "is not UTF-8: byte 0xfc (offset 17) at line 2, column 10", "WINDOWS-1252"],
    [
      "cut UTF-8",
      Buffer.from(text).subarray(0, 19),
      "is not UTF-8: byte 0xf0 (offset 17) at line 1, column 17",
      "WINDOWS-1252",
    ],
    ["UTF-16 without a mark", utf16le, "is UTF-16LE without a byte order mark", "UTF-16LE"],
    ["UTF-16BE without a mark", utf16be, "is UTF-16BE without a byte order mark", "UTF-16BE"],
    ["cut UTF-16", Buffer.from([0xff, 0xfe, 0x7b]), "starts as UTF-16LE but is truncated", "UTF-16LE"],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), "is UTF-32", "UTF-32"],
  ])("%s is refused with the name of the encoding", async (_, bytes, says, encoding) => {
    for (const [given, hint] of [
      ["@cfg.json", `iconv -f ${encoding} -t UTF-8 -- cfg.json > cfg.json.utf8`],
      ["-", `| iconv -f ${encoding} -t UTF-8 |`],
    ] as const) {
      const { stderr, exitCode, sent } = await run(given, { file: bytes, stdin: bytes });
      expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
      expect(stderr).toContain(says);
      expect(stderr).toContain(hint);
    }
  });

  test("invalid UTF-8 is refused with the offset of the first invalid byte", () => {
    const valid = Buffer.from("aß€🚀".repeat(20));
    for (let at = 0; at <= valid.length; at++) {
      const whole = Buffer.byteLength(
        valid
          .subarray(0, at)
          .toString("utf8")
          .replace(/\ufffd$/, ""),
      );
      const bytes = Buffer.concat([valid.subarray(0, at), Buffer.from([0xff, 0x61])]);
      expect(() => decodeText(bytes)).toThrow(`(offset ${whole})`);
    }
  });
});

test("a duplicate key in an object is sent once, with a warning", async () => {
  const input = '{"a":1,"b":{"a":1},"list":[{"x":1,"x":2}],"a":3}';
  const { sent, stderr, exitCode } = await run(input);
  expect(sent).toMatchObject([{ input: { a: 3, b: { a: 1 }, list: [{ x: 2 }] } }]);
  expect(exitCode).toBe(0);
  expect(stderr).toBe(
    '--input as given has the key "x" again at line 1, column 35 (.list[0].x); only the last one counts\n' +
      '--input as given has the key "a" again at line 1, column 43 (.a); only the last one counts\n',
  );
});

describe("the error for invalid JSON hints at the cause", () => {
  const quoting = /single quotes, as --input '\{.*\}'; .*--input "@input.json"/;
  test.each([
    [
      "a file's name",
      "cfg.json",
      /unexpected 'c' at line 1, column 1/,
      /put an @ before.*--input @cfg.json$/m,
    ],
    ["a path to nothing", "./no such/file", /unexpected '\.'/, /--input '@.\/no such\/file'$/m],
    ["quotes that the shell took", "{key:value}", /unexpected 'k'/, quoting],
    ["single quotes in cmd", "'{key:1}'", /unexpected '''/, quoting],
    ["quotes for another shell", '{\\"key\\":1}', /unexpected '\\'/, quoting],
    ["braces that bash expanded", "a:1", /unexpected 'a'/, quoting],
    ["a byte that is not UTF-8", '{"a":"caf\ufffd"}', /not UTF-8/, /@<file>/],
    ["a comment", '{"a":1 /* one */}', /a comment at line 1, column 8/, /--help/],
    ["a text without its end", '{"a":"x', /string without its closing quote at line 1, column 6/, /--help/],
    [
      "a line break in a text",
      '{"a":"x\ny"}',
      /string without its closing quote at line 1, column 6/,
      /--help/,
    ],
    ["an escape that is none", '{"a":"\\x"}', /escape that JSON does not have at line 1, column 6/, /--help/],
    ["too many levels", '{"a":'.repeat(40_000), /is more than 1000 levels deep/, /--help/],
  ])("%s", async (_, given, says, hint) => {
    const { stderr, exitCode, sent } = await run(given, { file: "{}" });
    expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(hint);
  });
});

test("parseJson accepts exactly what JSON.parse accepts", async () => {
  const tokens = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"',
    "1",
    "-",
    "01",
    "1.",
    ".5",
    "1e",
    "null",
    "nul",
    " ",
    "\n",
  ];
  tokens.push(
    "'",
    "//",
    "\u00a0",
    "\t",
    "\\",
    "\u2028",
    "NaN",
    "+1",
    "0x1",
    "1e5",
    "true",
    '"\\u00e9"',
    '"\\u00g"',
  );
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: 1 + random(7) }, () => tokens[random(tokens.length)]).join("");
    let value: unknown;
    try {
      value = { value: JSON.parse(text) as unknown };
    } catch {
      value = { error: expect.stringMatching(/ at line \d+, column \d+/) as string };
    }
    expect(await parseJson(text), text).toMatchObject(value as object);
  }
});

test("a run id that no request can carry is refused with a suggestion that works", async () => {
  const runId = ["--run-id", "deploy-feature/Größe "];
  const { stderr, exitCode, sent } = await sendWith(["run", "x.tsx", ...runId]);
  expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
  expect(stderr).toContain(
    'no request could reach a run with the id "deploy-feature/Größe ": it has "/" in it',
  );
  expect(stderr).toMatch(/--run-id deploy-feature-Gro-e$/m);
  const unnamed = await sendWith(["run", "x.tsx", "--run-id", "日本"]);
  expect(unnamed.stderr).toMatch(/^next: +use letters, digits/m);
  expect((await sendWith(["run", "x.tsx", "--run-id", "deploy-feature-Gro-e"])).exitCode).toBe(0);
});

test("a value that looks like a global flag changes neither the server nor the format", async () => {
  const data = ["--correlation", "--json", "--data", "{}"];
  const { sent, stdout } = await sendWith(["signal", ...data, "--", "r", "--base-url=http:elsewhere"]);
  expect(sent[0]).toEqual({ data: {}, correlationId: "--json" });
  expect(stdout).toBe("sent signal --base-url=http:elsewhere to run r\n");
});
