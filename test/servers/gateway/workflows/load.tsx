/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ loadStep: z.object({ took: z.number() }) });

const sleep = (ms) => async () => {
  await new Promise((done) => setTimeout(done, ms));
  return { took: ms };
};

/** 150 tasks side by side, which bring some 750 events. Input: `tasks` (150) and `ms` for each (20). */
export default smithers((ctx) => {
  const { tasks = 150, ms = 20 } = ctx.input ?? {};
  return (
    <Workflow name="load">
      <Parallel maxConcurrency={8}>
        {Array.from({ length: Number(tasks) }, (_, index) => (
          <Task key={index} id={`task-${index}`} output={outputs.loadStep}>
            {sleep(Number(ms))}
          </Task>
        ))}
      </Parallel>
    </Workflow>
  );
});
