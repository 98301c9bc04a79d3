import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { getStatus } from "../../../src/client/index.js";
import { startRealServer, type RealServer } from "../../real-server.js";
import { waitUntil } from "../../wait-until.js";
import { cli, startCli } from "../run-cli.js";

/** A workflow that fails after its first task until the file `fixed` exists, and then ends once `go` exists. */
const flaky = `/** @jsxImportSource smithers-orchestrator */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ flakyStep: z.object({ value: z.number() }) });
const is = (name) => existsSync(join(import.meta.dir, name));
const waiter = {
  id: "waiter",
  tools: {},
  async generate() {
    while (!is("go")) await new Promise((done) => setTimeout(done, 50));
    return { output: { value: 2 } };
  },
};
export default smithers((ctx) => {
  const before = ctx.outputMaybe("flakyStep", { nodeId: "before" });
  if (before && !is("fixed")) throw new Error("größer als gedacht");
  return (
    <Workflow name="flaky">
      <Sequence>
        <Task id="before" output="flakyStep">{{ value: 1 }}</Task>
        <Task id="waits" output="flakyStep" agent={waiter}>Wait</Task>
      </Sequence>
    </Workflow>
  );
});
`;

describe("a real server", () => {
  const running: RealServer[] = [];
  const start = async () => {
    const server = await startRealServer();
    running.push(server);
    return server;
  };
  afterEach(() => Promise.all(running.splice(0).map((server) => server.stop())));

  /** The events as the server sends them, one per line. */
  async function historyOf(baseUrl: string, runId: string): Promise<string> {
    const response = await fetch(`${baseUrl}/v1/runs/${runId}/events`);
    return [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) => `${data}\n`).join("");
  }
  /** Collects what a process has written so far. */
  function written(process: ReturnType<typeof startCli>) {
    const text = { stdout: "", stderr: "" };
    process.stdout.setEncoding("utf8").on("data", (data: string) => (text.stdout += data));
    process.stderr.setEncoding("utf8").on("data", (data: string) => (text.stderr += data));
    return text;
  }

  test("that is killed twice during a run is still watched, before and after a resume", async () => {
    const server = await start();
    const { baseUrl } = server;
    const runId = (
      await cli(["run", "slow.tsx", "--input", '{"steps":4,"ms":1200}'], { baseUrl })
    ).stdout.trim();
    const text = startCli(["watch", runId, "--debug"], { baseUrl });
    const json = startCli(["watch", runId, "--json"], { baseUrl });
    const [textSoFar, jsonSoFar] = [written(text), written(json)];
    const reopened = () =>
      [...textSoFar.stderr.matchAll(/^debug: GET .*\/events\?afterSeq=\d+ 200/gm)].length;

    await waitUntil(
      () => textSoFar.stdout.includes("finished") && jsonSoFar.stdout.includes('"NodeFinished"'),
    );
    await server.kill();
    await waitUntil(() => textSoFar.stderr.includes("reconnecting in"));
    await server.restart();
    // Nothing executes the run now, and the watch continues anyway.
    await waitUntil(() => reopened() > 0);
    const before = reopened();
    await server.restart();
    await waitUntil(() => reopened() > before);
    expect((await getStatus({ baseUrl, runId })).status).toBe("running");
    expect([text.exitCode, json.exitCode]).toEqual([null, null]);

    expect((await cli(["resume", runId, "slow.tsx"], { baseUrl })).exitCode).toBe(0);
    const [asText, asJson] = await Promise.all([text, json]);
    const all = await historyOf(baseUrl, runId);
    expect(asJson).toMatchObject({ stdout: all, stderr: "", exitCode: 0 });
    const again = await cli(["watch", runId], { baseUrl });
    expect(asText).toMatchObject({ stdout: again.stdout, exitCode: 0 });
    expect(again).toMatchObject({ stderr: "", exitCode: 0 });
    expect(asText.stdout).toMatch(/run +finished\n$/);
  }, 120_000);

  test("whose run failed and was resumed does not end a watch at the old failure", async () => {
    const server = await start();
    const { baseUrl, root } = server;
    await writeFile(join(root, "flaky.tsx"), flaky);
    const failed = await cli(["run", "flaky.tsx", "-w", "--json"], { baseUrl });
    expect(failed).toMatchObject({ stderr: "", exitCode: 1 });
    expect(failed.stdout).toMatch(/"RunFailed".*\n$/);
    const { runId } = JSON.parse(failed.stdout.split("\n")[0] ?? "") as { runId: string };

    await writeFile(join(root, "fixed"), "");
    const resumed = startCli(["resume", runId, "flaky.tsx", "-w", "--json"], { baseUrl });
    const resumedSoFar = written(resumed);
    await waitUntil(async () => (await getStatus({ baseUrl, runId })).status === "running");
    const watched = startCli(["watch", runId, "--json"], { baseUrl });
    // Wait until both have read past the old failure; the run cannot continue until `go` exists.
    const watchedSoFar = written(watched);
    await waitUntil(() => /"RunFailed"[^]*"RunStarted"/.test(watchedSoFar.stdout));
    await waitUntil(() => resumedSoFar.stdout.includes("RunStarted"));
    await writeFile(join(root, "go"), "");

    const all = await historyOf(baseUrl, runId);
    for (const result of [await watched, await cli(["watch", runId, "--json"], { baseUrl })])
      expect(result).toMatchObject({ stdout: all, stderr: "", exitCode: 0 });
    const since = all.slice(failed.stdout.length);
    expect(await resumed).toMatchObject({ stdout: since, stderr: "", exitCode: 0 });
    expect(all.startsWith(failed.stdout)).toBe(true);
    expect(all).toMatch(/"RunFinished".*\n$/);
    // A watch that starts after the old failure sees the rest, too.
    const count = failed.stdout.split("\n").length - 1;
    const rest = await cli(["watch", runId, "--json", "--after-seq", String(count - 1)], { baseUrl });
    expect(rest).toEqual({ stdout: all.slice(failed.stdout.length), stderr: "", exitCode: 0 });
  }, 120_000);
});
