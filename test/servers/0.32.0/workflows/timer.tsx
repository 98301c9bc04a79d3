/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Sequence, Task, Timer } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ timerStep: z.object({ value: z.string() }) });

/** The timer `pause` of 3 s and then `after`; beside them the gate `gate`. */
export default smithers(() => (
  <Workflow name="timer">
    <Parallel>
      <Sequence>
        <Timer id="pause" duration="3s" />
        <Task id="after" output={outputs.timerStep}>
          {{ value: "awake" }}
        </Task>
      </Sequence>
      <Task id="gate" output={outputs.timerStep} needsApproval>
        {{ value: "approved" }}
      </Task>
    </Parallel>
  </Workflow>
));
