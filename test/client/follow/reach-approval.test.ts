import { afterEach, expect, test } from "vitest";
import { reachApproval, type OtherMoves } from "../../../src/client/follow/reach-approval.js";
import { FakeRun, granted, opened, started, waiting } from "./fake-run.js";

const ends: AbortController[] = [];
afterEach(() => ends.splice(0).forEach((end) => end.abort()));

/** Sets `status` to the run's status once the run has reached an approval. */
function reach(run: FakeRun, { resumes = true, isLeft = () => true }: Partial<OtherMoves> = {}) {
  const end = new AbortController();
  ends.push(end);
  const result = { status: undefined as string | undefined };
  reachApproval(run, { resumes, isLeft }, end.signal).then(
    ({ status }) => (result.status = status),
    () => {},
  );
  return result;
}

test("an approval is reached once it is proven that the run waits for it", async () => {
  const run = new FakeRun();
  run.proof = "unproven";
  const result = reach(run);
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(60_000);
  expect(result.status).toBeUndefined();
  run.proof = "proven";
  await run.clock.pass(5000);
  expect(result.status).toBe("waiting-approval");
});

test("an approval that is announced before the run gets to it is not reached", async () => {
  const run = new FakeRun();
  const result = reach(run);
  await run.bring(started, opened("gate"));
  await run.clock.pass(60_000);
  expect(result.status).toBeUndefined();
});

test("an approval is not reached while a decision awaits its resume, unless nothing resumes", async () => {
  const run = new FakeRun();
  const [resumed, left] = [reach(run), reach(run, { resumes: false })];
  await run.bring(started, opened("a"), opened("b"), waiting, granted("a"));
  await run.clock.pass(60_000);
  expect(resumed.status).toBeUndefined();
  expect(left.status).toBe("waiting-approval");
});

test("an approval that is being decided is not reached until it is left to others", async () => {
  const run = new FakeRun();
  const left: string[] = [];
  const result = reach(run, { isLeft: ({ nodeId }) => left.includes(nodeId) });
  await run.bring(started, opened("a"), opened("b"), waiting);
  left.push("a");
  await run.bring();
  await run.clock.pass(60_000);
  expect(result.status).toBeUndefined();
  left.push("b");
  await run.bring();
  expect(result.status).toBe("waiting-approval");
});

test("an approval that was decided in the meantime is not reached", async () => {
  const run = new FakeRun();
  run.hidden = [granted("gate"), started];
  const result = reach(run);
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(60_000);
  expect(result.status).toBeUndefined();
});

test("an approval is not reached while the run also waits for something else", async () => {
  const run = new FakeRun();
  run.status = "waiting-timer";
  const result = reach(run);
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(60_000);
  expect(result.status).toBeUndefined();
});
