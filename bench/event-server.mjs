// A server of events made beforehand, so that what is measured is whoever reads them. A process of its own; its first
// message to the parent is its port. It takes what it is asked for starting a run, and answers any run's status and
// newest frame. The run's id says which events it sends:
//
//   bench                             199 small events, in one HTTP chunk
//   bulk-<events>-<chunk>             small events, in HTTP chunks of so many bytes; the same ones again after 500,000
//   big-<bytes>-<chunk>               one event of that size
//   paced-<events>-<every ms>-<times> so many events at a time, each with the moment of its sending
import { createServer } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const block = (event) => `event: smithers\ndata: ${JSON.stringify(event)}\n\n`;
const at = 1_700_000_000_000;

const nodes = 50;

/** Mostly output, as in a real run. Of each 200 events the first half is of a node that ends, the others of the next. */
function small(number) {
  const place = number + 99;
  const node = {
    runId: "bench",
    nodeId: `step-${Math.floor(place / 200) % nodes}`,
    iteration: 0,
    attempt: 1,
  };
  const timestampMs = at + number;
  if (place % 200 === 0) return { type: "NodeStarted", ...node, timestampMs };
  if (place % 200 === 198) return { type: "NodeFinished", ...node, timestampMs };
  if (place % 200 === 199) {
    return { type: "FrameCommitted", runId: "bench", frameNo: Math.ceil(number / 200), timestampMs };
  }
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

const isKnown = (runId) => runId === "bench" || /^(?:bulk-\d+|big-\d+|paced-\d+-\d+)-\d+$/.test(runId);

/** The newest one only: it may weigh a hundred megabytes. */
const made = { runId: undefined, wire: undefined, times: 1 };

function make(runId) {
  if (made.runId === runId) return made;
  const [kind, size, chunkSize] = (runId === "bench" ? "bulk-199-65536" : runId).split("-");
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
  summary: { finished: nodes },
};

const element = (tag, props, ...children) => ({ kind: "element", tag: `smithers:${tag}`, props, children });
const ids = Array.from({ length: nodes }, (_, node) => `step-${node}`);
const groups = Array.from({ length: nodes / 10 }, (_, group) =>
  element("parallel", {}, ...ids.slice(10 * group, 10 * group + 10).map((id) => element("task", { id }))),
);
const frame = {
  runId: "bench",
  frameNo: 1,
  createdAtMs: at,
  xmlJson: JSON.stringify(element("workflow", { name: "bench" }, element("sequence", {}, ...groups))),
  xmlHash: "bench",
  mountedTaskIdsJson: "[]",
  taskIndexJson: JSON.stringify(ids.map((nodeId, ordinal) => ({ nodeId, ordinal, iteration: 0 }))),
  note: null,
};

function answer(document, status = "200 OK") {
  const body = JSON.stringify(document);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function respond(socket, route) {
  if (route === "POST /v1/runs") return socket.write(answer({ runId: "bench" }));
  const [, runId, what] = /^GET \/v1\/runs\/([^/]+)(?:\/(events|frames))?$/.exec(route) ?? [];
  if (runId === undefined || !isKnown(runId)) {
    const error = { code: "NOT_FOUND", message: `the bench has no ${route}` };
    return socket.write(answer({ error }, "404 Not Found"));
  }
  if (what === undefined) return socket.write(answer(status));
  if (what === "frames") return socket.write(answer([frame]));
  if (runId.startsWith("paced-")) return pace(socket, runId.split("-").slice(1).map(Number));
  pipeline(Readable.from(replay(make(runId))), socket, { end: false }).catch(() => {});
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
    const [, method, path] = /^(\S+) ([^ ?]+)/.exec(received) ?? [];
    received = "";
    respond(socket, `${method} ${path}`);
  });
});
process.on("message", ({ prepare }) => {
  make(prepare);
  process.send({ prepared: prepare });
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
