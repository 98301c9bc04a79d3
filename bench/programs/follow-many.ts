// Follows many runs in one process, and prints the share of a core that each takes, in percent:
// `follow-many library|<reference client's file> <base URL> <runs> <seconds>`.
import { setTimeout as sleep } from "node:timers/promises";
import { watchRun } from "../../src/client/index.js";

const [, , how = "", baseUrl = "", runs = "", seconds = ""] = process.argv;
type Follow = (args: { baseUrl: string; runId: string }) => AsyncIterable<object>;
const follow: Follow =
  how === "library" ? watchRun : ((await import(how)) as { streamEvents: Follow }).streamEvents;
let events = 0;

async function count(runId: string): Promise<void> {
  for await (const event of follow({ baseUrl, runId })) events += "type" in event ? 1 : 0;
}

for (let run = 0; run < Number(runs); run++) void count(`paced-${run}`);
// To connect, and to compile what follows, happens once; what counts is what goes on.
await sleep(3000);
const [before, eventsBefore, start] = [process.cpuUsage(), events, performance.now()];
await sleep(Number(seconds) * 1000);
const { user, system } = process.cpuUsage(before);
const ms = performance.now() - start;
const share = (user + system) / 10 / ms / Number(runs);
const eventsEach = (1000 * (events - eventsBefore)) / ms / Number(runs);
process.stdout.write(JSON.stringify({ share, eventsEach }), () => process.exit());
