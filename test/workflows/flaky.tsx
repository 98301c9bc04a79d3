/** @jsxImportSource smithers-orchestrator */
import { existsSync } from "node:fs";
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ flakyStep: z.object({ value: z.string() }) });

/**
 * `prepare`, then `publish`. Once the first is done the workflow itself fails, until the file named by the input's
 * `until` exists: a node that has used up its attempts would fail again at once after a resume.
 */
export default smithers((ctx) => {
  const { until } = ctx.input?.payload ?? ctx.input ?? {};
  const isPrepared = ctx.outputMaybe("flakyStep", { nodeId: "prepare" }) !== undefined;
  if (isPrepared && !existsSync(String(until))) throw new Error("disk full \u001b]0;owned\u0007");
  return (
    <Workflow name="flaky">
      <Sequence>
        <Task id="prepare" output="flakyStep">
          {{ value: "prepared" }}
        </Task>
        <Task id="publish" output="flakyStep">
          {{ value: "published" }}
        </Task>
      </Sequence>
    </Workflow>
  );
});
