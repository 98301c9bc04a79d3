import { afterAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { runBinary as cli, startCli } from "../cli/run-cli.js";
import { waitUntil } from "../wait-until.js";
import { startSmithers, type SmithersProgram } from "./smithers-program.js";

const programs: SmithersProgram[] = [];
async function started(...words: string[]) {
  const program = await startSmithers(words);
  programs.push(program);
  return { baseUrl: program.baseUrl, client: createClient({ baseUrl: program.baseUrl }) };
}
afterAll(async () => {
  for (const program of programs) await program.stop();
});

/** `smithers up --serve` with the flags that keep it from calling models or opening browsers. */
const up = ["up", "./gate.tsx", "--serve", "--no-report", "--no-monitor", "--no-post-failure"];

describe("the server of one run, `smithers up --serve`", () => {
  test("can be watched, decided, and read like any other", async () => {
    const { baseUrl, client } = await started(...up, "--run-id", "only-one");
    const runId = "only-one";
    await waitUntil(async () => (await client.getStatus({ runId })).status === "waiting-approval");
    expect(await client.getFrames({ runId, tail: 1 })).toMatchObject([{ runId }]);
    expect(await client.listApprovals()).toMatchObject([{ runId, nodeId: "gate", workflowName: "gate" }]);

    const watching = startCli(["watch", runId], { baseUrl });
    let told = "";
    watching.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
    expect((await cli(["approve", runId], { baseUrl })).exitCode).toBe(0);
    // Nothing on that server resumes a run, and the command says what can.
    await waitUntil(() => told.includes(`smithers up <workflow> --resume ${runId}`));
    watching.kill("SIGINT");
    const watched = await watching;
    expect(watched.exitCode).toBe(130);
    expect(watched.stdout).toContain("gate            approved");
  });

  test("can be cancelled like any other, and is named in the error for what it cannot do", async () => {
    const { baseUrl, client } = await started(...up, "--run-id", "only-two");
    const runId = "only-two";
    await waitUntil(async () => (await client.getStatus({ runId })).status === "waiting-approval");
    for (const words of [["ls"], ["status", "another"], ["run", "./gate.tsx"], ["resume", runId]]) {
      const refused = await cli(words, { baseUrl });
      expect(refused.exitCode).toBe(4);
      expect(refused.stderr).toContain("ONE_RUN_SERVER");
      expect(refused.stderr).toContain("this is the server of run only-two alone (smithers up --serve)");
    }
    expect((await cli(["cancel", runId], { baseUrl })).exitCode).toBe(0);
    expect((await cli(["watch", runId], { baseUrl })).exitCode).toBe(2);
  });
});
