// What a program with the reference client does to pass events on.
const { streamEvents } = await import("../../dist/bench/reference.mjs");

for await (const event of streamEvents({ runId: process.argv[2], baseUrl: process.env.SMITHERS_BASE_URL })) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
