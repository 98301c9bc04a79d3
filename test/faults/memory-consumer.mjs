// Reads a stream in a process of its own and tells by how much that grew: from the moment it has read a sixth, so that
// the code is loaded and the heap has its working size, to the most that it ever held after.
const [, , library, baseUrl] = process.argv;
const { streamEvents } = await import(library);

const warmUpCharacters = 50 * 2 ** 20;
let characters = 0;
let baseline;
let most = 0;
const look = () => {
  most = Math.max(most, process.memoryUsage.rss());
};
let hasStopped = false;

for await (const event of streamEvents({ baseUrl, runId: "r1" })) {
  characters += event.text.length;
  if (baseline === undefined && characters > warmUpCharacters) {
    globalThis.gc();
    baseline = process.memoryUsage.rss();
  }
  if (!hasStopped && characters > 2 * warmUpCharacters) {
    hasStopped = true;
    // What the server goes on sending meanwhile must wait outside of this process.
    for (let tick = 0; tick < 60; tick++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      look();
    }
  }
  if (characters % (1000 * 256) === 0) look();
}
look();
process.send({ characters, growthMb: (most - baseline) / 2 ** 20 }, () => process.disconnect());
