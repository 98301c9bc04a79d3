import { cp, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { freshId, runBinary as cli, startCli } from "../cli/run-cli.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { expectPrintedOutput } from "./printed-output.js";
import { freePort } from "./smithers-program.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

const reaches = (runId: string, status: string) =>
  waitUntil(async () => (await client.getStatus({ runId })).status === status, 60_000);

describe("`retry`, `output`, `pause`, and choices on the command line", () => {
  test("a failed run continues after a retry, which resume suggests", async () => {
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

  test("a run pauses between two tasks and continues after a resume", async () => {
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

  test("an approval accepts an option, another one a ranking, and neither needs a resume", async () => {
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

  test("an error for an unknown workflow lists the keys, and input that the schema rejects is an error", async () => {
    const unknown = await cli(["run", "./nope.tsx"]);
    expect(unknown.exitCode).toBe(4);
    expect(unknown.stderr).toContain("the gateway's workflows are");
    const rejected = await cli(["run", "typed", "-f", "count=many"]);
    expect(rejected).toMatchObject({ exitCode: 4, stdout: "" });
    expect(rejected.stderr).toContain("never recorded it");
  });
});

describe("`readHistory`, `logs`", () => {
  test("print the output of nodes", async () => {
    const runId = freshId("prints");
    await cli(["run", "prints", "--run-id", runId]);
    await expectPrintedOutput(runId, client);
  });
});

describe("`rerun`", () => {
  test("starts the workflow again with the same input", async () => {
    const runId = freshId("slow");
    const again = freshId("again");
    await cli(["run", "slow", "--run-id", runId, "--watch", "-F", "steps=2", "-F", "ms=10"]);
    const done = await cli(["rerun", runId, "--new-run-id", again, "--watch"]);
    expect(done.exitCode).toBe(0);
    const nodesOf = async (id: string) => [...(await client.loadRunView({ runId: id })).view.nodes.keys()];
    expect(await nodesOf(again)).toEqual(await nodesOf(runId));
  });
});

describe("`watch --all`", () => {
  test("follows runs that start later, through their approvals", async () => {
    const runIds = [freshId("all"), freshId("all")];
    const [first = "", second = ""] = runIds;
    await cli(["run", "gate", "--run-id", first]);
    const watching = startCli(["watch", "--all", "--workflow", "gate", "--keep", "--json"]);
    let seen = "";
    watching.stdout.on("data", (data) => (seen += String(data)));
    await waitUntil(() => seen.includes(first));
    await cli(["run", "gate", "--run-id", second]);
    const isFinished = (id: string) => new RegExp(`"RunFinished","runId":"${id}"`).test(seen);
    for (const id of runIds) {
      await reaches(id, "waiting-approval");
      await cli(["approve", id]);
    }
    await waitUntil(() => runIds.every(isFinished), 60_000);
    watching.kill("SIGINT");
    expect((await watching).exitCode).toBe(130);
  });
});

describe("`serve --gateway`", () => {
  test("starts a gateway and stops it", async () => {
    const port = String(await freePort());
    const env = { SMITHERS_GATEWAY_STATE_DIR: join(sharedServer.root, freshId("state")), DO_NOT_TRACK: "1" };
    const root = await mkdtemp(join(tmpdir(), "smithers-client-workspace-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await cp(join(sharedServer.root, ".smithers", "workflows"), join(root, ".smithers", "workflows"), {
      recursive: true,
    });
    await symlink(await realpath(join(sharedServer.root, "node_modules")), join(root, "node_modules"));
    const serving = startCli(["serve", "--gateway", "--port", port, "--root", root], { env });
    let said = "";
    serving.stderr.on("data", (data) => (said += String(data)));
    await waitUntil(() => said.includes(`http://127.0.0.1:${port}`), 60_000);
    const there = { baseUrl: `http://127.0.0.1:${port}` };
    expect((await cli(["run", "quick", "--watch"], there)).exitCode).toBe(0);
    serving.kill("SIGINT");
    expect((await serving).exitCode).toBe(0);
    expect((await cli(["ls"], there)).exitCode).toBe(5);
  });
});
