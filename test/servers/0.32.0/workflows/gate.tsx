/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({
  gateBuild: z.object({ artifact: z.string() }),
  gateAnswer: z.object({ approved: z.boolean() }),
  gateShip: z.object({ environment: z.string() }),
});

const build = (ms) => async () => {
  await new Promise((done) => setTimeout(done, ms));
  return { artifact: "app.tgz" };
};

/** `build`, then the gate `gate`, then `ship`. Input: `environment`, and `buildMs` (300 by default). */
export default smithers((ctx) => (
  <Workflow name="gate">
    <Sequence>
      <Task id="build" output={outputs.gateBuild}>
        {build(Number(ctx.input?.buildMs ?? 300))}
      </Task>
      <Task id="gate" output={outputs.gateAnswer} label="Ship it?" needsApproval>
        {{ approved: true }}
      </Task>
      <Task id="ship" output={outputs.gateShip}>
        {{ environment: String(ctx.input?.environment ?? "none") }}
      </Task>
    </Sequence>
  </Workflow>
));
