import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { protocolServer, rawServer } from "../faults/in-test.js";
import { answer, errorBody } from "../faults/raw-server.js";
import { runMain } from "./run-main.js";

/** Starts a server with a failed run that has these events. */
async function failedRun(...events: object[]): Promise<{ baseUrl: string }> {
  const server = await protocolServer();
  server.addRun("r", { status: "failed", finishedAtMs: 3 });
  server.publish("r", { type: "RunStarted", runId: "r", timestampMs: 1 });
  for (const event of events) server.publish("r", { runId: "r", timestampMs: 2, ...event });
  return server;
}

const failed = (nodeId: string, error: unknown, attempt = 1) => ({
  type: "NodeFailed",
  nodeId,
  iteration: 0,
  attempt,
  error,
});
const full = {
  name: "RangeError",
  message: "full\nof <files>",
  stack: "RangeError: full\nof <files>\n    at f (x.ts:1:2)",
};
const runFailed = { type: "RunFailed", error: "Task failed", timestampMs: 3 };

test("status shows a failed node's full error below the tree, and the run's if that says more", async () => {
  const { baseUrl } = await failedRun(failed("a", full, 2), failed("b", "short"), runFailed);
  const { stdout } = await runMain(["status", "r"], { baseUrl, env: { LANG: "C.UTF-8" } });
  expect(stdout.split("\n").slice(9, 16)).toEqual([
    "├─ ✗ a  failed, attempt 2: RangeError: full",
    "└─ ✗ b  failed: short",
    "",
    "a (attempt 2)",
    "  RangeError: full",
    "  of <files>",
    "      at f (x.ts:1:2)",
  ]);
  // The one-line error of b is complete in the tree.
  expect(stdout.match(/short/g)).toHaveLength(1);

  const own = await failedRun(failed("a", "tolerated"), {
    ...runFailed,
    error: { message: "boom", cause: "why" },
  });
  const text = (await runMain(["status", "r"], own)).stdout;
  expect(text).toContain("\nrun\n  boom\n  caused by: why\n");
});

test("a very long error is truncated, and the suggested command prints all of it", async () => {
  const last = "the last line of all";
  const message = `${Array.from({ length: 5000 }, (_, index) => `line ${index}`).join("\n")}\n${last}`;
  const { baseUrl } = await failedRun(failed("a", { message }), runFailed);
  const { stdout } = await runMain(["status", "r"], { baseUrl });
  expect(stdout.length).toBeLessThan(6000);
  const [, command = ""] =
    /^ {2}… 4,940 more lines, [\d,]+ characters\n\nall of it:\n {2}next: {2}(.+)$/m.exec(stdout) ?? [];
  expect(command).toBe("smithers-client watch --json -- r | jq 'select(.error).error'");
  const [words = "", filter = ""] = command.split(" | ");
  const all = await runMain(words.split(" ").slice(1), { baseUrl });
  expect(all.stdout).toContain(last);
  expect(filter).toMatch(/^jq '(.*)'$/);
  try {
    execFileSync("jq", ["--version"]);
  } catch {
    return;
  }
  const shown = execFileSync("jq", [filter.slice(4, -1)], { input: all.stdout, encoding: "utf8" });
  expect(shown).toContain(last);
});

test("if many nodes failed, some are shown and the rest are counted", async () => {
  const many = Array.from({ length: 12 }, (_, index) => failed(`n${index}`, `first ${index}\nsecond`));
  const { stdout } = await runMain(["status", "r"], await failedRun(...many, runFailed));
  expect(stdout.match(/^ {2}second$/gm)).toHaveLength(5);
  expect(stdout).toContain("\n7 more nodes failed; all errors:\n");
});

test("reports have the first line of an error as the message and the rest as the body", async () => {
  const folder = await mkdtemp(join(tmpdir(), "smithers-client-errors-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "report.xml");
  const { baseUrl } = await failedRun(failed("a", full, 2), runFailed);
  const args = ["watch", "r", "--junit", file, "--ci", "github"];
  const { stderr, stdout } = await runMain(args, { baseUrl });
  expect(await readFile(file, "utf8")).toContain(
    [
      '<failure message="RangeError: full (attempt 2)">of &lt;files&gt;',
      "    at f (x.ts:1:2)</failure>",
    ].join("\n"),
  );
  expect(stderr).toBe(
    [
      "::error title=a::RangeError: full%0Aof <files>%0A    at f (x.ts:1:2)",
      "::error title=run r::failed: Task failed",
      "",
    ].join("\n"),
  );
  // In the log, the error's lines are outside the group, which is folded.
  expect(stdout).toMatch(/^ {12}of <files>\n {16}at f \(x\.ts:1:2\)$/m);

  const own = await failedRun({ ...runFailed, error: full });
  await runMain(args, own);
  expect(await readFile(file, "utf8")).toContain(
    '<error message="failed: RangeError: full">of &lt;files&gt;\n    at f (x.ts:1:2)</error>',
  );
});

test("a server's error message of several lines is printed as indented lines", async () => {
  const message = "does not compile:\n  import x\nnext:  forged";
  const server = await rawServer((_, socket) =>
    socket.end(answer(400, errorBody("INVALID_REQUEST", message))),
  );
  const { stderr } = await runMain(["status", "r"], server);
  expect(stderr).toMatch(
    /^error: HTTP 400 INVALID_REQUEST: does not compile:\n {4}import x\n {2}next: {2}forged .*\n/,
  );
});
