/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ oddStep: z.object({ value: z.string() }) });

/** Ids that a URL path or a line of text can trip over: `unit tests`, the gate `gate:prod@v1`, `ship`. */
export default smithers(() => (
  <Workflow name="odd ids">
    <Sequence>
      <Task id="unit tests" output={outputs.oddStep}>
        {{ value: "tested" }}
      </Task>
      <Task id="gate:prod@v1" output={outputs.oddStep} needsApproval>
        {{ value: "approved" }}
      </Task>
      <Task id="ship" output={outputs.oddStep}>
        {{ value: "shipped" }}
      </Task>
    </Sequence>
  </Workflow>
));
