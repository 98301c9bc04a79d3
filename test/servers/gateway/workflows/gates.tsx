/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({
  gatesAnswer: z.object({ approved: z.boolean() }),
  gatesStep: z.object({ value: z.string() }),
});

/** Approvals side by side, which open one after the other, one of them with a space and a slash in its id, then `ship`. */
export default smithers(() => (
  <Workflow name="gates">
    <Sequence>
      <Parallel>
        {["east", "west", "my gate/1"].map((id) => (
          <Task key={id} id={id} output={outputs.gatesAnswer} needsApproval>
            {{ approved: true }}
          </Task>
        ))}
      </Parallel>
      <Task id="ship" output={outputs.gatesStep}>
        {{ value: "shipped" }}
      </Task>
    </Sequence>
  </Workflow>
));
