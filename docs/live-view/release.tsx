/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Parallel, Ralph, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({
  check: z.object({ passed: z.number() }),
  draft: z.object({ text: z.string() }),
  review: z.object({ remarks: z.number() }),
  approval: z.object({ approved: z.boolean() }),
  rollout: z.object({ region: z.string() }),
});

/** Stands in for a model; its first `fails` attempts fail. */
const worker = (id: string, ms: number, output: object, fails = 0): any => ({
  id,
  tools: {},
  async generate() {
    await new Promise((done) => setTimeout(done, ms));
    if (fails-- > 0) throw new Error("1 of 128 tests failed");
    return { output };
  },
});

const unitTests = worker("tester", 1_200, { passed: 128 }, 1);

/** Checks, notes that are reviewed in two rounds, a gate, and a rollout: a bit of everything that can be drawn. */
export default smithers((ctx) => (
  <Workflow name="release">
    <Sequence>
      <Parallel>
        <Task id="lint" output="check" agent={worker("linter", 700, { passed: 1 })}>
          Lint
        </Task>
        <Task id="unit tests" output="check" agent={unitTests} retries={1}>
          Test
        </Task>
      </Parallel>
      <Ralph id="notes" until={ctx.iterationCount("review", "review") >= 2} maxIterations={2}>
        <Sequence>
          <Task id="write" output="draft" agent={worker("writer", 600, { text: "Release notes" })}>
            Write the notes
          </Task>
          <Task id="review" output="review" agent={worker("reviewer", 1_800, { remarks: 0 })}>
            Review the notes
          </Task>
        </Sequence>
      </Ralph>
      <Task id="approve" output="approval" label="Release 1.4.2 everywhere?" needsApproval>
        {{ approved: true }}
      </Task>
      <Parallel>
        <Task id="europe" output="rollout" agent={worker("roller", 900, { region: "europe" })}>
          Roll out
        </Task>
        <Task id="america" output="rollout" agent={worker("roller", 900, { region: "america" })}>
          Roll out
        </Task>
      </Parallel>
    </Sequence>
  </Workflow>
));
