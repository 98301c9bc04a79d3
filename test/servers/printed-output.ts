import { expect } from "vitest";
import type { SmithersClient } from "../../src/client/index.js";
import { runBinary as cli } from "../cli/run-cli.js";

/** Checks the output of a run of `prints.tsx`, as `logs` and `readHistory` give it, and returns what `logs` prints. */
export async function expectPrintedOutput(runId: string, client: SmithersClient): Promise<string> {
  const followed = await cli(["logs", runId, "--follow"]);
  expect(followed.exitCode).toBe(1);
  const { stdout, stderr, exitCode } = await cli(["logs", runId]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(followed.stdout).toBe(stdout);
  for (const line of ["build     | compiling 3 modules", "check     | checked 12 files"]) {
    expect(stdout.split("\n")).toContain(line);
  }

  const history = client.readHistory({ runId });
  const texts: string[] = [];
  for await (const event of history) {
    if (event.type === "NodeOutput" && event.nodeId === "build") texts.push(event.text);
  }
  expect(texts.join("")).toContain("compiling 3 modules\n");
  expect(await history.ended).toMatchObject({ status: { status: "failed" }, asOf: null });
  return stdout;
}
