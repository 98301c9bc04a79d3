import { watchRun } from "../../src/client/index.js";
import { ChaosProxy, type Fault } from "./chaos-proxy.js";
import { eventsOf, makeFrame, makeHistory, perform, type History } from "./history.js";
import { ProtocolServer } from "./protocol-server.js";
import { Random } from "./random.js";

/** What came of following one run through the faults of one seed. */
export interface Outcome {
  seed: number;
  connections: number;
  delivered: number;
  lost: number;
  repeated: number;
  /** Out of the history's order, or not in it at all. */
  misplaced: number;
  /** What was wrong beyond events; undefined where nothing was. */
  problem: string | undefined;
  faults: ReadonlyMap<Fault, number>;
}

const idleTimeoutMs = 150;
/** No run takes nearly so long; one that does hangs. */
const deadlineMs = 60_000;

/** Plays a made-up run on a server, follows it through the proxy, and compares what came with what happened. */
export async function followThroughFaults(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const history = makeHistory(random, 200);
  const server = await ProtocolServer.start({
    frame: makeFrame(random.fork()),
    keepAliveMs: idleTimeoutMs / 5,
  });
  for (const step of history.past) perform(server, step);

  const downTimes = random.fork();
  const restarting = new Set<Promise<void>>();
  const restart = () => {
    if (!server.isUp) return;
    const done = server
      .stop()
      .then(() => sleep(downTimes.int(1, 30)))
      .then(() => server.start());
    restarting.add(done);
    void done.finally(() => restarting.delete(done));
  };
  const proxy = await ChaosProxy.start({
    target: server.port,
    random: random.fork(),
    restart,
    longestStallMs: idleTimeoutMs / 2,
  });

  const received: string[] = [];
  const reconnects: string[] = [];
  let problem: string | undefined;
  const playing = play(server, history, random.fork());
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error(`not over after ${deadlineMs} ms`)), deadlineMs);
  try {
    const events = watchRun({
      baseUrl: proxy.baseUrl,
      runId: history.runId,
      signal: deadline.signal,
      reconnectDelayMs: 5,
      idleTimeoutMs,
      timeoutMs: 2000,
      retries: 0,
      maxReconnects: 30,
      onReconnect: ({ position, attempt, delayMs, cause }) =>
        reconnects.push(
          `at ${position}, ${attempt} attempt, ${Math.round(delayMs)} ms: ${String(cause)}`,
        ),
    });
    for (;;) {
      const { done, value } = await events.next();
      if (done) {
        if (value.status !== history.finalStatus)
          problem = `ended as ${value.status}, not ${history.finalStatus}`;
        break;
      }
      received.push(JSON.stringify(value));
    }
  } catch (error) {
    problem = [String(error), "its last reconnects:", ...reconnects.slice(-8)].join("\n  ");
  } finally {
    clearTimeout(timer);
    await playing;
    await proxy.close();
    await Promise.all(restarting);
    await server.stop();
  }
  const { connections, faults } = proxy;
  return {
    seed,
    connections,
    delivered: received.length,
    ...compare(eventsOf(history), received),
    problem,
    faults,
  };
}

/** Lets the rest of the run happen, in bursts; also while the server is down, as what runs elsewhere does. */
async function play(server: ProtocolServer, history: History, random: Random): Promise<void> {
  let burst = 0;
  for (const step of history.future) {
    if (burst-- <= 0) {
      await sleep(random.int(0, 10));
      burst = random.int(0, 30);
    }
    perform(server, step);
    // A status is followed by its event, and the reader between the two must not be fooled.
    if ("status" in step) {
      await sleep(random.int(0, 3));
      burst = Math.max(burst, 1);
    }
  }
}

function compare(expected: string[], received: string[]): Pick<Outcome, "lost" | "repeated" | "misplaced"> {
  const places = new Map(expected.map((text, place) => [text, place]));
  const seen = new Set(received);
  let misplaced = 0;
  let last = -1;
  for (const text of seen) {
    const place = places.get(text) ?? -1;
    if (place <= last) misplaced++;
    last = Math.max(last, place);
  }
  return {
    lost: expected.filter((text) => !seen.has(text)).length,
    repeated: received.length - seen.size,
    misplaced,
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
