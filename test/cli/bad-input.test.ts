import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRealServer, type RealServer } from "../real-server.js";
import { sharedServer } from "../shared-server.js";
import { cli, freshId, type CliOptions, type CliResult } from "./run-cli.js";

const shared = sharedServer.baseUrl;

interface Case {
  name: string;
  args: string[];
  options?: CliOptions;
  exitCode: number;
  code: string | RegExp;
  /** Matches the error message. */
  says: RegExp;
  /** Matches the hint. */
  hint: RegExp;
  /** The base URL that the message must contain, if any. */
  server?: string;
}

/** Runs a command line as text and as JSON. Both must report the same error and exit code, with nothing on stdout. */
async function expectFailure({
  args,
  options,
  exitCode,
  code,
  says,
  hint,
  server,
}: Omit<Case, "name">): Promise<void> {
  const text = await cli(args, options);
  expect(text).toMatchObject({ stdout: "", exitCode });
  expect(text.stderr).toMatch(says);
  expect(text.stderr).toMatch(/^error: /);
  expect(text.stderr).toMatch(/^next: /m);
  expect(text.stderr).not.toMatch(/^\s+at /m);

  const json: CliResult = await cli([...args, "--json"], options);
  expect(json).toMatchObject({ stdout: "", exitCode });
  expect(json.stderr.trimEnd().split("\n")).toHaveLength(1);
  const { error } = JSON.parse(json.stderr) as { error: { code: string; message: string; hint: string } };
  expect(error.code).toMatch(code);
  expect(error.message).toMatch(says);
  expect(error.hint).toMatch(hint);
  if (server !== undefined) expect(error.message).toContain(server);
}

describe("an invalid command line", () => {
  const cases: Case[] = [
    {
      name: "unknown command",
      args: ["statsu"],
      exitCode: 4,
      code: "USAGE",
      says: /unknown command 'statsu'.*status/,
      hint: /--help/,
    },
    {
      name: "unknown flag",
      args: ["ls", "--limt", "3"],
      exitCode: 4,
      code: "USAGE",
      says: /unknown option '--limt'.*--limit/,
      hint: /ls --help/,
    },
    {
      name: "missing argument",
      args: ["status"],
      exitCode: 4,
      code: "USAGE",
      says: /missing required argument 'run-id'/,
      hint: /status --help/,
    },
    {
      name: "too many arguments",
      args: ["status", "a", "b"],
      exitCode: 4,
      code: "USAGE",
      says: /too many arguments/,
      hint: /status --help/,
    },
    {
      name: "a number that is none",
      args: ["ls", "--limit", "many"],
      exitCode: 4,
      code: "USAGE",
      says: /'many' is not an integer/,
      hint: /ls --help/,
    },
    {
      name: "a number too small",
      args: ["frames", "x", "--tail", "0"],
      exitCode: 4,
      code: "USAGE",
      says: /'0' is not an integer of at least 1/,
      hint: /frames --help/,
    },
    {
      name: "a position below the start",
      args: ["watch", "x", "--after-seq", "-2"],
      exitCode: 4,
      code: "USAGE",
      says: /'-2' is not an integer of at least -1/,
      hint: /watch --help/,
    },
    {
      name: "a duration that is none",
      args: ["ls", "--timeout", "soon"],
      exitCode: 4,
      code: "USAGE",
      says: /'soon' is not a duration/,
      hint: /ls --help/,
    },
    {
      name: "a run id that is another route",
      args: ["status", ".."],
      exitCode: 4,
      code: "INVALID_ARGUMENT",
      says: /runId must not be "\.\."/,
      hint: /status --help/,
    },
    {
      name: "a workflow in the place of the run",
      args: ["resume", "./wf.tsx"],
      exitCode: 4,
      code: "USAGE",
      says: /'.\/wf.tsx' is a workflow/,
      hint: /ls/,
    },
    {
      name: "a base URL that is none",
      args: ["ls"],
      options: { baseUrl: "nonsense" },
      exitCode: 4,
      code: "INVALID_ARGUMENT",
      says: /is not a URL/,
      hint: /--help/,
    },
    {
      name: "a base URL without its scheme",
      args: ["ls"],
      options: { baseUrl: "localhost:7331" },
      exitCode: 4,
      code: "INVALID_ARGUMENT",
      says: /http:\/\/ or https:\/\//,
      hint: /--help/,
    },
    {
      name: "a base URL with credentials",
      args: ["ls"],
      options: { baseUrl: "http://me:pw@127.0.0.1:1" },
      exitCode: 4,
      code: "INVALID_ARGUMENT",
      says: /carries credentials/,
      hint: /--help/,
    },
    {
      name: "a key that no header can carry",
      args: ["ls"],
      options: { env: { SMITHERS_API_KEY: "sk-a\nb" } },
      exitCode: 4,
      code: "INVALID_ARGUMENT",
      says: /line break at position 5/,
      hint: /--help/,
    },
  ];
  test.each(cases)("exits with $exitCode: $name", (failing) => expectFailure(failing));

  test("exits with 4: an unknown format", async () => {
    const { stdout, stderr, exitCode } = await cli(["ls"], { env: { SMITHERS_FORMAT: "yaml" } });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
    expect(stderr).toMatch(/SMITHERS_FORMAT is 'yaml'.*text or json/);
  });
});

