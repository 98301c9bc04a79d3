import { expect, test } from "vitest";
import { ConnectionError } from "../../../src/client/errors/connection-error.js";
import { HttpError, ownHttpCodes } from "../../../src/client/errors/http-error.js";
import { PositionError } from "../../../src/client/errors/position-error.js";
import { ProtocolError } from "../../../src/client/errors/protocol-error.js";
import { TimeoutError } from "../../../src/client/errors/timeout-error.js";
import { isOutage, isRetryable, retryDelay, retryPolicies } from "../../../src/client/http/retry.js";

const request = { method: "POST", path: "/v1/runs" };
const http = (status: number, code?: string, retryAfterMs?: number) =>
  new HttpError({ status, code, serverMessage: "", retryAfterMs, ...request });
const connection = (mayHaveBeenApplied: boolean) =>
  new ConnectionError("x", { ...request, mayHaveBeenApplied });
const protocol = (mayHaveBeenApplied: boolean) => new ProtocolError("x", { mayHaveBeenApplied });
const timeout = new TimeoutError({ ...request, timeoutMs: 1, mayHaveBeenApplied: true });

interface RetryRow {
  error: unknown;
  read: boolean;
  repeatable: boolean;
  once: boolean;
}

test.each`
  what                               | error                           | read     | repeatable | once
  ${"a connection that was refused"} | ${connection(false)}            | ${true}  | ${true}    | ${true}
  ${"a connection that broke"}       | ${connection(true)}             | ${true}  | ${true}    | ${false}
  ${"no answer in time"}             | ${timeout}                      | ${true}  | ${true}    | ${false}
  ${"an unusable answer to a call"}  | ${protocol(true)}               | ${true}  | ${true}    | ${false}
  ${"an unusable answer to a read"}  | ${protocol(false)}              | ${false} | ${false}   | ${false}
  ${"a numbering that moved"}        | ${new PositionError(1)}         | ${false} | ${false}   | ${false}
  ${"408"}                           | ${http(408)}                    | ${true}  | ${true}    | ${false}
  ${"425"}                           | ${http(425)}                    | ${true}  | ${true}    | ${false}
  ${"429"}                           | ${http(429)}                    | ${true}  | ${true}    | ${true}
  ${"500"}                           | ${http(500)}                    | ${true}  | ${false}   | ${false}
  ${"502"}                           | ${http(502)}                    | ${true}  | ${true}    | ${false}
  ${"503"}                           | ${http(503)}                    | ${true}  | ${true}    | ${false}
  ${"504"}                           | ${http(504)}                    | ${true}  | ${true}    | ${false}
  ${"501"}                           | ${http(501)}                    | ${false} | ${false}   | ${false}
  ${"404"}                           | ${http(404)}                    | ${false} | ${false}   | ${false}
  ${"429 that asks for a minute"}    | ${http(429, undefined, 60_000)} | ${true}  | ${true}    | ${true}
  ${"429 that asks for more"}        | ${http(429, undefined, 60_001)} | ${false} | ${false}   | ${false}
  ${"an error of somebody else's"}   | ${new Error("x")}               | ${false} | ${false}   | ${false}
`(
  "after $what: read $read, repeatable $repeatable, once $once",
  ({ error, read, repeatable, once }: RetryRow) => {
    expect({
      read: isRetryable(error, retryPolicies.read),
      repeatable: isRetryable(error, retryPolicies.repeatable),
      once: isRetryable(error, retryPolicies.once),
    }).toEqual({ read, repeatable, once });
  },
);

test.each([
  ["a connection that broke", connection(true), true],
  ["no answer in time", timeout, true],
  ["a page with status 200", protocol(false), true],
  ["a proxy's 404", http(404), true],
  ["a proxy's 403", http(403), true],
  ["a redirect", http(302, ownHttpCodes.redirectRefused), true],
  ["the server's 503", http(503, "BUSY"), true],
  ["the server's 404", http(404, "RUN_NOT_FOUND"), false],
  ["the server's 401", http(401, "UNAUTHORIZED"), false],
  ["a numbering that moved", new PositionError(1), false],
  ["an error of somebody else's", new Error("x"), false],
])("%s is an outage: %s", (_, error, passes) => {
  expect(isOutage(error)).toBe(passes);
});

test("the backoff doubles up to 8 s, half of it jitter, unless the server asks for a delay", () => {
  for (const [before, most] of [
    [0, 500],
    [1, 1000],
    [4, 8000],
    [5, 8000],
    [50, 8000],
  ] as const) {
    const delays = Array.from({ length: 100 }, () => retryDelay(connection(false), before));
    expect(Math.max(...delays)).toBeLessThanOrEqual(most);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(most / 2);
  }
  expect(retryDelay(http(429, undefined, 7000), 5)).toBe(7000);
  expect(retryDelay(http(429, undefined, 0), 5)).toBe(0);
});
