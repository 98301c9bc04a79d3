/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ gatesStep: z.object({ value: z.string() }) });

/** The gates `gate-a` and `gate-b` side by side, then `ship`. */
export default smithers(() => (
  <Workflow name="gates">
    <Sequence>
      <Parallel>
        <Task id="gate-a" output="gatesStep" label="Security" needsApproval>
          {{ value: "a" }}
        </Task>
        <Task id="gate-b" output="gatesStep" label="Budget" needsApproval>
          {{ value: "b" }}
        </Task>
      </Parallel>
      <Task id="ship" output="gatesStep">
        {{ value: "shipped" }}
      </Task>
    </Sequence>
  </Workflow>
));
