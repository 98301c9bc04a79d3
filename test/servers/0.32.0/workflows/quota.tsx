/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ quotaStep: z.object({ value: z.string() }) });

let fullAgainAt = 0;
const agent = {
  id: "limited",
  tools: {},
  async generate() {
    fullAgainAt ||= Date.now() + 3000;
    if (Date.now() < fullAgainAt) {
      throw Object.assign(new Error("quota exceeded"), {
        code: "AGENT_QUOTA_EXCEEDED",
        details: { failureQuota: true, quotaResetAtMs: fullAgainAt },
      });
    }
    return { output: { value: "answered" } };
  },
};

/** `ask`, whose agent has no quota left for 3 s after it was first asked. */
export default smithers(() => (
  <Workflow name="quota">
    <Sequence>
      <Task id="ask" output={outputs.quotaStep} agent={agent}>
        Ask
      </Task>
    </Sequence>
  </Workflow>
));
