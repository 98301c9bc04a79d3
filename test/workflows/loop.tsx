/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Ralph, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({
  loopDraft: z.object({ text: z.string() }),
  loopReview: z.object({ approved: z.boolean() }),
});

/** `draft` and the gate `review`, again and again. Input: `times` (2). */
export default smithers((ctx) => {
  const { times = 2 } = ctx.input?.payload ?? ctx.input ?? {};
  return (
    <Workflow name="loop">
      <Ralph
        id="rounds"
        until={ctx.iterationCount("loopReview", "review") >= Number(times)}
        maxIterations={Number(times)}
      >
        <Sequence>
          <Task id="draft" output="loopDraft">
            {{ text: `draft ${ctx.iteration}` }}
          </Task>
          <Task id="review" output="loopReview" label="Good enough?" needsApproval>
            {{ approved: true }}
          </Task>
        </Sequence>
      </Ralph>
    </Workflow>
  );
});
