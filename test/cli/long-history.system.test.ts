import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { httpFetch } from "../../src/cli/network/http-fetch.js";
import { makeHistory } from "../long-history.js";
import { sharedServer } from "../shared-server.js";
import { runMain } from "./run-main.js";

const runId = "long-history";
const events = 50_000;

beforeAll(() => makeHistory(join(sharedServer.root, "smithers.db"), { runId, events, status: "finished" }));

/** A page has 199 new events. Some pages are opened ahead in vain, and a slow machine checks again now and then. */
const maxRequests = 1.5 * Math.ceil(events / 199);

async function countRequests(...words: string[]): Promise<{ stdout: string; requests: number }> {
  const real = httpFetch({});
  let requests = 0;
  const { stdout } = await runMain(words, {
    baseUrl: sharedServer.baseUrl,
    fetch: (url, request) => (requests++, real(url, request)),
  });
  return { stdout, requests };
}

test("logs makes one request for each page of 50,000 events", { timeout: 120_000 }, async () => {
  const { stdout, requests } = await countRequests("logs", runId, "plan");
  const lines = stdout.split("\n").slice(0, -1);
  expect(lines.length).toBeGreaterThan(9000);
  expect(lines[0]).toBe("0.0 compiled 214 modules in 1.8 s");
  expect(requests).toBeLessThan(maxRequests);
});

test("timeline reads 50,000 events once", { timeout: 120_000 }, async () => {
  const { stdout, requests } = await countRequests("timeline", runId, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ status: "finished" });
  expect(requests).toBeLessThan(maxRequests);
});
