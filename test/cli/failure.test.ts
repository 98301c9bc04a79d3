import { expect, test } from "vitest";
import { Interrupted } from "../../src/cli/context.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { CommandError, describeFailure, exitCodeOfError, TimedOut } from "../../src/cli/failure.js";
import {
  ArgumentError,
  ConnectionError,
  HttpError,
  PositionError,
  ProtocolError,
  TimeoutError,
} from "../../src/client/index.js";

const request = { method: "POST", path: "/v1/runs" };
const decision = { method: "POST", path: "/v1/runs/r/nodes/gate/approve" };
const http = (status: number, serverMessage = "", fields: object = request, code?: string) =>
  new HttpError({ status, serverMessage, code, ...request, ...fields });
const serverError = (message: string, fields?: object) => http(500, message, fields, "SERVER_ERROR");

test.each([
  ["bad usage", new UsageError("x"), 4],
  ["a bad argument", new ArgumentError("runId", "x"), 4],
  ["a request that the server refuses", http(404), 4],
  ["a request without a key", http(401), 6],
  ["a server that breaks", http(500, "oh", { method: "GET", path: "/v1/runs/r" }), 5],
  ["a connection", new ConnectionError("x", { ...request, mayHaveBeenApplied: false }), 5],
  [
    "an answer that took too long",
    new TimeoutError({ ...request, timeoutMs: 1, mayHaveBeenApplied: true }),
    5,
  ],
  ["another kind of server", new ProtocolError("x"), 5],
  ["a numbering that moved", new PositionError(1), 5],
  ["Ctrl-C", new Interrupted("SIGINT"), 130],
  ["SIGTERM", new Interrupted("SIGTERM"), 143],
  ["a terminal that was closed", new Interrupted("SIGHUP"), 129],
  ["--timeout", new TimedOut(1000), 124],
  ["an error that says its code", new CommandError("X", "x", 6), 6],
  ["a full disk", Object.assign(new Error("x"), { code: "ENOSPC", syscall: "write" }), 4],
  ["anything else", new TypeError("x"), 70],
  ["what is no error at all", "text", 70],
  ["a workflow that is not there", serverError("Cannot find module 'x'"), 4],
  ["a workflow that throws", serverError("oh"), 4],
  [
    "a workflow that says so, of a database that is locked",
    serverError("load workflow module: database is locked"),
    4,
  ],
  ["a database that is locked", serverError("SQLITE_BUSY: database is locked"), 5],
  ["a full disk of the server's", serverError("disk I/O error"), 5],
  ["a failure without a word", serverError(""), 5],
  ["a page of a proxy", http(500, "oh"), 5],
  ["the same message on another route", serverError("oh", { path: "/v1/runs/r/cancel" }), 5],
  ["the same message as an answer to a read", serverError("oh", { method: "GET" }), 5],
  ["a node that does not wait", serverError("Node gate is not waiting for approval", decision), 4],
  ["a decision that breaks the server", serverError("oh", decision), 5],
  [
    "that message on another route",
    serverError("Node gate is not waiting for approval", { path: "/v1/runs/r" }),
    5,
  ],
])("maps %s to its exit code", (_, error, code) => {
  expect(exitCodeOfError(error)).toBe(code);
});

test("the hint for a lost connection to a gateway says that an idle gateway stops", () => {
  const lost = new ConnectionError("x", { ...request, mayHaveBeenApplied: false, position: 7 });
  const hint = (isGateway: boolean) =>
    describeFailure(lost, { baseUrl: undefined, commandName: "watch", commandLine: () => "", isGateway })
      .hint;
  expect(hint(true)).toContain("a gateway that another command started stops after 5 idle minutes");
  expect(hint(false)).toBe("check that the server is running, then watch the run again");
});
