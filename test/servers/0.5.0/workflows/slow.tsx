/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ slowStep: z.object({ took: z.number() }) });

const sleeper = (ms) => ({
  id: "sleeper",
  tools: {},
  async generate() {
    await new Promise((done) => setTimeout(done, ms));
    return { output: { took: ms } };
  },
});

/** `step-1`, `step-2`, … one after the other. Input: `steps` (5) and `ms` for each (400). */
export default smithers((ctx) => {
  const { steps = 5, ms = 400 } = ctx.input?.payload ?? ctx.input ?? {};
  return (
    <Workflow name="slow">
      <Sequence>
        {Array.from({ length: Number(steps) }, (_, index) => (
          <Task key={index} id={`step-${index + 1}`} output="slowStep" agent={sleeper(Number(ms))}>
            Wait
          </Task>
        ))}
      </Sequence>
    </Workflow>
  );
});
