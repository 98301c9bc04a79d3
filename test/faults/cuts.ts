import type { Socket } from "node:net";
import { rawServer } from "./in-test.js";
import { answer, block, chunk, head, lastChunk, streamHead, type RawServer } from "./raw-server.js";

/**
 * How a connection is cut: reset or closed, each also if the server announced that it would close it; ended as if it
 * were complete; or closed if closing marks the end.
 */
export const cuts = [
  "RST",
  "FIN",
  "RST of a closing one",
  "FIN of a closing one",
  "cleanEnd",
  "untilClose",
] as const;
export type Cut = (typeof cuts)[number];

const closingHead = head(200, {
  "content-type": "text/event-stream",
  "transfer-encoding": "chunked",
  connection: "close",
});

/** A short run with content that is hard to cut: multi-byte characters, several data lines, comments, an old end. */
const recorded = [
  { type: "NodeOutput", timestampMs: 1, text: "進🚀é" },
  { type: "RunFailed", timestampMs: 2 },
  { type: "RunStarted", timestampMs: 3 },
  { type: "RunFinished", timestampMs: 4 },
];
export const recordedEvents: readonly object[] = recorded;
const finishedRun = {
  runId: "r",
  workflowName: "w",
  status: "finished",
  startedAtMs: 1,
  finishedAtMs: 4,
  summary: {},
};

const headOf = (cut: Cut) => (cut.endsWith("closing one") ? closingHead : streamHead);

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

/** Returns the complete response as it goes over the wire. One chunk per event would hide cuts inside an event. */
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

/** Makes a run id for the {@link cuttingServer}: how, and after how many bytes, its first event stream is cut. */
export function cutRun(cut: Cut, at: number): string {
  return `${cut} at ${at}`;
}

/** Returns the ids of runs that are cut everywhere: one for every `step` bytes. */
export function cutRuns(cut: Cut, step = 1): string[] {
  const isBody = cut === "cleanEnd" || cut === "untilClose";
  const count = isBody ? body(-1).length + 1 : wire(-1, headOf(cut)).length;
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => cutRun(cut, index * step));
}

/** Starts a server that cuts the first event stream of each run as its id says and serves the later ones completely. */
export async function cuttingServer(): Promise<RawServer> {
  const cutBefore = new Set<string>();
  return rawServer(({ path }, socket) => {
    const [, segment = ""] = /^\/v1\/runs\/([^/?]+)/.exec(path) ?? [];
    const runId = decodeURIComponent(segment);
    if (!path.includes("/events")) return void socket.end(answer(200, finishedRun));
    const afterSeq = Number(/afterSeq=(\d+)/.exec(path)?.[1] ?? -1);
    if (cutBefore.has(runId)) return void socket.end(wire(afterSeq));
    cutBefore.add(runId);
    const [cut, at] = runId.split(" at ");
    sendCut(socket, cut as Cut, Number(at));
  });
}

function sendCut(socket: Socket, cut: Cut, at: number): void {
  const bytes = body(-1).subarray(0, at);
  const first = wire(-1, headOf(cut)).subarray(0, at);
  switch (cut) {
    case "RST":
    case "RST of a closing one":
      // In two steps, because a reset discards what has not arrived.
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

/** Runs `call` for each item, a few at a time. */
export async function forEachOf<T>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await call(item);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}
