import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { event, rawServer } from "../../faults/in-test.js";
import { block, chunk, lastChunk, streamHead } from "../../faults/raw-server.js";

test(
  "streaming 120 MB to a consumer that stops for 3 s grows the process by at most 32 MB",
  { timeout: 120_000 },
  async () => {
    const built = fileURLToPath(new URL("../../../dist/client/index.js", import.meta.url));
    expect(existsSync(built), "the library is not built: npm run build").toBe(true);
    const total = 120 * 2 ** 20;
    // All alike, so that a reader that took some for a page can continue over a new connection.
    const one = block(event(0, "NodeOutput", { text: "x".repeat(1000) }));
    const part = chunk(one.repeat(60));
    const server = await rawServer(({ path }, socket) => {
      socket.write(streamHead);
      const after = Number(/afterSeq=(\d+)/.exec(path)?.[1] ?? -1);
      let left = total - (after + 1) * one.length;
      const send = () => {
        while (left > 0) {
          left -= part.length;
          if (!socket.write(part)) return;
        }
        socket.end(lastChunk);
      };
      socket.on("drain", send);
      send();
    });
    const child = fork(
      fileURLToPath(new URL("../../faults/memory-consumer.mjs", import.meta.url)),
      [built, server.baseUrl],
      {
        // A young generation of a fixed size, because its growth under load is not memory that the stream holds.
        execArgv: ["--expose-gc", "--max-semi-space-size=4"],
      },
    );
    const result = await new Promise<{ characters: number; growthMb: number }>((resolve, reject) => {
      child.on("message", (message) => resolve(message as { characters: number; growthMb: number }));
      child.on("exit", (code) => reject(new Error(`the consumer ended with ${code}`)));
    });
    expect(result.characters).toBeGreaterThan(0.9 * total);
    expect(result.growthMb).toBeLessThanOrEqual(32);
  },
);
