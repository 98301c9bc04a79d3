/** @jsxImportSource smithers-orchestrator */
import { ContinueAsNew, createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ continueStep: z.object({ value: z.number() }) });

/** Goes on as a new run twice: `turn-0`, then `turn-1`, then `turn-2`, one in each. */
export default smithers((ctx) => {
  const turn = Number(ctx.input?.__smithersContinuation?.payload?.turn ?? 0);
  return (
    <Workflow name="continue">
      <Sequence>
        <Task id={`turn-${turn}`} output={outputs.continueStep}>
          {{ value: turn }}
        </Task>
        {turn < 2 ? <ContinueAsNew state={{ turn: turn + 1 }} /> : null}
      </Sequence>
    </Workflow>
  );
});
