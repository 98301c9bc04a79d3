import { driveRun, watchRun, type Run, type SmithersEvent } from "../../src/client/index.js";
import { ChaosProxy } from "./chaos-proxy.js";
import { DrivenRun } from "./driven-run.js";
import type { Fault } from "./fault-dealer.js";
import { eventsOf, makeFrame, makeHistory, perform, type History } from "./history.js";
import { ProtocolServer } from "./protocol-server.js";
import { Random } from "./random.js";
import { sleep } from "./sleep.js";

/** The result of following one run through the faults of one seed. */
export interface Outcome {
  seed: number;
  connections: number;
  /** The most connections that were open at once. */
  mostConnections: number;
  delivered: number;
  lost: number;
  repeated: number;
  /** Out of the history's order, or not in it at all. */
  misplaced: number;
  /** How many decisions and resumes the library sent. */
  decisions: number;
  resumes: number;
  /** Resumes that no decision waited for. They do no harm, but there should be few. */
  needlessResumes: number;
  /** Decisions that the library should not have sent. */
  wrongDecisions: string[];
  /** Decisions that someone else's preceded, too late to be seen. */
  racedDecisions: number;
  /** What was wrong with the end: a status other than the run's, or an error. `undefined` if it was right. */
  wrongEnd: string | undefined;
  faults: ReadonlyMap<Fault, number>;
  /** The first events that were lost, and the last reconnects before the end. */
  lostEvents: string[];
  reconnects: string[];
}

/** The maximum number of connections that a follower may have open. */
export const connectionLimit = 16;

/** No run takes nearly this long; one that does is hanging. */
const deadlineMs = 180_000;

/** Whether anything went wrong that must not. */
export function isBad(outcome: Outcome): boolean {
  const { lost, repeated, misplaced, wrongDecisions, wrongEnd, mostConnections } = outcome;
  const isWrong = wrongDecisions.length > 0 || wrongEnd !== undefined || mostConnections > connectionLimit;
  return lost > 0 || repeated > 0 || misplaced > 0 || isWrong;
}

/** Describes what went wrong with a run. */
export function describe(outcome: Outcome): string {
  const {
    seed,
    lost,
    repeated,
    misplaced,
    wrongDecisions,
    wrongEnd,
    mostConnections,
    lostEvents,
    reconnects,
  } = outcome;
  return [
    `seed ${seed}: ${lost} lost, ${repeated} repeated, ${misplaced} misplaced, ${mostConnections} connections at once`,
    ...wrongDecisions.map((wrong) => `  wrong decision: ${wrong}`),
    `  ${wrongEnd === undefined ? "ended well" : `wrong end: ${wrongEnd}`}`,
    ...lostEvents.map((event) => `  lost: ${event.slice(0, 150)}`),
    ...reconnects.map((reconnect) => `  reconnected ${reconnect}`),
    `  again with: npm run test:faults -- --runs 1 --seed ${seed}`,
  ].join("\n");
}

function chooseKind(random: Random): { isDriven: boolean; isLong: boolean; isSlow: boolean } {
  return {
    isDriven: random.chance(0.35),
    isLong: random.chance(0.1),
    // If the link stalls for seconds, the idle timeout is longer than that.
    isSlow: random.chance(0.03),
  };
}

/** Whether the link of this seed's run stalls for seconds at a time, which makes the run take half a minute. */
export function isSlowSeed(seed: number): boolean {
  return chooseKind(new Random(seed)).isSlow;
}

/**
 * Plays a generated run on a server or a gateway, follows it through the proxy, and compares what was received with
 * what happened.
 */