describe("--input", () => {
  const wrong = (name: string, input: string, says: RegExp, options?: CliOptions): Case => ({
    name,
    args: ["run", "quick.tsx", "--input", input],
    // Nothing listens here: the error is reported before any request.
    options: { baseUrl: "http://127.0.0.1:1", ...options },
    exitCode: 4,
    code: /^(USAGE|INVALID_JSON|INPUT_UNREADABLE)$/,
    says,
    hint: /run --help/,
  });
  test.each([
    wrong("a word for a value", '{"a": abc}', /unexpected 'a' at line 1, column 7/),
    wrong("a comma too many", '{"a": 1,}', /unexpected '}' at line 1, column 9/),
    wrong("a text that ends too early", '{"a": 1', /ends too early at line 1, column 8/),
    wrong("a break on a later line", '{\n  "a": 1\n  "b": 2\n}', /unexpected '"' at line 3, column 3/),
    wrong("an array", "[1]", /is an array; it must be a JSON object/),
    wrong("null", "null", /is null; it must be/),
    wrong("a string", '"x"', /is a string; it must be/),
    wrong("nothing", "", /is empty/),
    wrong("a missing file", "@missing.json", /cannot read missing.json/),
    wrong("nothing on stdin", "-", /from stdin is empty/, { input: "" }),
    wrong("no JSON on stdin", "-", /from stdin is not JSON: unexpected 'o' at line 1, column 1/, {
      input: "oops",
    }),
  ])("rejects $name", (failing) => expectFailure(failing));

  test("reports the position of an error in a large file", async () => {
    const file = join(sharedServer.root, `${freshId("large")}.json`);
    await writeFile(file, `{"list": [${"1,\n".repeat(200_000)} x]}`);
    const { stderr, exitCode } = await cli(["run", "quick.tsx", "--input", `@${file}`]);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/unexpected 'x' at line 200001, column 2/);
  });
});

describe("on a real server", () => {
  let locked: RealServer;
  let listless: RealServer;
  beforeAll(async () => {
    [locked, listless] = await Promise.all([
      startRealServer({ apiKey: "right" }),
      startRealServer({ db: false }),
    ]);
  });
  afterAll(() => Promise.all([locked?.stop(), listless?.stop()]));

  test("ls exits with 5 if the server is unreachable", () =>
    expectFailure({
      args: ["ls"],
      options: { baseUrl: "http://127.0.0.1:1" },
      exitCode: 5,
      code: "CONNECTION_FAILED",
      says: /nothing listens there/,
      hint: /serve.*--base-url/,
      server: "http://127.0.0.1:1",
    }));

  test("a wrong API key exits with 6 and is never printed", async () => {
    const options = { baseUrl: locked.baseUrl, env: { SMITHERS_API_KEY: "wrong-key" } };
    const says = /HTTP 401 UNAUTHORIZED/;
    for (const args of [["ls"], ["watch", "x"], ["run", "quick.tsx"], ["approve", "x"]]) {
      await expectFailure({
        args,
        options,
        exitCode: 6,
        code: "UNAUTHORIZED",
        says,
        hint: /SMITHERS_API_KEY/,
        server: locked.baseUrl,
      });
      expect((await cli([...args, "--debug"], options)).stderr).not.toContain("wrong-key");
    }
    expect((await cli(["ls"], { ...options, env: { SMITHERS_API_KEY: "right" } })).exitCode).toBe(0);
  });

  test.each(["status", "watch", "frames", "approve", "deny", "cancel"])(
    "%s exits with 4 for an unknown run",
    (command) =>
      expectFailure({
        args: [command, "no-such-run"],
        exitCode: 4,
        code: "NOT_FOUND",
        says: /HTTP 404 NOT_FOUND: Run not found/,
        hint: /smithers-client ls/,
        server: shared,
      }),
  );

  test("resume exits with 4 for an unknown run", () =>
    expectFailure({
      args: ["resume", "no-such-run"],
      exitCode: 4,
      code: /./,
      says: /no-such-run/,
      hint: /ls/,
    }));

  test("run exits with 4 for an existing run id", async () => {
    const runId = freshId("twice");
    await cli(["run", "quick.tsx", "--run-id", runId]);
    await expectFailure({
      args: ["run", "quick.tsx", "--run-id", runId],
      exitCode: 4,
      code: /^RUN_(ALREADY_EXISTS|IN_PROGRESS)$/,
      says: /HTTP 409/,
      hint: new RegExp(`smithers-client watch -- ${runId}`),
      server: shared,
    });
  });

  test.each([
    ["is not there", "missing.tsx", 4, "SERVER_ERROR", /missing\.tsx/],
    ["does not compile", "broken.tsx", 4, "SERVER_ERROR", /HTTP 500/],
    ["is outside the root", "../outside.tsx", 4, "WORKFLOW_PATH_OUTSIDE_ROOT", /must be within server root/],
  ])("run exits with 4 for a workflow that %s", (_, workflow, exitCode, code, says) =>
    expectFailure({
      args: ["run", workflow],
      exitCode,
      code,
      says,
      hint: /on the server's machine.*not here/,
      server: shared,
    }),
  );

  test("run exits with 4 for an input over the size limit", async () => {
    const file = join(sharedServer.root, `${freshId("big")}.json`);
    await writeFile(file, JSON.stringify({ text: "x".repeat(1_100_000) }));
    await expectFailure({
      args: ["run", "quick.tsx", "--input", `@${file}`],
      exitCode: 4,
      code: "PAYLOAD_TOO_LARGE",
      says: /HTTP 413.*1048576/,
      hint: /pass its name as input/,
      server: shared,
    });
  });

  test("ls and resume exit with 4 if the server keeps no list of runs", async () => {
    const options = { baseUrl: listless.baseUrl };
    const refused = {
      options,
      exitCode: 4,
      code: "DB_NOT_CONFIGURED",
      says: /HTTP 400 DB_NOT_CONFIGURED/,
      server: listless.baseUrl,
    };
    await expectFailure({ ...refused, args: ["ls"], hint: /database/ });
    await expectFailure({
      ...refused,
      args: ["resume", "x"],
      hint: /smithers-client resume -- x <workflow>/,
    });
  });

  test("run -w reports an input that the workflow's schema rejects", async () => {
    const { stderr, exitCode } = await cli(["run", "schema.tsx", "--input", '{"count":"no number"}', "-w"]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/never recorded it.*schema rejects/);
  });
});

