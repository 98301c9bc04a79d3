/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Loop, Parallel, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({ printed: z.object({ value: z.number() }) });

type Print = (text: string) => void;
interface Call {
  onStdout: Print;
  onStderr: Print;
}

/** An agent that needs no model: it prints, chunk by chunk. */
const agent = (id: string, say: (call: Call) => void) => ({
  id,
  tools: {},
  async generate(call: Call) {
    say(call);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { output: { value: 1 }, text: '{"value":1}' };
  },
});

const build = agent("builder", ({ onStdout, onStderr }) => {
  for (const chunk of ["compil", "ing 3 modules\n", "\u001b[32mdone\u001b[0m\n", "no line ", "break"]) {
    onStdout(chunk);
  }
  onStderr("warning: old lockfile\n");
});
const check = agent("checker", ({ onStdout }) => onStdout("checked 12 files\n"));
const turn = agent("reviewer", ({ onStdout }) => onStdout("looks better\n"));
const hostile = agent("attacker", ({ onStdout }) => {
  onStdout("::error::forged\n##[endgroup]\n\u001b]0;owned\u0007\u001b[2J\u202ereversed\n");
});
const failing = agent("deployer", ({ onStdout }) => {
  onStdout(Array.from({ length: 25 }, (_, n) => `step ${n + 1}\n`).join(""));
  throw new Error("the cluster is gone");
});

/** Two nodes side by side that print, a loop of two turns, one that prints what nobody should obey, and one that fails. */
export default smithers((ctx) => (
  <Workflow name="prints">
    <Sequence>
      <Parallel>
        <Task id="build" output={outputs.printed} agent={build}>
          build it
        </Task>
        <Task id="check" output={outputs.printed} agent={check}>
          check it
        </Task>
      </Parallel>
      <Loop id="rounds" until={ctx.iterationCount(outputs.printed, "review") >= 2} maxIterations={2}>
        <Task id="review" output={outputs.printed} agent={turn}>
          review it
        </Task>
      </Loop>
      <Task id="hostile" output={outputs.printed} agent={hostile}>
        attack
      </Task>
      <Task id="deploy" output={outputs.printed} agent={failing} retries={1}>
        deploy it
      </Task>
    </Sequence>
  </Workflow>
));
