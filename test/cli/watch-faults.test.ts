import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.js";
import { httpFetch } from "../../src/cli/http-fetch.js";
import type { Context, OutputStream } from "../../src/cli/context.js";
import { answer, block, chunk, head, lastChunk, RawServer, streamHead } from "../faults/raw-server.js";
import { startRealServer } from "../real-server.js";
import { waitUntil } from "../wait-until.js";
import { binary, cleanEnvironment, cli, startCli } from "./run-cli.js";

const servers: RawServer[] = [];
const serve = async (...args: Parameters<typeof RawServer.start>) => {
  const server = await RawServer.start(...args);
  servers.push(server);
  return server;
};
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const event = (type: string, more: object = {}) => ({ type, runId: "r", timestampMs: 1000, ...more });
/** Short, with a failure in the middle of it, and characters of several bytes. */
const history = [
  event("RunStarted"),
  event("NodeStarted", { nodeId: "größe", iteration: 0, attempt: 1 }),
  event("NodeFailed", { nodeId: "größe", iteration: 0, attempt: 1, error: "日本 🚀" }),
  event("RunFailed", { error: "old" }),
  event("RunStarted"),
  event("RunFinished"),
].map((each) => JSON.stringify(each));
const status = {
  runId: "r",
  workflowName: "w",
  status: "finished",
  startedAtMs: 1000,
  finishedAtMs: 1000,
  summary: {},
};
const whole = history.map((line) => `${line}\n`).join("");

/** The stream after `afterSeq`, as the server writes it. */
function streamOf(path: string): Buffer {
  const after = Number(new URL(path, "http://x").searchParams.get("afterSeq") ?? -1);
  return Buffer.from(
    `retry: 100\n\n${history
      .slice(after + 1)
      .map(block)
      .join("")}`,
  );
}

/** The command line inside this process. */
async function inProcess(
  argv: string[],
  baseUrl: string,
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written): OutputStream => ({
    isTTY: false,
    columns: undefined,
    rows: undefined,
    terminal: undefined,
    write: async (text) => void (written[name] += text),
    onResize: () => () => {},
  });
  const context: Context = {
    stdin: { isTTY: false, text: async () => "", question: async () => undefined },
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    env: { SMITHERS_BASE_URL: baseUrl },
    cwd: "/",
    version: "0.0.0",
    signal: new AbortController().signal,
    fetch: httpFetch,
    now: Date.now,
    spawn: () => {
      throw new Error("nothing is spawned here");
    },
  };
  const exitCode = await main(argv, context);
  return { ...written, exitCode };
}

describe("a cut after each byte", () => {
  // The run's id says where the first connection is cut, and how.
  const cutting = () => {
    const cut = new Set<string>();
    return serve(({ path }, socket) => {
      const [, id = ""] = /^\/v1\/runs\/([^/?]+)/.exec(path) ?? [];
      const [how, at] = id.split("-");
      if (!path.includes("/events")) return socket.end(answer(200, { ...status, runId: id }));
      const bytes = streamOf(path);
      if (cut.has(id))
        return socket.end(Buffer.concat([Buffer.from(streamHead), chunk(bytes), Buffer.from(lastChunk)]));
      cut.add(id);
      socket.write(
        Buffer.concat([
          Buffer.from(streamHead),
          ...(Number(at) > 0 ? [chunk(bytes.subarray(0, Number(at)))] : []),
        ]),
        () => {
          // What was sent has to arrive: a reset may overtake it.
          if (how === "clean") socket.end(lastChunk);
          else if (how === "fin") socket.end();
          else setTimeout(() => socket.resetAndDestroy(), 15);
        },
      );
    });
  };
  const total = streamOf("/").length;

  test.each(["reset", "fin", "clean"])(
    "(%s) shows the same as no cut",
    async (how) => {
      const server = await cutting();
      const positions = Array.from({ length: total + 1 }, (_, at) => at);
      for (let from = 0; from < positions.length; from += 200) {
        await Promise.all(
          positions.slice(from, from + 200).map(async (at) => {
            const result = await inProcess(["watch", `${how}-${at}`, "--json"], server.baseUrl);
            expect({ at, ...result }).toEqual({ at, stdout: whole, stderr: "", exitCode: 0 });
          }),
        );
      }
    },
    120_000,
  );

  test("also through the built binary", async () => {
    const server = await cutting();
    for (let at = 0; at <= total; at += 97) {
      const result = await cli(["watch", `fin-${at}`, "--json"], { baseUrl: server.baseUrl });
      expect({ at, ...result }).toEqual({ at, stdout: whole, stderr: "", exitCode: 0 });
    }
  }, 120_000);

  test("is told on stderr in text, and nowhere in JSON", async () => {
    const server = await cutting();
    const text = await cli(["watch", "fin-300"], { baseUrl: server.baseUrl });
    expect(text.exitCode).toBe(0);
    expect(text.stderr).toMatch(/^reconnecting in /m);
    expect(text.stdout).not.toContain("reconnecting");
  });
});

