/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ spacedStep: z.object({ value: z.string() }) });

/** A gate whose id no URL can carry as it is. */
export default smithers(() => (
  <Workflow name="spaced gate">
    <Task id="my gate" output="spacedStep" needsApproval>
      {{ value: "approved" }}
    </Task>
  </Workflow>
));
