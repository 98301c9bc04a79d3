import type { Socket } from "node:net";
import { rawServer } from "./in-test.js";
import { answer, block, chunk, head, lastChunk, streamHead, type RawServer } from "./raw-server.js";

/**
 * How a connection is cut: reset, closed, each also where the server said that it would close it; ended as if it were
 * complete; or closed where closing is the end.
 */
export type Cut = "RST" | "FIN" | "RST of a closing one" | "FIN of a closing one" | "cleanEnd" | "untilClose";

const closingHead = head(200, {
  "content-type": "text/event-stream",
  "transfer-encoding": "chunked",
  connection: "close",
});

/** A short run, with what is hard to cut well: characters of several bytes, several data lines, comments. */
const recorded = [
  { type: "RunStarted", timestampMs: 1 },
  { type: "NodeOutput", timestampMs: 2, text: "進🚀é" },
  { type: "RunFailed", timestampMs: 3, error: "old" },
  { type: "RunStarted", timestampMs: 4 },
  { type: "NodeFinished", timestampMs: 5 },
  { type: "RunFinished", timestampMs: 6 },
];
export const recordedEvents: readonly object[] = recorded;

function body(afterSeq: number): Buffer {
  const lead = "retry: 100\n\n: hello\n\n";
  const blocks = recorded.slice(afterSeq + 1).map((event) => {
    const data = JSON.stringify(event);
    const comma = data.indexOf(",") + 1;
    return event.type === "NodeOutput"
      ? `data: ${data.slice(0, comma)}\r\ndata:${data.slice(comma)}\r\n\r\n`
      : block(data);
  });
  return Buffer.from(lead + blocks.join(""));
}

/** The whole answer as bytes of the wire; each event in a chunk of its own would hide cuts inside one. */
function wire(afterSeq: number, start = streamHead): Buffer {
  const bytes = body(afterSeq);
  const half = Math.floor(bytes.length / 2);
  return Buffer.concat([
    Buffer.from(start),
    chunk(bytes.subarray(0, half)),
    chunk(bytes.subarray(half)),
    Buffer.from(lastChunk),
  ]);
}

/** How many positions there are to cut at. */
export function cutPositions(cut: Cut): number {
  if (cut === "cleanEnd" || cut === "untilClose") return body(-1).length + 1;
  return wire(-1, cut.endsWith("closing one") ? closingHead : streamHead).length;
}

/** A server whose first event stream is cut after so many bytes, and whose later ones are whole. */
export async function cuttingServer(cut: Cut, at: number): Promise<RawServer> {
  let streams = 0;
  return rawServer(({ path }, socket) => {
    if (!path.includes("/events")) {
      return void socket.end(answer(200, { status: "finished", finishedAtMs: 6 }, { connection: "close" }));
    }
    const afterSeq = Number(/afterSeq=(\d+)/.exec(path)?.[1] ?? -1);
    if (streams++ === 0) sendCut(socket, cut, at);
    else socket.end(wire(afterSeq));
  });
}

function sendCut(socket: Socket, cut: Cut, at: number): void {
  const bytes = body(-1).subarray(0, at);
  const first = wire(-1, cut.endsWith("closing one") ? closingHead : streamHead).subarray(0, at);
  switch (cut) {
    case "RST":
    case "RST of a closing one":
      // In two turns, since a reset takes back what has not arrived.
      return void socket.write(first, () => setTimeout(() => socket.resetAndDestroy(), 2));
    case "FIN":
    case "FIN of a closing one":
      return void socket.end(first);
    case "cleanEnd":
      return void socket.end(
        Buffer.concat([Buffer.from(streamHead), at === 0 ? bytes : chunk(bytes), Buffer.from(lastChunk)]),
      );
    case "untilClose":
      return void socket.end(
        Buffer.concat([
          Buffer.from(head(200, { "content-type": "text/event-stream", connection: "close" })),
          bytes,
        ]),
      );
  }
}

/** Calls for each number below `count`, a few at a time. */
export async function forEachBelow(count: number, call: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}
