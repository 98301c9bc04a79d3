/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Signal, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({
  signalStep: z.object({ took: z.number() }),
  signalPayment: z.object({ amount: z.number() }),
});

const sleep = (ms) => async () => {
  await new Promise((done) => setTimeout(done, ms));
  return { took: ms };
};

/** `first`, then the signal `payment` with an `amount`, then `last`. Input: `firstMs` (0). */
export default smithers((ctx) => (
  <Workflow name="signal">
    <Sequence>
      <Task id="first" output={outputs.signalStep}>
        {sleep(Number(ctx.input?.firstMs ?? 0))}
      </Task>
      <Signal id="payment" schema={outputs.signalPayment} />
      <Task id="last" output={outputs.signalStep}>
        {{ took: 0 }}
      </Task>
    </Sequence>
  </Workflow>
));
