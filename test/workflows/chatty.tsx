/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ chattyStep: z.object({ value: z.number() }) });

/** As many tasks as the input's `tasks` (100) side by side, two events each: more than one poll's worth. */
export default smithers((ctx) => {
  const { tasks = 100 } = ctx.input?.payload ?? ctx.input ?? {};
  return (
    <Workflow name="chatty">
      <Parallel>
        {Array.from({ length: Number(tasks) }, (_, index) => (
          <Task key={index} id={`task-${index + 1}`} output="chattyStep">
            {{ value: index + 1 }}
          </Task>
        ))}
      </Parallel>
    </Workflow>
  );
});
