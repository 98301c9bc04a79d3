/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({
  input: z.object({ count: z.number() }),
  typedStep: z.object({ value: z.number() }),
});

/** One task. Its input has to have a number `count`. */
export default smithers((ctx) => (
  <Workflow name="typed">
    <Task id="only" output={outputs.typedStep}>
      {{ value: Number(ctx.input.count) }}
    </Task>
  </Workflow>
));
