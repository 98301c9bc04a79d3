import { expect, test } from "vitest";
import { EventLines } from "../../../src/cli/describe/event-lines.js";
import type { SmithersEvent } from "../../../src/client/index.js";
import { styleOf } from "../style.js";

const long = "x".repeat(5_000_000);

test.each([
  ["an error", { type: "NodeFailed", nodeId: "n", attempt: 1, error: { message: long } }],
  ["the run's error", { type: "RunFailed", error: long }],
  ["a question", { type: "NodeWaitingApproval", nodeId: "n", request: { title: long, summary: long } }],
])("%s of 5 MB is cut, in a terminal and in a pipe", (_, fields) => {
  for (const width of [80, Infinity]) {
    const lines = new EventLines(styleOf({ width }), () => 1000);
    const event = { runId: "r", iteration: 0, timestampMs: 1000, ...fields } as SmithersEvent;
    const line = lines.linesFor(event).join("\n");
    expect(line.length).toBeLessThan(2200);
    expect(line).toMatch(/… \([\d,]+ more characters; .*\)$/);
  }
});
