import { expect, test } from "vitest";
import { describe, followThroughFaults, isBad, isSlowSeed } from "./follow.js";

/**
 * Follows runs through the faults of the first seeds from this one on that are not slow; `npm run test:faults` takes those
 * too, and many more. `npm run test:faults -- --runs 1 --seed <seed>` follows one of these again.
 */
async function followMany(firstSeed: number, runs: number, isGateway = false): Promise<void> {
  const seeds: number[] = [];
  for (let seed = firstSeed; seeds.length < runs; seed++) if (!isSlowSeed(seed)) seeds.push(seed);
  const outcomes = await Promise.all(seeds.map((seed) => followThroughFaults(seed, isGateway)));
  expect(outcomes.filter(isBad).map(describe)).toEqual([]);
  const connections = outcomes.reduce((sum, outcome) => sum + outcome.connections, 0);
  expect(connections, "connections that the faults made necessary").toBeGreaterThan(2 * runs);
}

test("nothing is lost or repeated through the faults of known seeds", { timeout: 200_000 }, () =>
  followMany(10, 10),
);

test("nothing is lost or repeated through faults never seen before", { timeout: 200_000 }, () =>
  followMany(Math.floor(Math.random() * 1e9), 5),
);

test("nothing is lost or repeated on a gateway, whose events come by pages", { timeout: 200_000 }, () =>
  followMany(7, 5, true),
);
