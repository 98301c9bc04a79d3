/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ failsStep: z.object({ value: z.number() }) });

const breaker = {
  id: "breaker",
  tools: {},
  async generate() {
    throw new Error("disk full \u001b]0;owned\u0007\u001b[2J\u001b[31mred\r\nsecond line");
  },
};

/** `prepare`, then `publish`, which fails in both of its attempts with a message that would drive a terminal. */
export default smithers(() => (
  <Workflow name="fails">
    <Sequence>
      <Task id="prepare" output="failsStep">
        {{ value: 1 }}
      </Task>
      <Task id="publish" output="failsStep" agent={breaker} retries={1}>
        Publish
      </Task>
    </Sequence>
  </Workflow>
));
