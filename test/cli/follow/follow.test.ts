import { execFile } from "node:child_process";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { cutRuns, cuts, cuttingServer, forEachOf, recordedEvents } from "../../faults/cuts.js";
import {
  answer,
  block,
  chunk,
  errorBody,
  head,
  lastChunk,
  RawServer,
  streamHead,
} from "../../faults/raw-server.js";
import { waitUntil } from "../../wait-until.js";
import { binary, cleanEnvironment, cli, runBinary, startCli, type CliResult } from "../run-cli.js";

const servers: RawServer[] = [];
async function serve(...args: Parameters<typeof RawServer.start>): Promise<RawServer> {
  const server = await RawServer.start(...args);
  servers.push(server);
  return server;
}
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const event = (type: string, more: object = {}) => ({ type, runId: "r", timestampMs: 1000, ...more });
const node = { nodeId: "größe", iteration: 0 };
/** A run that failed once and was resumed, with characters of two, three and four bytes. */
const history = [
  event("RunStarted"),
  event("NodeStarted", { ...node, attempt: 1 }),
  event("NodeFailed", { ...node, attempt: 1, error: "日本 🚀" }),
  event("RunFailed", { error: "voll" }),
  event("RunStarted"),
  event("NodeStarted", { ...node, attempt: 2 }),
  event("NodeFinished", { ...node, attempt: 2 }),
  event("RunFinished"),
].map((each) => JSON.stringify(each));
const lines = history.map((line) => `${line}\n`).join("");
const last = (body: unknown, code = 200) => answer(code, body);
const status = (runId: string, state = "finished") =>
  last({
    runId,
    workflowName: "w",
    status: state,
    startedAtMs: 1000,
    finishedAtMs: state === "finished" ? 1000 : null,
    summary: {},
  });

const isEvents = (path: string) => /\/events(\?|$)/.test(path);
const runIdIn = (path: string) => /^\/v1\/runs\/([^/?]+)/.exec(path)?.[1] ?? "";

/** The whole response with the events that a path requests, as raw bytes. */
function wholeStream(path: string, until = history.length): Buffer {
  const after = Number(new URL(path, "http://x").searchParams.get("afterSeq") ?? -1);
  return Buffer.concat([
    Buffer.from(streamHead),
    chunk("retry: 100\n\n"),
    ...history.slice(after + 1, until).map((data) => chunk(block(data))),
    Buffer.from(lastChunk),
  ]);
}

/** Sends the first bytes of a response, then breaks the connection. */
function sendCut(socket: Socket, bytes: Buffer, at: number, cut: "reset" | "fin"): void {
  socket.write(bytes.subarray(0, at), () => {
    if (cut === "fin") socket.end();
    // Gives the sent bytes time to arrive, since a reset may overtake them.
    else setTimeout(() => socket.resetAndDestroy(), 15);
  });
}

// The tests of the library's `watchRun` cut at every byte; here the network layer is a different one.
describe("a connection cut anywhere from the response's head to its last chunk", { timeout: 120_000 }, () => {
  // The first event arrives as two lines of data, whose line break becomes a space in the line of JSON.
  const json = recordedEvents.map((each) => JSON.stringify(each)).join("\n");
  const stdout = `${json.replace(",", ", ")}\n`;
  const expectWhole = (runId: string, result: CliResult) =>
    expect({ runId, ...result }).toEqual({ runId, stdout, stderr: "", exitCode: 0 });

  test.each(cuts)("(%s) does not change what the command line writes", async (cut) => {
    const { baseUrl } = await cuttingServer();
    await forEachOf(cutRuns(cut, 11), async (runId) =>
      expectWhole(runId, await cli(["watch", runId, "--json"], { baseUrl })),
    );
  });

  test("does not change what the binary writes", async () => {
    const { baseUrl } = await cuttingServer();
    await forEachOf([...cutRuns("RST", 200), ...cutRuns("FIN", 200)], async (runId) =>
      expectWhole(runId, await runBinary(["watch", runId, "--json"], { baseUrl })),
    );
  });
});

