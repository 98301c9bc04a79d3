/** @jsxImportSource smithers-orchestrator */
import { Approval, createSmithers, Sequence, Task } from "smithers-orchestrator";
import { z } from "zod";

const { Workflow, smithers, outputs } = createSmithers({
  pickChoice: z.object({ selected: z.string(), notes: z.string().nullable() }),
  pickOrder: z.object({ ranked: z.array(z.string()), notes: z.string().nullable() }),
  pickStep: z.object({ value: z.string() }),
});

const options = [
  { key: "blue", label: "Blue" },
  { key: "green", label: "Green", summary: "the other one" },
];

/** An approval `choose` that asks for one of two options, `order` that asks for a ranking of them, then `ship`. */
export default smithers(() => (
  <Workflow name="pick">
    <Sequence>
      <Approval
        id="choose"
        mode="select"
        options={options}
        output={outputs.pickChoice}
        request={{ title: "Which one?" }}
      />
      <Approval
        id="order"
        mode="rank"
        options={options}
        output={outputs.pickOrder}
        request={{ title: "In which order?" }}
      />
      <Task id="ship" output={outputs.pickStep}>
        {{ value: "shipped" }}
      </Task>
    </Sequence>
  </Workflow>
));
