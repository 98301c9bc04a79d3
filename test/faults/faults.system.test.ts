import { expect, test } from "vitest";
import { describe, followThroughFaults, isBad, isSlowSeed } from "./follow.js";

/**
 * Follows runs through the faults of the first seeds, from this one on, that are not slow. `npm run test:faults`
 * includes slow seeds and many more. `npm run test:faults -- --runs 1 --seed <seed>` replays one of these runs.
 */
async function followMany(firstSeed: number, runs: number, isGateway = false): Promise<void> {
  const seeds: number[] = [];
  for (let seed = firstSeed; seeds.length < runs; seed++) if (!isSlowSeed(seed)) seeds.push(seed);
  const outcomes = await Promise.all(seeds.map((seed) => followThroughFaults(seed, isGateway)));
  expect(outcomes.filter(isBad).map(describe)).toEqual([]);
  const connections = outcomes.reduce((sum, outcome) => sum + outcome.connections, 0);
  expect(connections, "connections that the faults made necessary").toBeGreaterThan(2 * runs);
}

test("no events are lost or repeated with the faults of known seeds", { timeout: 200_000 }, () =>
  followMany(10, 10),
);

test("no events are lost or repeated with random faults", { timeout: 200_000 }, () =>
  followMany(Math.floor(Math.random() * 1e9), 5),
);

test("no events are lost or repeated on a gateway, which serves them in pages", { timeout: 200_000 }, () =>
  followMany(7, 5, true),
);
