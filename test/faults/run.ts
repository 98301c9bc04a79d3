import { parseArgs } from "node:util";
import { connectionLimit, describe, followThroughFaults, isBad, type Outcome } from "./follow.js";

/**
 * Follows a number of generated runs through faults and reports what happened to their events:
 * `npm run test:faults -- --runs 1000 --seed 7`. Run number i has the seed plus i, so a run that failed can be replayed
 * with its own seed and `--runs 1`.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    concurrency: { type: "string", default: "32" },
  },
});
const runs = Number(values.runs);
const firstSeed = Number(values.seed);
if (!(Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(firstSeed))) {
  throw new Error("--runs must be an integer above 0, and --seed an integer");
}

const outcomes: Outcome[] = [];
let started = 0;
const startedAt = performance.now();
await Promise.all(
  Array.from({ length: Math.min(runs, Number(values.concurrency)) }, async () => {
    while (started < runs) {
      const outcome = await followThroughFaults(firstSeed + started++);
      outcomes.push(outcome);
      if (isBad(outcome)) console.error(describe(outcome));
    }
  }),
);

const total = (count: (outcome: Outcome) => number) =>
  outcomes.reduce((sum, outcome) => sum + count(outcome), 0);
const faults = new Map<string, number>();
for (const outcome of outcomes) {
  for (const [fault, count] of outcome.faults) faults.set(fault, (faults.get(fault) ?? 0) + count);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `runs              ${outcomes.length} (seeds ${firstSeed} to ${firstSeed + runs - 1}, ${seconds} s)`,
);
console.log(
  `faults            ${[...faults]
    .sort()
    .map(([fault, count]) => `${fault} ${count}`)
    .join(", ")}`,
);
const most = Math.max(...outcomes.map(({ mostConnections }) => mostConnections));
console.log(
  `connections made  ${total(({ connections }) => connections)}, at most ${most} at once (limit ${connectionLimit})`,
);
console.log(`events delivered  ${total(({ delivered }) => delivered)}`);
console.log(
  `decisions sent    ${total(({ decisions }) => decisions)}, ${total(({ racedDecisions }) => racedDecisions)} of them a moment after another's`,
);
console.log(
  `resumes sent      ${total(({ resumes }) => resumes)}, ${total(({ needlessResumes }) => needlessResumes)} of them needless`,
);
console.log(`events lost       ${total(({ lost }) => lost)}`);
console.log(`events twice      ${total(({ repeated }) => repeated)}`);
console.log(`events misplaced  ${total(({ misplaced }) => misplaced)}`);
console.log(`wrong decisions   ${total(({ wrongDecisions }) => wrongDecisions.length)}`);
console.log(`wrong ends        ${outcomes.filter(({ wrongEnd }) => wrongEnd !== undefined).length}`);
// Node 20 sometimes never finishes cleaning up this many broken connections. All output is flushed by now: it is short,
// and writes to a pipe or a file are synchronous.
process.exit(outcomes.some(isBad) ? 1 : 0);
