import { expect, test, vi } from "vitest";
import { Loops } from "../../../src/cli/tree/loops.js";
import { element, frameOf, task } from "../frames.js";

const tree = element(
  "workflow",
  {},
  task("build"),
  element("ralph", {}, element("sequence", {}, task("draft"), element("parallel", {}, task("review")))),
);

test("the tree tells which nodes are in a loop, at any depth", async () => {
  const fetch = vi.fn(async () => frameOf(tree));
  const loops = new Loops(fetch);
  expect(loops.has("draft")).toBe(false);
  await loops.learn("r", ["build"]);
  expect(["build", "draft", "review"].filter((nodeId) => loops.has(nodeId))).toEqual(["draft", "review"]);
  await loops.learn("r", ["build", "draft", "review"]);
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("concurrent callers wait for one response", async () => {
  const fetch = vi.fn(async () => frameOf(tree));
  const loops = new Loops(fetch);
  await Promise.all([loops.learn("r", ["draft"]), loops.learn("r", ["review"])]);
  expect(loops.has("review")).toBe(true);
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("a server that does not answer or has no tree causes no failure, and is not asked again at once", async () => {
  for (const answer of [
    () => Promise.reject(new Error("gone")),
    async () => undefined,
    async () => frameOf("nonsense" as never),
  ]) {
    const fetch = vi.fn(answer);
    const loops = new Loops(fetch);
    for (let look = 0; look < 3; look++) await loops.learn("r", ["draft"]);
    expect(loops.has("draft")).toBe(false);
    expect(fetch).toHaveBeenCalledTimes(1);
  }
});
