import { expect, test } from "vitest";
import { isOwnDecision, noteDecision } from "../../../src/client/follow/own-decisions.js";

const gate = { nodeId: "gate", iteration: 1 };

test("a decision is our own only for its server, run, node, and iteration", () => {
  noteDecision("http://a", "r", gate);
  noteDecision("http://a", "r", { nodeId: "other", iteration: 0 });
  expect(isOwnDecision("http://a", "r", gate)).toBe(true);
  expect(isOwnDecision("http://b", "r", gate)).toBe(false);
  expect(isOwnDecision("http://a", "s", gate)).toBe(false);
  expect(isOwnDecision("http://a", "r", { ...gate, iteration: 0 })).toBe(false);
  expect(isOwnDecision("http://a", "r", { ...gate, nodeId: "gat" })).toBe(false);
});

test("our own decisions are remembered for the 1,000 newest runs", () => {
  for (let n = 0; n < 1000; n++) noteDecision("http://c", `r${n}`, gate);
  // A second decision makes an old run the newest one.
  noteDecision("http://c", "r0", { ...gate, iteration: 2 });
  noteDecision("http://c", "r1000", gate);
  expect(isOwnDecision("http://c", "r0", gate)).toBe(true);
  expect(isOwnDecision("http://c", "r1", gate)).toBe(false);
  expect(isOwnDecision("http://c", "r2", gate)).toBe(true);
  expect(isOwnDecision("http://c", "r1000", gate)).toBe(true);
});
