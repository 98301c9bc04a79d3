/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ quickStep: z.object({ value: z.number() }) });

/** Two tasks that cost nothing: over as soon as it is started. */
export default smithers(() => (
  <Workflow name="quick">
    <Sequence>
      <Task id="first" output="quickStep">
        {{ value: 1 }}
      </Task>
      <Task id="second" output="quickStep">
        {{ value: 2 }}
      </Task>
    </Sequence>
  </Workflow>
));
