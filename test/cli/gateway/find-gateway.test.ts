import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Child, SpawnOptions } from "../../../src/cli/context.js";
import { runMain } from "../run-main.js";

const url = "http://127.0.0.1:40123";

/** A directory with a workspace and the program `smithers` in it. */
function workspace(): string {
  const directory = mkdtempSync(join(tmpdir(), "smithers-client-find-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, ".smithers"));
  mkdirSync(join(directory, "node_modules", ".bin"), { recursive: true });
  writeFileSync(join(directory, "node_modules", ".bin", "smithers"), "");
  return directory;
}

/** Runs `ls` when nothing listens at the default address and the program prints `said`. */
async function lsWith(said: string, options: { cwd?: string; env?: Record<string, string> } = {}) {
  const asked: string[] = [];
  const spawn = (_: string, args: readonly string[], { onLine }: SpawnOptions): Child => {
    asked.push(args.slice(-4).join(" "));
    for (const line of said.split("\n")) onLine(line);
    return { pid: 1, ended: Promise.resolve(0), kill: () => {} };
  };
  const refused = Object.assign(new TypeError("fetch failed"), {
    cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" }),
  });
  const done = await runMain(["ls"], {
    baseUrl: "",
    cwd: options.cwd ?? workspace(),
    env: { PATH: "", ...options.env },
    spawn,
    fetch: () => Promise.reject(refused),
  });
  return { ...done, asked };
}

const running = JSON.stringify({ running: true, url, auth: "none" }, null, 2);

test("an error about the default address names this directory's gateway on another port", async () => {
  const { exitCode, stderr, asked } = await lsWith(`checking\n${running}`);
  expect(exitCode).toBe(5);
  expect(asked).toEqual(["gateway status --format json"]);
  expect(stderr).toContain(
    `next:  this directory's gateway listens on ${url}: set SMITHERS_BASE_URL=${url}\n`,
  );
});

test("an error about the default address says that the gateway needs its token", async () => {
  const { stderr } = await lsWith(running.replace("none", "token"));
  expect(stderr).toContain(`SMITHERS_BASE_URL=${url}, and its token in SMITHERS_API_KEY\n`);
});

test.each([
  ["none runs", JSON.stringify({ running: false })],
  ["there is no workspace", JSON.stringify({ code: "CLI_DB_NOT_FOUND" })],
  ["it answers with what is no URL of a server", running.replace(url, "http://x/; rm -rf ~")],
  ["it answers with no JSON", "unknown command: gateway"],
])("the usual advice is given if %s", async (_, said) => {
  const { exitCode, stderr } = await lsWith(said);
  expect(exitCode).toBe(5);
  expect(stderr).toContain("next:  start a server with 'smithers-client serve'");
});

test("no program is run if the user named the server, or there is no workspace", async () => {
  const named = await lsWith(running, { env: { SMITHERS_BASE_URL: "http://127.0.0.1:9" } });
  expect(named.asked).toEqual([]);
  const elsewhere = mkdtempSync(join(tmpdir(), "smithers-client-find-"));
  onTestFinished(() => rmSync(elsewhere, { recursive: true }));
  expect((await lsWith(running, { cwd: elsewhere })).asked).toEqual([]);
});
