import { describe, expect, test } from "vitest";
import type { Fetch } from "../../../src/client/http/fetch.js";
import { encodeSegment, literalSegment, runIdProblem } from "../../../src/client/server/ids.js";
import { approve, getStatus, runWorkflow } from "../../../src/client/index.js";
import { failure, rawServer } from "../../faults/in-test.js";
import { answer, errorBody } from "../../faults/raw-server.js";

describe("a valid run id", () => {
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

describe("an invalid run id", () => {
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

  test.each(refused)("%j is refused before any request", async (runId) => {
    const fetch: Fetch = () => expect.unreachable();
    const error = await failure(runWorkflow({ workflowPath: "x.tsx", input: {}, runId, fetch }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", argument: "runId" });
  });
});

describe("an id in a path", () => {
  test.each([
    ["gate:prod@v1", "gate:prod@v1"],
    ["my gate", "my%20gate"],
    ["a/../b", "a%2F..%2Fb"],
    ["a?b#c", "a%3Fb%23c"],
    ["größe", "gr%C3%B6%C3%9Fe"],
  ])("%s is encoded as %s", (id, encoded) => expect(encodeSegment("runId", id)).toBe(encoded));

  test.each(["", ".", "..", "\ud800"])(
    "%j is refused, because it would address another route",
    async (id) => {
      expect(() => encodeSegment("runId", id)).toThrow(/^runId /);
      const fetch: Fetch = () => expect.unreachable();
      expect(await failure(getStatus({ runId: id, fetch }))).toMatchObject({ argument: "runId" });
    },
  );

  test.each(["my gate", "a/b", "größe", "a%20b"])(
    "%j is refused as the node of a decision, because the server would decide another one",
    async (nodeId) => {
      expect(() => literalSegment("nodeId", nodeId)).toThrow("would have to be encoded");
      const noRoute = answer(404, errorBody("NOT_FOUND", "Route not found"));
      const server = await rawServer((_, socket) => socket.end(noRoute));
      const { baseUrl } = server;
      expect(await failure(approve({ baseUrl, runId: "r", nodeId }))).toMatchObject({ argument: "nodeId" });
      // A server that decodes ids would accept it.
      expect(server.requests.map(({ path }) => path).sort()).toEqual(["/", "/health"]);
    },
  );
});
