import { describe, expect, test } from "vitest";
import type { Fetch } from "../../../src/client/http/fetch.js";
import { runIdProblem } from "../../../src/client/server/ids.js";
import { runWorkflow } from "../../../src/client/requests.js";
import { failure } from "../../faults/in-test.js";

describe("a run id that every route can carry", () => {
  test.each([
    "deploy-feature-login",
    "4f1c0000-0000-4000-8000-000000000000",
    "-",
    "--base-url=x",
    "...",
    "a.b_c~d",
    "gate:prod@v1",
    "a!b$c&d'e(f)g*h+i,j;k=l",
  ])("%s", (id) => expect(runIdProblem(id)).toBeUndefined());
});

describe("a run id that none can", () => {
  const refused: [id: string, why: string][] = [
    ["deploy-feature/login", '"/"'],
    ["a b", "a space"],
    ...[...'?#%"<>[]^{|}\\`'].map((letter): [string, string] => [`a${letter}b`, JSON.stringify(letter)]),
    ["größe", '"ö"'],
    ["🚀", '"🚀"'],
    ["a\tb", '"\\t"'],
    ["a\u007f", '"\u007f"'],
    [".", "another place"],
    ["..", "another place"],
    ["", "empty"],
    ["\ud800", '"\\ud800"'],
  ];
  test.each(refused)("%j", (id, why) => expect(runIdProblem(id)).toContain(why));

  test.each(refused)("%j is refused before anything is sent", async (runId) => {
    const fetch: Fetch = () => expect.unreachable();
    const error = await failure(runWorkflow({ workflowPath: "x.tsx", input: {}, runId, fetch }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", argument: "runId" });
  });
});