describe("after a connection is cut", () => {
  const seen = (state: { cuts: number; started: Set<string>; resumed: string[] }) =>
    serve(({ method, path, body }, socket) => {
      if (method === "POST") {
        const { runId, resume } = JSON.parse(body) as { runId: string; resume?: boolean };
        if (resume === true) state.resumed.push(runId);
        else state.started.add(runId);
        return socket.end(last({ runId }));
      }
      // A run that was not started here has failed after its fourth event, until it is resumed.
      const hasFailed = state.started.size + state.resumed.length === 0;
      if (!isEvents(path)) return socket.end(status(runIdIn(path), hasFailed ? "failed" : "finished"));
      const bytes = wholeStream(path, hasFailed ? 4 : history.length);
      if (hasFailed || state.cuts++ > 0) return socket.end(bytes);
      return sendCut(socket, bytes, Math.floor(bytes.length / 2), "reset");
    });
  const newState = () => ({ cuts: 0, started: new Set<string>(), resumed: [] as string[] });

  test.each([
    ["run", ["run", "x.tsx", "--run-id", "r", "-w"]],
    ["resume", ["resume", "r", "x.tsx", "-w"]],
  ])("%s -w continues", async (name, args) => {
    const state = newState();
    const { baseUrl } = await seen(state);
    const json = await cli([...args, "--json"], { baseUrl });
    const shown = history.slice(name === "run" ? 0 : 4).map((line) => `${line}\n`);
    expect(json).toEqual({ stdout: shown.join(""), stderr: "", exitCode: 0 });
    expect(state.cuts).toBe(2);
    expect([[...state.started], state.resumed]).toEqual(name === "run" ? [["r"], []] : [[], ["r"]]);

    state.resumed = [];
    const whole = await cli(args, { baseUrl });
    state.resumed = [];
    state.cuts = 0;
    const cut = await cli(args, { baseUrl });
    expect(whole).toMatchObject({ stdout: cut.stdout, exitCode: 0 });
    expect(whole.stderr).not.toContain("reconnecting");
    expect(cut.stderr.match(/^reconnecting in .*, continuing after event \d+: /gm)).toHaveLength(1);
    expect(cut.stdout).not.toContain("reconnecting");
  });
});

describe("a client that leaves before the run ends", () => {
  /** A server of an endless run. If `talks`, it keeps sending events; otherwise it is silent after the first one. */
  const endless = (talks: boolean) =>
    serve(({ method, path, body }, socket) => {
      if (method === "POST")
        return socket.end(last({ runId: (JSON.parse(body) as { runId: string }).runId }));
      if (!isEvents(path)) return socket.end(status(runIdIn(path), "running"));
      socket.write(streamHead);
      socket.write(chunk(block(history[0] ?? "")));
      if (!talks) return undefined;
      const timer = setInterval(() => socket.write(chunk(block(history[0] ?? ""))), 20);
      socket.on("close", () => clearInterval(timer));
      return undefined;
    });

  test.each([
    ["watch r", /^ +0\.0s {2}run +started\n$/],
    ["run x.tsx -w --json", /^\{"type":"RunStarted".*\}\n$/],
    ["resume r x.tsx -w --json", /^\{"type":"RunStarted".*\}\n$/],
  ])("%s | head -1 exits quietly and closes its connection", async (command, line) => {
    const server = await endless(true);
    const { stdout, stderr } = await promisify(execFile)(
      "bash",
      ["-c", `"${process.execPath}" "${binary}" ${command} | head -n 1; echo "exit \${PIPESTATUS[0]}"`],
      { env: cleanEnvironment(server.baseUrl) },
    );
    const [first = "", last] = stdout.split(/(?<=\n)/);
    expect(first).toMatch(line);
    expect({ last, stderr }).toEqual({ last: "exit 141\n", stderr: "" });
    await waitUntil(() => server.sockets.size === 0);
    // Before a resume, the existing events are read and verified over separate connections.
    const streams = server.requests.filter(({ path }) => isEvents(path)).length;
    if (!command.startsWith("resume")) expect(streams).toBe(1);
  });

  test.each([
    ["watch", ["watch", "r"]],
    ["run", ["run", "x.tsx", "--run-id", "r", "-w"]],
  ])("closes the connection of a silent %s at SIGINT", async (_, args) => {
    const server = await endless(false);
    const following = startCli([...args, "--json"], { baseUrl: server.baseUrl });
    await new Promise((seen) => following.stdout.once("data", seen));
    following.kill("SIGINT");
    const { stdout, exitCode } = await following;
    expect({ stdout, exitCode }).toEqual({ stdout: `${history[0]}\n`, exitCode: 130 });
    await waitUntil(() => server.sockets.size === 0);
    expect(server.requests.some(({ path }) => path.endsWith("/cancel"))).toBe(false);
  });
});

