// A server of events made beforehand, so that what is measured is whoever reads them. A process of its own; its first
// message to the parent is its port. The run's id says what it sends:
//
//   bulk-<events>-<chunk>             small events, in HTTP chunks of so many bytes; the same ones again after 500,000
//   big-<bytes>-<chunk>               one event of that size
//   paced-<events>-<every ms>-<times> so many events at a time, each with the moment of its sending
import { createServer } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const block = (event) => `event: smithers\ndata: ${JSON.stringify(event)}\n\n`;
const at = 1_700_000_000_000;

/** Mostly output, as in a real run, with a node that starts and ends now and then. */
function small(number) {
  const node = { runId: "bench", nodeId: `step-${Math.floor(number / 200) % 50}`, iteration: 0, attempt: 1 };
  const timestampMs = at + number;
  if (number % 200 === 1) return { type: "NodeStarted", ...node, timestampMs };
  if (number % 200 === 199) return { type: "NodeFinished", ...node, timestampMs };
  const text = `${number} ok\n`;
  return { type: "NodeOutput", ...node, text, stream: "stdout", timestampMs };
}

const first = { type: "RunStarted", runId: "bench", timestampMs: at };
const last = { type: "RunFinished", runId: "bench", timestampMs: at + 1e9 };

/** An HTTP chunk. */
const chunkOf = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** The text as it goes over the wire, in HTTP chunks of one size. */
function wireOf(text, chunkSize) {
  const body = Buffer.from(text);
  const lead = Buffer.from(`${chunkSize.toString(16)}\r\n`);
  const whole = Math.floor(body.length / chunkSize);
  const wire = Buffer.alloc(whole * (lead.length + chunkSize + 2));
  let end = 0;
  for (let chunk = 0; chunk < whole; chunk++) {
    end += lead.copy(wire, end);
    end += body.copy(wire, end, chunk * chunkSize, (chunk + 1) * chunkSize);
    end += wire.write("\r\n", end, "latin1");
  }
  return Buffer.concat([wire, Buffer.from(chunkOf(body.subarray(whole * chunkSize).toString()))]);
}

/** The newest one only: it may weigh a hundred megabytes. */
const made = { runId: undefined, wire: undefined, times: 1 };

function make(runId) {
  if (made.runId === runId) return made;
  const [kind, size, chunkSize] = runId.split("-");
  const events = kind === "big" ? 1 : Math.min(Number(size), 500_000);
  const text =
    kind === "big"
      ? block({
          type: "NodeOutput",
          runId: "bench",
          nodeId: "a",
          text: "x".repeat(Number(size)),
          timestampMs: at,
        })
      : Array.from({ length: events }, (_, number) => block(small(number + 1))).join("");
  const times = kind === "big" ? 1 : Number(size) / events;
  return Object.assign(made, { runId, wire: wireOf(text, Number(chunkSize)), times });
}

const head =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n" +
  chunkOf(block(first));
const tail = `${chunkOf(block(last))}0\r\n\r\n`;

function* replay({ wire, times }) {
  yield head;
  for (let time = 0; time < times; time++) {
    for (let from = 0; from < wire.length; from += 1 << 20) yield wire.subarray(from, from + (1 << 20));
  }
  yield tail;
}

function pace(socket, [events, everyMs, times]) {
  socket.write(head);
  let number = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer);
    const sentAt = Number(process.hrtime.bigint()) / 1e6;
    const blocks = Array.from({ length: events }, () => block({ ...small(++number), sentAt }));
    socket.write(chunkOf(blocks.join("")));
    if (number < events * times) return;
    clearInterval(timer);
    socket.write(tail);
  }, everyMs);
}

const status = {
  runId: "bench",
  workflowName: "bench",
  status: "finished",
  startedAtMs: at,
  finishedAtMs: at + 1e9,
  summary: { finished: 50 },
};

function answer(document) {
  const body = JSON.stringify(document);
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** HTTP by hand, since the wire is made by hand too; connections are kept, as the real server keeps them. */
const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes;
    const end = received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const length = Number(/^content-length: *(\d+)/im.exec(received)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    const [, method, runId] = /^(GET|POST) (?:\/v1\/runs\/([^/]+)\/events)?/.exec(received);
    received = "";
    if (runId === undefined) return socket.write(answer(method === "POST" ? { runId: "bench" } : status));
    const [kind, ...numbers] = runId.split("-");
    if (kind === "paced") pace(socket, numbers.map(Number));
    else pipeline(Readable.from(replay(make(runId))), socket, { end: false }).catch(() => {});
  });
});
process.on("message", ({ prepare }) => {
  make(prepare);
  process.send({ prepared: prepare });
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
