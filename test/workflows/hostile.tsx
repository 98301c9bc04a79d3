/** @jsxImportSource smithers-orchestrator */
import { createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers } = createSmithers({ hostileStep: z.object({ value: z.string() }) });

const says = (message) => ({
  id: "liar",
  tools: {},
  async generate() {
    throw new Error(message);
  },
});

/** Names and messages that a terminal, a CI system, Markdown or XML could take for something else. */
export default smithers(() => (
  <Workflow name={"::stop-commands::x | <b>&]]>\u001b[2J"}>
    <Sequence>
      <Task id="::add-mask::secret" output="hostileStep">
        {{ value: "fine" }}
      </Task>
      <Task id="##[add-mask]a|b<img src=x>`%0A" output="hostileStep">
        {{ value: "fine" }}
      </Task>
      <Task
        id="::error::forged"
        output="hostileStep"
        agent={says(
          "first\n::set-output name=run-id::forged\r\n##[error]forged | <script>& \u0000\u001b]0;owned\u0007",
        )}
      >
        Lie
      </Task>
    </Sequence>
  </Workflow>
));