export async function followThroughFaults(seed: number, isGateway = seed % 4 === 3): Promise<Outcome> {
  const random = new Random(seed);
  const { isDriven, isLong, isSlow } = chooseKind(random);
  const idleTimeoutMs = isSlow ? 5000 : 150;
  const server = await ProtocolServer.start({
    frame: makeFrame(random.fork()),
    keepAliveMs: idleTimeoutMs / 5,
    // Long enough that a new connection brings the next page, or so short that one brings more than a page.
    pollMs: random.pick([3, 50, 80]),
    listsApprovals: random.chance(0.3),
    isGateway,
  });
  const restarts = new Restarts(server, random.fork());
  const proxy = await ChaosProxy.start({
    target: server.port,
    random: random.fork(),
    hasPages: isGateway,
    restart: () => restarts.restart(),
    longestStallMs: isSlow ? 2500 : idleTimeoutMs / 2,
    furthestStrike: isDriven || isLong ? 40_000 : 9000,
    canHalfOpen: !isSlow,
  });
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error(`not over after ${deadlineMs} ms`)), deadlineMs);

  const reconnects: string[] = [];
  const followArgs = {
    baseUrl: proxy.baseUrl,
    signal: deadline.signal,
    reconnectDelayMs: 5,
    idleTimeoutMs,
    retries: 0,
    maxReconnects: 30,
    onReconnect: ({ position, delayMs, cause }: { position: number; delayMs: number; cause: unknown }) =>
      reconnects.push(`at ${position}, ${Math.round(delayMs)} ms: ${String(cause)}`),
  };
  let expected: () => string[];
  let finalStatus: () => string;
  let events: AsyncGenerator<SmithersEvent, Run, undefined>;
  let playing: Promise<void>;
  const driven = isDriven ? new DrivenRun(server, random.fork()) : undefined;
  if (driven !== undefined) {
    expected = () => driven.run.events;
    finalStatus = () => driven.run.status;
    playing = driven.decideElsewhere(deadline.signal);
    const { runId } = driven.run;
    events = driveRun({
      ...followArgs,
      runId,
      retries: 1,
      onApproval: (approval) => driven.decide(approval),
    });
  } else {
    const history = makeHistory(random.fork(), isLong ? random.int(1000, 4000) : 200);
    for (const step of history.past) perform(server, step);
    expected = () => eventsOf(history);
    finalStatus = () => history.finalStatus;
    playing = play(server, history, random.fork());
    events = watchRun({ ...followArgs, runId: history.runId });
  }

  const received: string[] = [];
  let wrongEnd: string | undefined;
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) {
        if (driven !== undefined) {
          // A resume that was on its way when the run ended may execute it again, after the follower's last question.
          const askedAt = server.calls.findLast(({ call }) => call === "getStatus")?.atMs ?? 0;
          const untilEnd = upToLastEnd(driven.run.eventsUntil(askedAt));
          const [, end = ""] = endPattern.exec(untilEnd.at(-1) ?? "") ?? [];
          expected = () => untilEnd;
          finalStatus = () => end.toLowerCase();
        }
        if (value.status !== finalStatus()) wrongEnd = `as ${value.status}, not ${finalStatus()}`;
        break;
      }
      received.push(JSON.stringify(value));
    }
  } catch (error) {
    wrongEnd = `${String(error)}\n    ${driven?.describe() ?? ""}`;
  } finally {
    clearTimeout(timer);
    deadline.abort(new Error("it has ended"));
    await playing;
    await proxy.close();
    await restarts.done();
    await server.stop();
  }
  const { connections, mostConnections, faults } = proxy;
  const { wrong, raced } = driven?.wrongDecisions() ?? { wrong: [], raced: 0 };
  const resumes = server.resumes.filter(({ by }) => by === "client");
  return {
    ...{ seed, connections, mostConnections, faults, wrongEnd },
    delivered: received.length,
    ...compare(expected(), received),
    reconnects: reconnects.slice(-8),
    decisions: server.decisions.filter(({ by }) => by === "client").length,
    resumes: resumes.length,
    needlessResumes: resumes.filter(({ unapplied }) => unapplied === 0).length,
    wrongDecisions: wrong,
    racedDecisions: raced,
  };
}

/** Takes a server down for a moment, once or several times in a row. */
class Restarts {
  readonly #server: ProtocolServer;
  readonly #random: Random;
  readonly #pending = new Set<Promise<void>>();

  constructor(server: ProtocolServer, random: Random) {
    this.#server = server;
    this.#random = random;
  }

  restart(): void {
    if (!this.#server.isUp) return;
    const done = this.#server
      .stop()
      .then(() => sleep(this.#random.int(1, 30)))
      .then(() => this.#server.start());
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
  }

  async done(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** Performs the rest of the run in bursts, even while the server is down, as an engine elsewhere would. */
async function play(server: ProtocolServer, history: History, random: Random): Promise<void> {
  let burst = 0;
  for (const step of history.future) {
    if (burst-- <= 0) {
      await sleep(random.int(0, 10));
      burst = random.int(0, 30);
    }
    perform(server, step);
    // A status is followed by its event, and a reader between the two must not be fooled.
    if ("status" in step) {
      await sleep(random.int(0, 3));
      burst = Math.max(burst, 1);
    }
  }
}

const endPattern = /^\{"type":"Run(Finished|Failed|Cancelled)"/;

/** Returns the events up to the last one that ends the run. */
function upToLastEnd(events: readonly string[]): string[] {
  return events.slice(0, events.findLastIndex((event) => endPattern.test(event)) + 1);
}

function compare(
  expected: string[],
  received: string[],
): Pick<Outcome, "lost" | "lostEvents" | "repeated" | "misplaced"> {
  const places = new Map(expected.map((text, place) => [text, place]));
  const seen = new Set(received);
  let misplaced = 0;
  let last = -1;
  for (const text of seen) {
    const place = places.get(text) ?? -1;
    if (place <= last) misplaced++;
    last = Math.max(last, place);
  }
  const lost = expected.filter((text) => !seen.has(text));
  return {
    lost: lost.length,
    lostEvents: lost.slice(0, 3),
    repeated: received.length - seen.size,
    misplaced,
  };
}
