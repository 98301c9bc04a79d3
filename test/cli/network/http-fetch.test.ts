import { afterEach, expect, test } from "vitest";
import { httpFetch } from "../../../src/cli/network/http-fetch.js";
import { approve, getStatus } from "../../../src/client/index.js";
import { answer, RawServer } from "../../faults/raw-server.js";

let server: RawServer | undefined;
afterEach(() => server?.close());

test("a decision does not go out on a kept connection, which the server may be closing", async () => {
  const seen: { method: string; index: number }[] = [];
  const numbers = new Map<unknown, number>();
  server = await RawServer.start(({ method }, socket) => {
    if (!numbers.has(socket)) numbers.set(socket, numbers.size);
    seen.push({ method, index: numbers.get(socket) ?? -1 });
    const body = { runId: "r", workflowName: "w", status: "running", summary: {} };
    socket.write(answer(200, body, { connection: "keep-alive" }));
  });
  const args = { runId: "r", baseUrl: server.baseUrl, fetch: httpFetch({}) };
  await getStatus(args);
  await getStatus(args);
  await approve({ ...args, nodeId: "gate" });
  expect(seen).toEqual([
    { method: "GET", index: 0 },
    { method: "GET", index: 0 },
    { method: "POST", index: 1 },
  ]);
});
