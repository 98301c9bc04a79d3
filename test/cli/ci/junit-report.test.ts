import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { junitReport } from "../../../src/cli/ci/junit-report.js";
import type { FollowEnding } from "../../../src/cli/ci/reporter.js";
import { noLoops } from "../../../src/cli/describe/approval-label.js";
import type { Run, RunView } from "../../../src/client/index.js";
import { failedRun, viewOf } from "./run-views.js";
import { parseXml, type XmlElement } from "./xml.js";

/** The only test suite in the report. */
async function suiteOf(view: RunView, ending: Partial<FollowEnding> = {}): Promise<XmlElement> {
  const folder = await mkdtemp(join(tmpdir(), "smithers-client-junit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "report.xml");
  const given: FollowEnding = {
    status: undefined,
    problem: undefined,
    exitCode: 1,
    loops: noLoops,
    ...ending,
  };
  await junitReport(file).end(view, given);
  const document = parseXml(await readFile(file, "utf8"));
  expect(document).toMatchObject({ name: "testsuites", children: [{ name: "testsuite" }] });
  return document.children[0] as XmlElement;
}

const casesOf = ({ children }: XmlElement) =>
  children
    .filter(({ name }) => name === "testcase")
    .map(({ attributes, children: [verdict] }) => [
      attributes["name"],
      verdict?.name,
      verdict?.attributes["message"],
    ]);

test.each([
  ['say "no"', 'say "no"'],
  ["a < b & c > d", "a < b & c > d"],
  ["&amp; &#10; &bogus", "&amp; &#10; &bogus"],
  ["]]><x/>", "]]><x/>"],
  ["'quoted'", "'quoted'"],
  ["true", "true"],
  ["\ufffe and \uffff", "\ufffd and \ufffd"],
  ["\u0000\u0008\u001b[2J\u007f", "\\u0000\\u0008\\u001b[2J\\u007f"],
  ["half \ud83d of one, whole 🚀", "half \\ud83d of one, whole 🚀"],
])("writes the error message and the node name %j as %j", async (text, shown) => {
  const suite = await suiteOf(failedRun(["fine", text], text), {
    status: { workflowName: text, status: "failed" } as Run,
  });
  expect(suite.attributes["name"]).toBe(shown);
  expect(casesOf(suite)).toEqual([
    ["fine", undefined, undefined],
    [shown, "failure", shown],
  ]);
});

test.each([
  ["one\r\ntwo\tthree\n  four", "two    three\n  four"],
  ["one\n]]><x/> & </failure>\u001b[2J\ufffe", "]]><x/> & </failure>\\u001b[2J\ufffd"],
  ["one\n&amp; 'a' \"b\"\rc", "&amp; 'a' \"b\"\\rc"],
])("uses the first line of %j as the message, and the rest as the body", async (text, body) => {
  const suite = await suiteOf(failedRun(["node"], text));
  const [failure] = suite.children.find(({ name }) => name === "testcase")?.children ?? [];
  expect(failure).toEqual({ name: "failure", attributes: { message: "one" }, children: [], text: body });
});

test("keeps a run's id, except for characters that XML does not allow", async () => {
  const view = { ...viewOf({ type: "RunStarted" }), runId: 'r\u0001"\ufffe' };
  const [properties] = (await suiteOf(view, { exitCode: 0 })).children;
  expect(properties?.children).toMatchObject([
    { name: "property", attributes: { name: "run-id", value: 'r\\u0001"\ufffd' } },
  ]);
});

test("reports failed nodes as failures and unfinished nodes as skipped, and counts them", async () => {
  const view = viewOf(
    { type: "RunStarted" },
    { type: "NodeStarted", nodeId: "a" },
    { type: "NodeFinished", nodeId: "a" },
    { type: "NodeStarted", nodeId: "b" },
    { type: "NodeFailed", nodeId: "b", error: { message: "oh" } },
    { type: "NodePending", nodeId: "c" },
    { type: "RunFailed", error: "oh" },
  );
  const suite = await suiteOf(view);
  expect(suite.attributes).toMatchObject({
    tests: "3",
    failures: "1",
    errors: "0",
    skipped: "1",
    time: "6.000",
  });
  expect(casesOf(suite)).toEqual([
    ["a", undefined, undefined],
    ["b", "failure", "oh"],
    ["c", "skipped", "pending"],
  ]);
});

test.each([
  ["was lost", { problem: "lost the events", exitCode: 5 }, "lost the events"],
  ["was cancelled", { status: { status: "cancelled" } as Run, exitCode: 2 }, "cancelled"],
])("a run that %s is an error even if no node failed", async (_, ending, message) => {
  const view = viewOf({ type: "RunStarted" }, { type: "NodeStarted", nodeId: "a" });
  const suite = await suiteOf(view, ending);
  expect(casesOf(suite).at(-1)).toEqual(["run", "error", message]);
  expect(suite.attributes["errors"]).toBe("1");
});

test("a run that finished has no error", async () => {
  const view = viewOf({ type: "RunStarted" }, { type: "RunFinished" });
  expect(casesOf(await suiteOf(view, { exitCode: 0 }))).toEqual([]);
});

test.each([
  "<a>&b;</a>",
  "<a b='c'/>",
  '<a b="<"/>',
  '<a b="1" b="2"/>',
  '<a b="\ufffe"/>',
  '<a b="\u0001"/>',
  "<a>",
  "<a></b>",
  "<a/><b/>",
  "text",
])("the parser refuses %j", (text) => {
  expect(() => parseXml(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`)).toThrow();
});
