import { describe, expect, test } from "vitest";
import { protocolServer } from "../faults/in-test.js";
import { waitUntil } from "../wait-until.js";
import { cli, startCli } from "./run-cli.js";

/** Starts a server with a run that waits for a signal, as on 0.32. */
async function waitingRun(status = "waiting-event") {
  const server = await protocolServer();
  server.addRun("r", { status });
  const signal = (...words: string[]) =>
    cli(["signal", "r", "payment", ...words], { baseUrl: server.baseUrl });
  const sent = () => server.calls.filter(({ call }) => call === "sendSignal");
  return { server, signal, sent };
}

describe("signal", () => {
  test("sends the signal and resumes the run", async () => {
    const { server, signal, sent } = await waitingRun();
    const done = await signal("--data", '{"amount":5}', "--correlation", "order 7");
    expect(done).toEqual({
      exitCode: 0,
      stdout: "sent signal payment to run r\n",
      stderr: "resumed the run, which receives the signal\n",
    });
    expect(sent()).toMatchObject([
      { path: "/v1/runs/r/signals/payment", body: { data: { amount: 5 }, correlationId: "order 7" } },
    ]);
    expect(server.count("resume")).toBe(1);
    const json = await signal("--json", "--data", "7");
    expect(JSON.parse(json.stdout)).toMatchObject({ runId: "r", signalName: "payment" });
    expect(json.stderr).toBe("");
    expect(sent()[1]?.body).toEqual({ data: 7 });
  });

  test("does not resume with --no-resume, or if the run is executing", async () => {
    const { server, signal, sent } = await waitingRun();
    expect((await signal("--no-resume")).stderr).toBe("");
    server.setStatus("r", "running", null);
    expect((await signal()).stderr).toMatch(
      /^the run is running; once it waits for the signal, this continues it: smithers-client resume -- r\n$/,
    );
    expect(sent().map(({ body }) => body)).toEqual([{ data: {} }, { data: {} }]);
    expect(server.count("resume")).toBe(0);
  });

  test("says that the signal was sent if the resume fails", async () => {
    const { server, signal } = await waitingRun();
    server.misbehave("resume", { kind: "answer", status: 500 });
    const done = await signal();
    expect(done).toMatchObject({ exitCode: 0, stdout: "sent signal payment to run r\n" });
    expect(done.stderr).toMatch(
      /^the run continues only after a resume, and that failed .*smithers-client resume -- r\n$/,
    );
  });

  test("is suggested by watch if a run waits for a signal", async () => {
    const { server, signal } = await waitingRun();
    const blocked = { kind: "event", nodeId: "payment", correlationKey: "payment" };
    server.addRun("r", { status: "waiting-event", runState: { state: "waiting-event", blocked } });
    server.publish("r", { type: "RunStatusChanged", runId: "r", status: "waiting-event", timestampMs: 1 });
    const watching = startCli(["watch", "r"], { baseUrl: server.baseUrl });
    let told = "";
    watching.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
    const line = "payment waits for a signal; to send it: smithers-client signal --data '{}' -- r payment\n";
    await waitUntil(() => told.startsWith(line));
    await signal();
    server.setStatus("r", "finished", 1);
    server.publish("r", { type: "RunFinished", runId: "r", timestampMs: 2 });
    expect((await watching).exitCode).toBe(0);
  });

  test("refuses a run that has ended, and invalid data, before it sends anything", async () => {
    const { signal, sent } = await waitingRun("finished");
    const over = await signal();
    expect(over.exitCode).toBe(4);
    expect(over.stderr).toContain("run r has ended (finished): nothing would receive the signal");
    for (const data of ["{amount:5}", "", "@no-such-file.json"]) {
      expect((await signal("--data", data)).exitCode).toBe(4);
    }
    expect(sent()).toEqual([]);
  });

  test("names the version that is required if the server is older", async () => {
    const { stdout } = await cli(["run", "slow.tsx", "--input", '{"steps":20}']);
    const runId = stdout.trim();
    const refused = await cli(["signal", runId, "payment"]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain("the server is older than this route, which came with 0.32");
    await cli(["cancel", runId]);
  });
});
