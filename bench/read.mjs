// One reader of one run, or of many at once, in a process of its own: `node read.mjs <how> <base URL> <run id> [times]`.
// Prints how long it took and the processor's time, in ms, without loading and without the first request.
const [, , how, baseUrl, runId, times = "1"] = process.argv;
const url = `${baseUrl}/v1/runs/${runId}/events`;

/** What is seen of each event: that it was parsed. */
let events = 0;
const see = ({ type }) => (events += type === undefined ? NaN : 1);

const readers = {
  /** The limit: nothing but the bytes. */
  async bytes() {
    const reader = (await fetch(url)).body.getReader();
    while (!(await reader.read()).done);
  },
  /** The limit for one large event: the bytes together, then parsed. */
  async whole() {
    const parts = [];
    for await (const part of (await fetch(url)).body) parts.push(part);
    const text = new TextDecoder().decode(Buffer.concat(parts));
    for (const [, data] of text.matchAll(/^data: (.*)$/gm)) see(JSON.parse(data));
  },
  /** The loop that everybody writes. */
  async loop() {
    const reader = (await fetch(url)).body.getReader();
    const decoder = new TextDecoder();
    let buffer = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += decoder.decode(value, { stream: true });
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) see(JSON.parse(block.slice(block.indexOf("data: ") + 6)));
    }
  },
  async reference() {
    for await (const event of reference.streamEvents({ baseUrl, runId })) see(event);
  },
  async ours() {
    for await (const event of ours.streamEvents({ baseUrl, runId })) see(event);
  },
};

const reference = how === "reference" ? await import("../dist/bench/reference.mjs") : undefined;
const ours = how === "ours" ? await import("../dist/client/index.js") : undefined;
await (await fetch(`${baseUrl}/v1/runs/${runId}`)).text();

const cpu = process.cpuUsage();
const started = performance.now();
await Promise.all(Array.from({ length: Number(times) }, readers[how]));
const ms = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ ms, cpuMs: (user + system) / 1000, events })}\n`);
