// A program that prints events with the published reference client: `reference-json <client's file> <base URL> <run id>`.
const [, , file = "", baseUrl, runId] = process.argv;
const { streamEvents } = (await import(file)) as {
  streamEvents: (args: object) => AsyncIterable<object>;
};
for await (const event of streamEvents({ runId, baseUrl }))
  process.stdout.write(`${JSON.stringify(event)}\n`);

export {};
