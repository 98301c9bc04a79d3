import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SmithersEvent } from "../../src/client/index.js";
import { sharedServer } from "../shared-server.js";
import { cli } from "./run-cli.js";
import { sendWords } from "./sent-requests.js";

const cwd = mkdtempSync(join(tmpdir(), "smithers-fields-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const send = (words: string[], stdin = "") => sendWords(words, { cwd, stdin, status: "failed" });
const run = (words: string[], stdin?: string) => send(["run", "x.tsx", ...words], stdin);

/** The input that was sent, as JSON. */
async function inputOf(words: string[], stdin?: string): Promise<string> {
  const { sent, stderr } = await run(words, stdin);
  expect(stderr).toBe("");
  return JSON.stringify((sent[0] as { input: unknown }).input);
}

describe("-f always sets a string", () => {
  test.each([
    [["-f", "environment=staging"], '{"environment":"staging"}'],
    [["-f", "count=3", "-f", "on=true", "-f", "list=[1]"], '{"count":"3","on":"true","list":"[1]"}'],
    [["-f", "id=3544790567247868102"], '{"id":"3544790567247868102"}'],
    [["-f", "query=a=b&c=@d"], '{"query":"a=b&c=@d"}'],
    [["-f", "at=@no-file"], '{"at":"@no-file"}'],
    [["-f", "empty="], '{"empty":""}'],
    [["-f", "lines=a\nb"], '{"lines":"a\\nb"}'],
    [["--raw-field", "environment=staging"], '{"environment":"staging"}'],
    [["--raw-field=environment=staging"], '{"environment":"staging"}'],
    [["-f", "note=--json"], '{"note":"--json"}'],
  ])("%j", async (words, input) => expect(await inputOf(words)).toBe(input));
});

describe("-F sets JSON if the value is JSON, and a string otherwise", () => {
  beforeAll(() => {
    writeFileSync(join(cwd, "notes.md"), "# Notes\n");
    writeFileSync(join(cwd, "list.json"), "[1, 2]\n");
  });

  test.each([
    [["-F", "count=3", "-F", "on=true", "-F", "none=null"], '{"count":3,"on":true,"none":null}'],
    [["-F", 'regions=["eu","us"]', "-F", 'a={"b":1.5}'], '{"regions":["eu","us"],"a":{"b":1.5}}'],
    [["-F", 'quoted="3"'], '{"quoted":"3"}'],
    [
      ["-F", "name=staging", "-F", "version=1.2.3", "-F", "dash=-"],
      '{"name":"staging","version":"1.2.3","dash":"-"}',
    ],
    [["-F", "code=007", "-F", "empty="], '{"code":"007","empty":""}'],
    [["--field", "count=3"], '{"count":3}'],
    [["-F", "notes=@notes.md", "-F", "list=@list.json"], '{"notes":"# Notes\\n","list":[1,2]}'],
  ])("%j", async (words, input) => expect(await inputOf(words)).toBe(input));

  test("reads a value from stdin", async () => {
    expect(await inputOf(["-F", "diff=@-"], "+ a line")).toBe('{"diff":"+ a line"}');
    const twice = await run(["--input", "-", "-F", "diff=@-"], "{}");
    expect(twice).toMatchObject({ exitCode: 4, sent: [] });
    expect(twice.stderr).toContain("stdin can be read once");
  });

  test.each([
    [
      "id=3544790567247868102",
      "3544790567247868102 at line 1, column 1 would be sent as 3544790567247868000",
      "if it is an id, send it as text: -f 'id=3544790567247868102';",
    ],
    [
      "a.ids=[1,3544790567247868102]",
      "3544790567247868102 at line 1, column 4 ([1])",
      'make it a string: "3544790567247868102"',
    ],
    [
      "title=[WIP] fix",
      "-F title as given is not JSON: unexpected 'W' at line 1, column 2",
      "to send it as text: -f 'title=[WIP] fix'",
    ],
    ["a={b:1}", "unexpected 'b'", "-f 'a={b:1}'"],
    [
      "a=@broken.txt",
      "-F a from broken.txt is not JSON",
      `to send it as text: -f 'a='"$(cat -- broken.txt)"`,
    ],
    ["a=@no-file", "-F a cannot read no-file: ENOENT", "--help"],
    ["a=caf\ufffd", "-F a as given has a character that is not UTF-8", "use -F a=@<file>"],
  ])("refuses %j", async (field, says, hint) => {
    writeFileSync(join(cwd, "broken.txt"), "[link](x)");
    const { stderr, sent, exitCode } = await run(["-F", field]);
    expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
    expect(stderr).toContain(says);
    expect(stderr).toContain(hint);
  });
});

describe("the key of a field", () => {
  test.each([
    [["-f", "a.b.c=1", "-F", "a.b.d=2", "-F", "a.e=3"], { a: { b: { c: "1", d: 2 }, e: 3 } }],
    [["-f", "a.x=1", "-F", 'a={"x":0,"y":2}'], { a: { x: "1", y: 2 } }],
    [
      ["--input", '{"a":{"x":0,"y":2},"b":1,"c":null}', "-f", "a.x=1", "-F", "b=2", "-F", "c.d=3"],
      { a: { x: "1", y: 2 }, b: 2, c: { d: 3 } },
    ],
  ])("nests at its dots: %j", async (words, input) =>
    expect(JSON.parse(await inputOf(words))).toEqual(input),
  );

  test("never reaches an inherited property", async () => {
    expect(await inputOf(["-F", "__proto__.x=1", "-F", "constructor.y=2"])).toBe(
      '{"__proto__":{"x":1},"constructor":{"y":2}}',
    );
  });

  test.each([
    [["-f", "environment"], "'environment' is not key=value, such as environment=staging"],
    [["-F", "=staging"], "'=staging' is not key=value"],
    [["-f", "a..b=1"], "the key 'a..b' has an empty part next to a dot"],
    [["-f", "a=1", "-F", "a=2"], "a is set twice"],
    [["-f", "a=1", "-F", "a.b=2"], "-F a.b cannot be set: a is a string, not an object"],
    [["--input", '{"a":{"list":[1]}}', "-f", "a.list.0=2"], "-f a.list.0 cannot be set: a.list is an array"],
  ])("is refused in %j", async (words, says) => {
    const { stderr, sent, exitCode } = await run(words);
    expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
    expect(stderr).toContain(says);
  });
});

describe("on a real server", () => {
  const baseUrl = sharedServer.baseUrl;
  const started = (stdout: string) =>
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as SmithersEvent)
      .filter(({ type }) => /^Node(Started|Finished)$/.test(type));

  test("the workflow receives the fields and respects --max-concurrency", async () => {
    const words = ["run", "chatty.tsx", "-F", "tasks=4", "--max-concurrency", "1", "-w", "--json"];
    const { stdout, exitCode } = await cli(words, { baseUrl });
    expect(exitCode).toBe(0);
    const types = started(stdout).map(({ type }) => type);
    expect(types).toEqual(Array.from({ length: 4 }, () => ["NodeStarted", "NodeFinished"]).flat());
  });
});

describe("--max-concurrency", () => {
  const config = { config: { maxConcurrency: 2 } };

  test("is sent with the start and with each resume", async () => {
    expect((await run(["--max-concurrency", "2"])).sent).toMatchObject([config]);
    expect((await run([])).sent[0]).not.toHaveProperty("config");
    const { sent } = await send(["resume", "--max-concurrency", "2", "--", "r", "x.tsx"]);
    expect(sent).toContainEqual({ workflowPath: "x.tsx", runId: "r", resume: true, ...config });
  });

  test.each(["0", "-1", "x", "1.5"])("%s is refused", async (count) => {
    const { stderr, sent, exitCode } = await run([`--max-concurrency=${count}`]);
    expect({ sent, exitCode }).toEqual({ sent: [], exitCode: 4 });
    expect(stderr).toContain("is not an integer of at least 1");
  });
});
