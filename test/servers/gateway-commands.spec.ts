import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { freshId, runBinary as cli } from "../cli/run-cli.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

const reaches = (runId: string, status: string) =>
  waitUntil(async () => (await client.getStatus({ runId })).status === status, 60_000);

describe("`retry`, `output`, `pause`, and choices by the command line", () => {
  test("a failed run goes on after retry, where resume says so", async () => {
    const runId = freshId("breaks");
    const until = join(sharedServer.root, freshId("mended"));
    expect((await cli(["run", "breaks", "-w", "--run-id", runId, "-f", `until=${until}`])).exitCode).toBe(1);
    const refused = await cli(["resume", runId]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain(`next:  smithers-client retry --watch -- ${runId} publish\n`);
    expect((await cli(["status", runId])).stdout).toContain(
      "publish failed; running it again continues the run",
    );
    const without = await cli(["output", runId, "publish"]);
    expect(without.exitCode).toBe(4);
    expect(without.stderr).toContain("has no output: it failed");

    await writeFile(until, "");
    expect((await cli(["retry", runId, "publish", "--watch"])).exitCode).toBe(0);
    expect(await cli(["output", runId, "publish"])).toMatchObject({
      exitCode: 0,
      stdout: '{"value":"published"}\n',
    });
  });

  test("a run pauses between two tasks, and goes on after a resume", async () => {
    const runId = freshId("slow");
    await cli(["run", "slow", "--run-id", runId, "-F", "steps=8", "-F", "ms=300"]);
    await waitUntil(async () => (await client.getStatus({ runId })).summary["finished"]);
    expect(await cli(["pause", runId])).toMatchObject({
      exitCode: 0,
      stdout: `asked run ${runId} to pause\n`,
    });
    await reaches(runId, "paused");
    expect((await cli(["pause", runId])).stdout).toBe(`run ${runId} is paused already\n`);
    expect((await cli(["resume", runId, "--watch"])).exitCode).toBe(0);
  });

  test("an approval takes one of its options, then a ranking, and no resume", async () => {
    const runId = freshId("pick");
    await cli(["run", "pick", "--run-id", runId]);
    await reaches(runId, "waiting-approval");
    expect((await cli(["approve", runId])).stderr).toContain(
      "choose asks for one of its options: blue, green",
    );
    expect((await cli(["approve", runId, "--select", "mauve"])).exitCode).toBe(4);
    const chosen = await cli(["approve", runId, "--select", "green"]);
    expect(chosen).toMatchObject({ exitCode: 0, stdout: `approved choose of run ${runId}\n` });
    expect(chosen.stderr).not.toContain("resume");
    await waitUntil(async () => (await cli(["approvals", "-q"])).stdout.includes(`${runId} order`));
    expect((await cli(["approve", runId, "--rank", "green,blue", "--watch"])).exitCode).toBe(0);
    expect((await cli(["output", runId, "order"])).stdout).toContain('"ranked":["green","blue"]');
  });

  test("an unknown workflow lists the keys, and input that the schema rejects is an error", async () => {
    const unknown = await cli(["run", "./nope.tsx"]);
    expect(unknown.exitCode).toBe(4);
    expect(unknown.stderr).toContain("the gateway's workflows are");
    const rejected = await cli(["run", "typed", "-f", "count=many"]);
    expect(rejected).toMatchObject({ exitCode: 4, stdout: "" });
    expect(rejected.stderr).toContain("never recorded it");
  });
});
