/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({
  build: z.object({ artifact: z.string() }),
  test: z.object({ passed: z.number() }),
  approval: z.object({ approved: z.boolean() }),
  deploy: z.object({ environment: z.string(), artifact: z.string() }),
});

/** Stands in for a model, so that this runs without one: whatever has a `generate` can work on a task. */
const worker = (id: string, ms: number, output: object): any => ({
  id,
  tools: {},
  async generate() {
    await new Promise((done) => setTimeout(done, ms));
    return { output };
  },
});

/** Builds and tests side by side, asks a person, and deploys. Input: `{"environment":"staging"}`. */
export default smithers((ctx) => {
  const input: any = ctx.input?.payload ?? ctx.input ?? {};
  const environment = String(input.environment ?? "staging");
  const artifact = ctx.outputMaybe("build", { nodeId: "build" })?.artifact ?? "";
  return (
    <Workflow name="deploy">
      <Sequence>
        <Parallel>
          <Task id="build" output="build" agent={worker("builder", 1_200, { artifact: "app-1.4.2.tgz" })}>
            Build the app
          </Task>
          <Task id="test" output="test" agent={worker("tester", 2_000, { passed: 128 })}>
            Run the tests
          </Task>
        </Parallel>
        <Task id="approve-deploy" output="approval" label={`Deploy to ${environment}?`} needsApproval>
          {{ approved: true }}
        </Task>
        <Task id="deploy" output="deploy" agent={worker("deployer", 1_000, { environment, artifact })}>
          Deploy to {environment}
        </Task>
      </Sequence>
    </Workflow>
  );
});
