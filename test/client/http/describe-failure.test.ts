import { expect, test } from "vitest";
import { ConnectionError } from "../../../src/client/errors/connection-error.js";
import { ownHttpCodes } from "../../../src/client/errors/http-error.js";
import { toConnectionError, toHttpError } from "../../../src/client/http/describe-failure.js";
import type { HttpRequest } from "../../../src/client/http/request.js";
import { resolveOptions } from "../../../src/client/options.js";

const options = resolveOptions({ baseUrl: "http://h", apiKey: "s3cret-key" });
const get: HttpRequest = { method: "GET", path: "/v1/runs/r" };
const post: HttpRequest = { method: "POST", path: "/v1/runs/r/nodes/gate/approve" };

const errorFor = (status: number, body: unknown, request = get, headers: Record<string, string> = {}) =>
  toHttpError(
    { status, headers: { get: (name) => headers[name] ?? null }, body: null },
    { text: typeof body === "string" ? body : JSON.stringify(body), complete: true, limit: 65_536 },
    options,
    request,
  );

test.each([
  [502, post, true],
  [503, post, true],
  [504, post, true],
  [500, post, false],
  [429, post, false],
  [404, post, false],
  [502, get, false],
])("status %d of %j may have been applied: %s", (status, request, mayHaveBeenApplied) => {
  expect(errorFor(status, "", request)).toMatchObject({ status, mayHaveBeenApplied });
});

test.each([
  ["ECONNREFUSED", post, false, "cannot reach http://h: the connection was refused"],
  ["ENOTFOUND", post, false, "cannot reach http://h: the host's name is not known"],
  ["CERT_HAS_EXPIRED", post, false, "cannot reach http://h: its certificate has expired"],
  ["ECONNRESET", post, true, "lost the connection to http://h: the connection broke (ECONNRESET)"],
  ["EPIPE", post, true, "lost the connection to http://h"],
  ["ECONNRESET", get, false, "lost the connection to http://h"],
])("%s of %j may have been applied: %s", (code, request, mayHaveBeenApplied, message) => {
  const wrapped = new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) });
  const severalAddresses = { errors: [Object.assign(new Error("x"), { code }), new Error("y")] };
  for (const thrown of [wrapped, severalAddresses]) {
    const error = toConnectionError(thrown, options, request);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ networkCode: code, mayHaveBeenApplied });
    expect(error.message).toContain(message);
  }
});

test.each([...Object.values(ownHttpCodes), "HTTP_200", "HTTP_404"])(
  "a response cannot claim the code %s",
  (code) => {
    expect(errorFor(404, { error: { code, message: "oh", details: { runId: "x" } } }).code).toBe("HTTP_404");
  },
);

test.each([
  [
    "the server's own",
    { error: { code: "RUN_NOT_FOUND", message: "Run not found" } },
    "RUN_NOT_FOUND",
    "Run not found",
  ],
  ["a text", { error: "nothing here" }, "HTTP_404", "nothing here"],
  ["a page", "<html><script>x()</script><h1>Not\n found</h1>", "HTTP_404", 'no content type: "Not found"'],
  ["a page without words", "", "HTTP_404", ""],
  ["an array", [1], "HTTP_404", "not a Smithers server's"],
  ["an error without words", { error: {} }, "HTTP_404", "not a Smithers server's"],
])("the code and message are read from %s", (_, body, code, says) => {
  const error = errorFor(404, body);
  expect(error.code).toBe(code);
  expect(error.serverMessage).toContain(says);
});

test("an error for a redirect names its target without the key", () => {
  const error = errorFor(302, "", get, { location: "http://elsewhere/?key=s3cret-key" });
  expect(error).toMatchObject({ status: 302, code: "REDIRECT_REFUSED" });
  expect(error.message).toContain("http://elsewhere/?key=[api key]");
});

test("no field of an error shows the key at any depth", () => {
  const cause = Object.assign(new Error("x"), { request: { headers: ["Authorization: Bearer s3cret-key"] } });
  const lost = toConnectionError(cause, options, get);
  const refused = errorFor(400, {
    error: { code: "X", message: "s3cret-key", details: { "s3cret-key": ["s3cret-key"] } },
  });
  const page = errorFor(400, "<p>you sent s3cret-key</p>", get, { "content-type": "text/html; s3cret-key" });
  expect(page.message).toContain('text/html; [api key]: "you sent [api key]"');
  for (const error of [lost, refused, page]) {
    expect(JSON.stringify([error, error.message, error.cause, error.stack])).not.toContain("s3cret-key");
  }
  expect(refused.details).toEqual({ "[api key]": ["[api key]"] });
});

test.each([
  ["7", 7000],
  ["0.5", 500],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["soon", undefined],
])("Retry-After: %s is %s ms", (header, ms) => {
  expect(errorFor(503, "", get, { "retry-after": header }).retryAfterMs).toBe(ms);
});
