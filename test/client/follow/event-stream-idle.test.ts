import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionError } from "../../../src/client/errors/connection-error.js";
import { EventStream } from "../../../src/client/follow/event-stream.js";
import type { Fetch } from "../../../src/client/http/fetch.js";
import { resolveOptions } from "../../../src/client/options.js";
import { gather } from "../../faults/in-test.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([1000, 30_000, 600_000])(
  "a dead connection with an idle timeout of %d ms is not retried forever",
  async (idleTimeoutMs) => {
    let connections = 0;
    const fetch: Fetch = async () => {
      connections++;
      const headers = { "content-type": "text/event-stream" };
      return new Response(new ReadableStream({}), { headers });
    };
    const stream = new EventStream(resolveOptions({ fetch }), "r", { idleTimeoutMs, maxReconnects: 3 });
    const reading = gather(stream.read());
    await vi.advanceTimersByTimeAsync(4 * (idleTimeoutMs + 60_000));
    const { items, error } = await Promise.race([
      reading,
      Promise.resolve({ items: [], error: "it goes on" }),
    ]);
    expect(items).toEqual([]);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ networkCode: "IDLE", position: -1 });
    expect(connections).toBe(3);
  },
);
