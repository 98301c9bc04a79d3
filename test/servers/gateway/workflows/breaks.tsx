/** @jsxImportSource smithers-orchestrator */
import { existsSync } from "node:fs";
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ breaksStep: z.object({ value: z.string() }) });

/** `prepare`, then `publish`, which fails until the file named by the input's `until` exists. */
export default smithers((ctx) => (
  <Workflow name="breaks">
    <Sequence>
      <Task id="prepare" output={outputs.breaksStep}>
        {{ value: "prepared" }}
      </Task>
      <Task id="publish" output={outputs.breaksStep} retries={0}>
        {async () => {
          if (!existsSync(String(ctx.input?.until))) throw new Error("disk full");
          return { value: "published" };
        }}
      </Task>
    </Sequence>
  </Workflow>
));
