import { expect, test } from "vitest";
import { resolveOptions } from "../../src/client/options.js";

test.each([
  ["http://host", "http://host"],
  ["http://host:7331/", "http://host:7331"],
  ["https://host/prefix//", "https://host/prefix"],
  ["HTTP://HOST/Prefix", "http://host/Prefix"],
])("the base URL %s becomes %s", (given, used) => {
  expect(resolveOptions({ baseUrl: given }).baseUrl).toBe(used);
});

test.each([
  ["host:7331", /should start with/],
  ["ftp://host", /should start with/],
  ["not a URL, p4ss", /is not a URL/],
  ["http://user:p4ss@host", /carries credentials/],
  ["http://p4ss@host", /carries credentials/],
  ["http://host/?key=p4ss", /carries a query/],
  ["http://host/#p4ss", /carries a query/],
  ["http://host/?", /carries a query/],
])("the base URL %s is refused without repeating its secret", (baseUrl, says) => {
  expect(() => resolveOptions({ baseUrl })).toThrow(says);
  expect(() => resolveOptions({ baseUrl })).not.toThrow(/p4ss/);
});

test.each(["two\nlines", "two\r\nX-Forged: 1", "null\u0000", "wide €", "\u007f"])(
  "the key %j is refused without being repeated",
  (apiKey) => {
    expect(() => resolveOptions({ apiKey })).toThrow(/the API key has .* at position \d+ of \d+$/);
    expect(() => resolveOptions({ apiKey })).not.toThrow(/Forged|lines|wide/);
  },
);

const key = "s3cr=t/ü\\";
test.each([
  ["as it is", `my ${key}!`],
  ["as JSON spells it", JSON.stringify({ key })],
  ["as JSON in JSON", JSON.stringify(JSON.stringify({ key }))],
  ["in JSON's escapes", "\\u0073\\u0033\\u0063\\u0072\\u003D\\u0074\\/\\u00fc\\\\"],
  ["as a URL spells it", encodeURIComponent(key)],
  ["as a URL may, in small letters", encodeURIComponent(key).toLowerCase()],
])("the key %s is redacted", (_, text) => {
  const { redact } = resolveOptions({ apiKey: key });
  expect(redact(text)).not.toMatch(/s3cr|cr=t|cr%3/i);
  expect(redact(text)).toContain("[api key]");
});

test("the key is sent in the Authorization header, which is absent without a key", () => {
  expect(resolveOptions({ apiKey: key }).authorize({ Accept: "x" })).toEqual({
    Accept: "x",
    Authorization: `Bearer ${key}`,
  });
  expect(resolveOptions({ apiKey: "" }).authorize({ Accept: "x" })).toEqual({ Accept: "x" });
});