describe("on a server that is not Smithers", () => {
  const answering = async (listener: RequestListener, use: (baseUrl: string) => Promise<void>) => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((listening) => server.once("listening", listening));
    const { port } = server.address() as AddressInfo;
    try {
      await use(`http://127.0.0.1:${port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };
  const page = "<html><head><title>Welcome</title></head><body>It works!</body></html>";

  test("a web page instead of a result or a stream exits with 5", () =>
    answering(
      (_, response) => response.setHeader("Content-Type", "text/html").end(page),
      async (baseUrl) => {
        for (const args of [["status", "x"], ["ls"], ["run", "x.tsx"], ["watch", "x"]]) {
          await expectFailure({
            args,
            options: { baseUrl },
            exitCode: 5,
            code: "PROTOCOL_ERROR",
            says: /text\/html/,
            hint: /--base-url/,
            server: baseUrl,
          });
        }
      },
    ));

  test("a web page with HTTP 403 exits with 6", () =>
    answering(
      (_, response) => response.writeHead(403, { "Content-Type": "text/html" }).end(page),
      (baseUrl) =>
        expectFailure({
          args: ["status", "x"],
          options: { baseUrl },
          exitCode: 6,
          code: "HTTP_403",
          says: /HTTP 403.*Welcome It works!/,
          hint: /SMITHERS_API_KEY/,
          server: baseUrl,
        }),
    ));

  test("a redirect exits with 5", () =>
    answering(
      (_, response) => response.writeHead(302, { Location: "https://elsewhere.example/login" }).end(),
      (baseUrl) =>
        expectFailure({
          args: ["status", "x"],
          options: { baseUrl },
          exitCode: 5,
          code: "REDIRECT_REFUSED",
          says: /redirects to https:\/\/elsewhere.example\/login/,
          hint: /--base-url/,
          server: baseUrl,
        }),
    ));

  test("control characters in error messages are escaped", () =>
    answering(
      (_, response) =>
        response.writeHead(400, { "Content-Type": "application/json" }).end(
          JSON.stringify({
            error: { code: "BAD\u001b[2J", message: "a\u001b]0;t\u0007\r\nerror: forged\u009b31m\u202e" },
          }),
        ),
      async (baseUrl) => {
        for (const flags of [[], ["--json"], ["--debug"], ["--json", "--debug"]]) {
          const { stderr } = await cli(["status", "x", ...flags], { baseUrl });
          expect(stderr.replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/); // eslint-disable-line no-control-regex
          expect(stderr.split("\n").filter((line) => line.startsWith("error: forged"))).toEqual([]);
        }
      },
    ));
});
