import { expect, test } from "vitest";
import { runMain } from "../run-main.js";
import { readFormat, readSettings, type GlobalOptions } from "../../../src/cli/args/settings.js";

const byDefault = {
  baseUrl: "http://127.0.0.1:7331",
  baseUrlIsFlag: false,
  baseUrlIsDefault: true,
  apiKey: undefined,
  timeoutMs: undefined,
  debug: false,
  noColor: false,
  plain: false,
};
const env = { SMITHERS_BASE_URL: "http://env", SMITHERS_API_KEY: "env", SMITHERS_PLAIN: "1" };
const empty = { SMITHERS_BASE_URL: "", SMITHERS_API_KEY: "", SMITHERS_PLAIN: "" };

test.each<[GlobalOptions, Record<string, string>, object]>([
  [{}, {}, {}],
  [{}, empty, {}],
  [{}, env, { baseUrl: "http://env", baseUrlIsDefault: false, apiKey: "env", plain: true }],
  [
    { baseUrl: "http://flag", apiKey: "flag", plain: true },
    env,
    { baseUrl: "http://flag", baseUrlIsFlag: true, baseUrlIsDefault: false, apiKey: "flag", plain: true },
  ],
  [{ baseUrl: "http://flag" }, {}, { baseUrl: "http://flag", baseUrlIsFlag: true, baseUrlIsDefault: false }],
  [{}, { SMITHERS_PLAIN: "0" }, {}],
  [{}, { SMITHERS_PLAIN: "False" }, {}],
  [{ color: false, debug: true, timeout: 5 }, {}, { noColor: true, debug: true, timeoutMs: 5 }],
])("reads the options %j with the environment %j", (options, environment, changes) => {
  expect(readSettings(options, environment)).toEqual({ ...byDefault, ...changes });
});

test.each([
  [false, {}, "text"],
  [true, {}, "json"],
  [false, { SMITHERS_FORMAT: "json" }, "json"],
  [true, { SMITHERS_FORMAT: "text" }, "json"],
  [false, { SMITHERS_FORMAT: "" }, "text"],
])("--json %s with %j selects %s", (json, environment, name) => {
  expect(readFormat(json, environment).name).toBe(name);
});

test.each(["xml", "JSON", "constructor"])("refuses the format %s", (name) => {
  expect(() => readFormat(false, { SMITHERS_FORMAT: name })).toThrow(`SMITHERS_FORMAT is '${name}'`);
});

test.each([
  [["watch", "--nonsense", "--json"], /^\{"error":\{"code":"USAGE"/],
  [["watch", "--nonsense", "--", "--json"], /^error: /],
])("refuses %j in the requested format", async (argv, says) => {
  const { stderr, exitCode } = await runMain(argv, { baseUrl: "http://127.0.0.1:1" });
  expect(exitCode).toBe(4);
  expect(stderr).toMatch(says);
});
