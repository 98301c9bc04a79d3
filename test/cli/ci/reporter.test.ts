import { expect, test } from "vitest";
import { writeReports, type FollowEnding, type Reporter } from "../../../src/cli/ci/reporter.js";
import { noLoops } from "../../../src/cli/describe/approval-label.js";
import { emptyRunView } from "../../../src/client/index.js";

const ending: FollowEnding = { status: undefined, problem: undefined, exitCode: 0, loops: noLoops };

test("warns about a report that cannot be written, and writes the others", async () => {
  const [written, notes]: [string[], string[]] = [[], []];
  const broken: Reporter = { end: () => Promise.reject(new Error("EISDIR: \u001b[2J")) };
  const whole: Reporter = { end: async ({ runId }) => void written.push(runId) };
  await writeReports([broken, whole], emptyRunView("r"), ending, (line) => notes.push(line));
  expect(written).toEqual(["r"]);
  expect(notes).toEqual(["a report could not be written: EISDIR: \\u001b[2J"]);
});
