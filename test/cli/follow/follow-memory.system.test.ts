import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { answer, block, chunk, lastChunk, RawServer, streamHead } from "../../faults/raw-server.js";
import { waitUntil } from "../../wait-until.js";
import { startCli } from "../run-cli.js";

const line = JSON.stringify({
  type: "NodeOutput",
  runId: "r",
  nodeId: "n",
  iteration: 0,
  attempt: 1,
  stream: "stdout",
  text: "größer 🚀".repeat(2),
  timestampMs: 1000,
});
const last = JSON.stringify({ type: "RunFinished", runId: "r", timestampMs: 1000 });
/** The events in a chunk of about 64 KiB. */
const perChunk = Math.floor((64 * 1024) / Buffer.byteLength(block(line)));
const full = chunk(block(line).repeat(perChunk));

async function feed(socket: Socket, events: number): Promise<void> {
  socket.write(streamHead);
  for (let left = events; left > 0; left -= perChunk) {
    const bytes = left >= perChunk ? full : chunk(block(line).repeat(left));
    if (!socket.write(bytes)) await new Promise((drained) => socket.once("drain", drained));
  }
}

/** The peak memory of `watch --json` while it prints this many events. In MiB. */
async function peakOf(events: number): Promise<number> {
  let finish = () => {};
  const server = await RawServer.start(({ path }, socket) => {
    if (!path.includes("/events"))
      return socket.end(
        answer(200, { runId: "r", workflowName: "w", status: "finished", finishedAtMs: 1000, summary: {} }),
      );
    finish = () => socket.end(Buffer.concat([chunk(block(last)), Buffer.from(lastChunk)]));
    return void feed(socket, events);
  });
  try {
    const watching = startCli(["watch", "r", "--json"], { baseUrl: server.baseUrl, buffer: false });
    let bytes = 0;
    watching.stdout.on("data", (data: Buffer) => (bytes += data.length));
    // The last event is held back until the process's memory has been read.
    await waitUntil(() => bytes === events * Buffer.byteLength(`${line}\n`), 180_000);
    const { pid } = watching;
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
    finish();
    expect((await watching).exitCode).toBe(0);
    expect(bytes).toBe(events * Buffer.byteLength(`${line}\n`) + Buffer.byteLength(`${last}\n`));
    return Number(kib) / 1024;
  } finally {
    await server.close();
  }
}

test.runIf(process.platform === "linux")(
  "the peak memory of following does not grow with the number of events",
  async () => {
    // Enough events for the heap to reach its full size; garbage collection in between does not matter.
    const few = await peakOf(50_000);
    const many = await peakOf(400_000);
    expect(few).toBeGreaterThan(0);
    expect(many - few).toBeLessThan(32);
  },
  300_000,
);
