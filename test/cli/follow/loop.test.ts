import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../../src/client/index.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { cli, freshId } from "../run-cli.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

test("a node in a loop is shown with its iteration everywhere, including the first one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "smithers-loop-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const runId = freshId("loop");
  const junit = join(folder, "report.xml");
  const words = ["run", "loop.tsx", "--run-id", runId, "-w", "--junit", junit];
  const { stdout, stderr, exitCode } = await cli([...words, "--on-approval", "approve"]);
  expect(exitCode).toBe(0);
  const names = [...stdout.matchAll(/^ +[\d.]+m?s {2}(\S+(?: #\d+)?) /gm)].map(([, name]) => name);
  expect([...new Set(names)].toSorted()).toEqual(["draft #0", "draft #1", "review #0", "review #1", "run"]);
  expect(stderr.match(/^approved .*$/gm)).toEqual([
    "approved review (iteration 0)",
    "approved review (iteration 1)",
  ]);
  const cases = [...readFileSync(junit, "utf8").matchAll(/<testcase name="([^"]*)"/g)].map(
    ([, name]) => name,
  );
  expect(cases.toSorted()).toEqual([
    "draft (iteration 0)",
    "draft (iteration 1)",
    "review (iteration 0)",
    "review (iteration 1)",
  ]);
});

test("a loop's first approval is shown with the iteration that --iteration takes", async () => {
  const runId = freshId("loop");
  await cli(["run", "loop.tsx", "--run-id", runId]);
  await waitUntil(async () => {
    const { status } = await client.getStatus({ runId }).catch(() => ({ status: "" }));
    return status === "waiting-approval";
  });
  const status = (await cli(["status", runId])).stdout;
  expect(status).toMatch(/loop rounds \(iteration 0\)/);
  expect(status).toMatch(/review #0 /);
  expect(status).toMatch(/review \(iteration 0\) has been waiting/);
  expect(status).toContain(`approve --iteration 0 -- ${runId} review`);
  expect((await cli(["approvals"])).stdout).toMatch(new RegExp(`^${runId} +review \\(iteration 0\\) `, "m"));
  const followed = await cli(["watch", runId, "--on-approval", "exit"]);
  expect(followed.stderr).toContain(`to decide it: smithers-client approve --iteration 0 -- ${runId} review`);
  const frames = (await cli(["frames", runId, "--tail", "1"])).stdout;
  expect(frames).toMatch(/task review \(iteration 0\)/);
  const { stdout } = await cli(["approve", "--iteration", "0", "--", runId, "review"]);
  expect(stdout).toBe(`approved review (iteration 0) of run ${runId}\n`);
});
