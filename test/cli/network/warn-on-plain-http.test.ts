import { expect, test } from "vitest";
import { warnOnPlainHttpKey } from "../../../src/cli/network/warn-on-plain-http.js";
import type { FetchRequest } from "../../../src/client/index.js";

test.each([
  ["http://build-host:7331/v1/runs", "http://build-host:7331"],
  ["http://10.0.0.7/", "http://10.0.0.7"],
  ["http://localhost.example/", "http://localhost.example"],
  ["http://[2001:db8::1]/", "http://[2001:db8::1]"],
  ["https://build-host/", undefined],
  ["http://127.0.0.1:7331/", undefined],
  ["http://localhost:7331/", undefined],
  ["http://[::1]:7331/", undefined],
])("warns once about a key that is sent to %s: %s", async (url, named) => {
  const [warnings, fetched]: [string[], string[]] = [[], []];
  const network = async (asked: string) => {
    fetched.push(asked);
    return { status: 200, headers: { get: () => null }, body: null };
  };
  const fetch = warnOnPlainHttpKey(network, (line) => warnings.push(line));
  for (let n = 0; n < 2; n++) await fetch(url, {} as FetchRequest);
  expect(fetched).toEqual([url, url]);
  expect(warnings.length).toBe(named === undefined ? 0 : 1);
  expect(warnings[0] ?? "").toContain(named ?? "");
});
