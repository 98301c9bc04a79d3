import { expect, test } from "vitest";
import { describe, followThroughFaults, isBad } from "./follow.js";

/** `npm run test:faults -- --runs 1 --seed <seed>` follows one of these again. */
async function followMany(firstSeed: number, runs: number): Promise<void> {
  const outcomes = await Promise.all(
    Array.from({ length: runs }, (_, index) => followThroughFaults(firstSeed + index)),
  );
  expect(outcomes.filter(isBad).map(describe)).toEqual([]);
  const connections = outcomes.reduce((sum, outcome) => sum + outcome.connections, 0);
  expect(connections, "connections that the faults made necessary").toBeGreaterThan(2 * runs);
}

test("nothing is lost or repeated through the faults of known seeds", { timeout: 200_000 }, () =>
  followMany(7, 20),
);

test("nothing is lost or repeated through faults never seen before", { timeout: 200_000 }, () =>
  followMany(Math.floor(Math.random() * 1e9), 20),
);
