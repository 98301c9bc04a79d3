import { describe, expect, test } from "vitest";
import { rawServer } from "../faults/in-test.js";
import { answer, errorBody } from "../faults/raw-server.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { freshId } from "./run-cli.js";
import { runMain } from "./run-main.js";

const baseUrl = sharedServer.baseUrl;
const hint =
  "next:  start a Smithers gateway ('smithers-client serve --gateway'), and name it with --base-url\n";

describe("a feature that only a gateway has", () => {
  test.each([
    ["pause", [], "this server cannot pause runs"],
    ["retry", ["first"], "this server cannot run single nodes again"],
    ["output", ["first"], "this server does not return what a node produced"],
  ])("is refused by %s on a real server of another kind", async (command, words, reason) => {
    const runId = freshId(command);
    await runMain(["run", "./quick.tsx", "--run-id", runId], { baseUrl });
    const { exitCode, stdout, stderr } = await runMain([command, runId, ...words], { baseUrl });
    expect(exitCode).toBe(4);
    expect(stdout).toBe("");
    expect(stderr).toContain(`${reason}; a Smithers gateway does`);
    expect(stderr).toContain(hint);
  });

  test.each([["pause"], ["retry", "build"], ["output", "build"]])(
    "is refused by %s on a server of a single run",
    async (command, ...words) => {
      const run = { runId: "run-1", status: "running" };
      const noRoute = answer(404, errorBody("NOT_FOUND", "Route not found"));
      const server = await rawServer(({ path }, socket) =>
        socket.end(path === "/" ? answer(200, run) : noRoute),
      );
      const failed = await runMain([command, "run-1", ...words], { baseUrl: server.baseUrl });
      expect(failed.exitCode).toBe(4);
      expect(failed.stderr).toContain("this is the server of run run-1 alone");
      expect(server.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    },
  );

  test("is refused by approve --select, which decides nothing", async () => {
    const runId = freshId("choice");
    await runMain(["run", "./gate.tsx", "--run-id", runId], { baseUrl });
    const isOpen = async () =>
      (await runMain(["approvals", "-q"], { baseUrl })).stdout.includes(`${runId} gate`);
    await waitUntil(isOpen);
    const refused = await runMain(["approve", runId, "--select", "blue"], { baseUrl });
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain("no choice among options; a Smithers gateway does");
    expect(refused.stderr).toContain(hint);
    expect(await isOpen()).toBe(true);
  });
});