describe("a start whose response is lost after the server accepted it", () => {
  const losses: Record<string, (socket: Socket) => void> = {
    "by a reset": (socket) => socket.resetAndDestroy(),
    "by a close": (socket) => socket.end(),
    "in the middle": (socket) => sendCut(socket, last({ runId: "r" }), 70, "fin"),
    "by the gateway": (socket) => socket.end(last("<html>Bad Gateway</html>", 502)),
  };

  test.each(Object.keys(losses))("%s starts one run", async (how) => {
    for (const follows of [false, true]) {
      const started: string[] = [];
      const { baseUrl } = await serve(({ method, path, body }, socket) => {
        if (method !== "POST") return socket.end(isEvents(path) ? wholeStream(path) : status(runIdIn(path)));
        const { runId } = JSON.parse(body) as { runId: string };
        if (started.includes(runId))
          return socket.end(last(errorBody("RUN_ALREADY_EXISTS", `Run id already exists: ${runId}`), 409));
        started.push(runId);
        return started.length === 1 ? losses[how]?.(socket) : socket.end(last({ runId }));
      });
      const result = await cli(["run", "x.tsx", ...(follows ? ["-w", "--json"] : [])], { baseUrl });
      const [runId] = started;
      expect(started).toHaveLength(1);
      expect(result).toEqual({ stdout: follows ? lines : `${runId}\n`, stderr: "", exitCode: 0 });
    }
  });
});

describe("a redirect", () => {
  const env = { SMITHERS_API_KEY: "sk-s3cret" };
  const everyCommand = [
    ["watch", "r"],
    ["status", "r"],
    ["run", "x.tsx", "-w"],
    ["resume", "r", "x.tsx"],
    ["approve", "r", "gate"],
    ["cancel", "r"],
    ["ls"],
  ];

  test.each([301, 302, 303, 307, 308])("with status %d is refused by every command", async (code) => {
    const other = await serve(({ path }, socket) => socket.end(status(runIdIn(path))));
    const server = await serve(({ path }, socket) =>
      socket.end(
        head(code, { location: `${other.baseUrl}${path}`, "content-length": "0", connection: "close" }),
      ),
    );
    const results = await Promise.all(
      everyCommand.map((args) => cli(args, { baseUrl: server.baseUrl, env })),
    );
    for (const { stdout, stderr, exitCode } of results) {
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 5 });
      expect(stderr).toContain(other.baseUrl);
      expect(stderr).not.toContain("s3cret");
    }
    expect(server.requests.length).toBeGreaterThanOrEqual(everyCommand.length);
    expect(other.requests).toEqual([]);
  });

  test("at a reconnect is an outage: it is not followed, and the events continue after it", async () => {
    const other = await serve(({ path }, socket) => socket.end(wholeStream(path)));
    let connections = 0;
    const server = await serve(({ path }, socket) => {
      if (!isEvents(path)) return socket.end(status("r"));
      const bytes = wholeStream(path);
      connections++;
      if (connections === 1) return sendCut(socket, bytes, Math.floor(bytes.length / 2), "fin");
      if (connections > 2) return socket.end(bytes);
      const location = `${other.baseUrl}${path}`;
      return socket.end(head(307, { location, "content-length": "0", connection: "close" }));
    });
    const { baseUrl } = server;
    const { stdout, stderr, exitCode } = await cli(["watch", "r"], { baseUrl, env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/run +failed: voll\n[^]*run +finished\n$/);
    expect(stdout.trim().split("\n")).toHaveLength(history.length);
    expect(stderr).toMatch(new RegExp(`reconnecting in .* ${other.baseUrl}`));
    expect(stderr).not.toContain("s3cret");
    expect(connections).toBe(3);
    expect(other.requests).toEqual([]);
  });
});
