/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ slowStep: z.object({ took: z.number() }) });

const sleep = (ms) => async () => {
  await new Promise((done) => setTimeout(done, ms));
  return { took: ms };
};

/** `step-1`, `step-2`, … one after the other. Input: `steps` (5) and `ms` for each (400). */
export default smithers((ctx) => {
  const { steps = 5, ms = 400 } = ctx.input ?? {};
  return (
    <Workflow name="slow">
      <Sequence>
        {Array.from({ length: Number(steps) }, (_, index) => (
          <Task key={index} id={`step-${index + 1}`} output={outputs.slowStep}>
            {sleep(Number(ms))}
          </Task>
        ))}
      </Sequence>
    </Workflow>
  );
});