test("a real server that is killed and comes back is followed on, through a resume from another shell", async () => {
  const server = await startRealServer();
  try {
    const { baseUrl } = server;
    const runId = (await cli(["run", "slow.tsx"], { baseUrl })).stdout.trim();
    const text = startCli(["watch", runId], { baseUrl });
    const json = startCli(["watch", runId, "--json"], { baseUrl });
    let seen = "";
    json.stdout.on("data", (data) => (seen += String(data)));
    await waitUntil(() => seen.includes("NodeFinished"));
    await server.kill();
    await server.restart();
    const finished = await cli(["resume", runId, "slow.tsx"], { baseUrl });
    expect(finished.exitCode).toBe(0);
    const [asText, asJson] = await Promise.all([text, json]);
    expect([asText.exitCode, asJson.exitCode]).toEqual([0, 0]);
    expect(asText.stderr).toMatch(/^reconnecting in /m);
    expect(asJson.stderr).toBe("");
    const response = await fetch(`${baseUrl}/v1/runs/${runId}/events`);
    const sent = [...(await response.text()).matchAll(/^data: (.*)$/gm)]
      .map(([, data]) => `${data}\n`)
      .join("");
    expect(asJson.stdout).toBe(sent);
  } finally {
    await server.stop();
  }
}, 90_000);

test("a start whose answer was lost gives one run, and its id", async () => {
  const started = new Map<string, number>();
  const server = await serve(({ method, path, body }, socket) => {
    if (method !== "POST" || path !== "/v1/runs") return socket.destroy();
    const { runId } = JSON.parse(body) as { runId: string };
    const times = (started.get(runId) ?? 0) + 1;
    started.set(runId, times);
    if (times === 1) return socket.resetAndDestroy();
    return socket.end(
      answer(409, { error: { code: "RUN_ALREADY_EXISTS", message: "Run id already exists" } }),
    );
  });
  const { stdout, exitCode } = await cli(["run", "x.tsx"], { baseUrl: server.baseUrl });
  expect(exitCode).toBe(0);
  expect([...started.keys()]).toEqual([stdout.trim()]);
});

test("a redirect is refused, and the other server sees nothing", async () => {
  const other = await serve((_, socket) => socket.end(answer(200, status)));
  const server = await serve((_, socket) =>
    socket.end(head(302, { location: `${other.baseUrl}/v1/runs/r`, "content-length": "0" })),
  );
  for (const args of [
    ["status", "r"],
    ["watch", "r"],
    ["run", "x.tsx"],
  ]) {
    const { exitCode, stderr } = await cli(args, {
      baseUrl: server.baseUrl,
      env: { SMITHERS_API_KEY: "sk-s3cret" },
    });
    expect(exitCode).toBe(5);
    expect(stderr).toContain(other.baseUrl);
    expect(stderr).not.toContain("s3cret");
  }
  expect(other.connections).toBe(0);
});

test("a reader that has enough ends it quietly, with its connection closed", async () => {
  const server = await serve(({ path }, socket) => {
    if (!path.includes("/events")) return socket.end(answer(200, { ...status, status: "running" }));
    socket.write(streamHead);
    // Goes on for ever, so that only the reader's end can be the end.
    const timer = setInterval(() => socket.write(chunk(block(history[0] ?? ""))), 20);
    socket.on("close", () => clearInterval(timer));
    return undefined;
  });
  const { stdout, stderr } = await promisify(execFile)(
    "bash",
    ["-c", `"${process.execPath}" "${binary}" watch r --json | head -n 1; echo "exit \${PIPESTATUS[0]}"`],
    { env: cleanEnvironment(server.baseUrl) },
  );
  expect(stdout).toBe(`${history[0]}\nexit 0\n`);
  expect(stderr).toBe("");
  await waitUntil(() => server.sockets.size === 0);
});

test("memory does not grow with the number of events", async () => {
  const line = JSON.stringify(
    event("NodeOutput", { nodeId: "n", iteration: 0, attempt: 1, text: "x".repeat(20) }),
  );
  const many = Buffer.from(block(line).repeat(400));
  const feed = async (socket: Socket, events: number): Promise<void> => {
    for (let sent = 0; sent < events; sent += 400) {
      if (!socket.write(chunk(many))) await new Promise((drained) => socket.once("drain", drained));
    }
  };
  /** What the process takes, in MiB, when it has passed all events on and waits for the last one. */
  const sizeAfter = async (events: number): Promise<number> => {
    let last: () => void = () => {};
    const server = await serve(({ path }, socket) => {
      if (!path.includes("/events")) return socket.end(answer(200, status));
      socket.write(streamHead);
      void feed(socket, events).then(() => {
        last = () => socket.end(Buffer.concat([chunk(block(history.at(-1) ?? "")), Buffer.from(lastChunk)]));
      });
      return undefined;
    });
    const watching = startCli(["watch", "r", "--json"], { baseUrl: server.baseUrl, buffer: false });
    let lines = 0;
    watching.stdout.on("data", (data: Buffer) => {
      for (const byte of data) if (byte === 10) lines++;
    });
    await waitUntil(() => lines === events, 120_000);
    const { pid } = watching;
    const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
    last();
    expect((await watching).exitCode).toBe(0);
    expect(lines).toBe(events + 1);
    return Number(kib) / 1024;
  };
  const few = await sizeAfter(20_000);
  const lots = await sizeAfter(2_000_000);
  expect(lots - few).toBeLessThan(32);
}, 240_000);
