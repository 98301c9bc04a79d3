/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({
  gateBuild: z.object({ artifact: z.string() }),
  gateAnswer: z.object({ approved: z.boolean() }),
  gateShip: z.object({ environment: z.string() }),
});

const builder = (ms) => ({
  id: "builder",
  tools: {},
  async generate() {
    await new Promise((done) => setTimeout(done, ms));
    return { output: { artifact: "app.tgz" } };
  },
});

/** `build`, then the gate `gate`, then `ship`. Input: `environment`, and `buildMs` (300 by default). */
export default smithers((ctx) => (
  <Workflow name="gate">
    <Sequence>
      <Task
        id="build"
        output="gateBuild"
        agent={builder(Number((ctx.input?.payload ?? ctx.input)?.buildMs ?? 300))}
      >
        Build
      </Task>
      <Task id="gate" output="gateAnswer" label="Ship it?" needsApproval>
        {{ approved: true }}
      </Task>
      <Task id="ship" output="gateShip">
        {{ environment: String((ctx.input?.payload ?? ctx.input)?.environment ?? "none") }}
      </Task>
    </Sequence>
  </Workflow>
));
