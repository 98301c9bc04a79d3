import type { Frame } from "../../client/index.js";
import type { LoopNodes } from "../describe/approval-label.js";
import { readFrame, tasksIn } from "./run-tree.js";

/** Fetches a run's newest frame. */
export type FetchFrame = (runId: string, signal: AbortSignal) => Promise<Frame | undefined>;

/** How long to wait for a frame, and the minimum pause between two requests. In ms. */
const patienceMs = 2000;
const minPauseMs = 1000;

/**
 * Learns which nodes of a run are in a loop, from the run's tree: an event of a loop's first iteration looks like one
 * of a node that is not in a loop. If the tree cannot be read, only the iterations after the first show it.
 */
export class Loops implements LoopNodes {
  readonly #fetch: FetchFrame;
  readonly #known = new Set<string>();
  readonly #inLoop = new Set<string>();
  #reading: Promise<void> | undefined;
  #readAt = -Infinity;

  constructor(fetch: FetchFrame) {
    this.#fetch = fetch;
  }

  has(nodeId: string): boolean {
    return this.#inLoop.has(nodeId);
  }

  /** Makes sure that this is known for these nodes, if the server answers in time. */
  async learn(runId: string, nodeIds: Iterable<string>): Promise<void> {
    await this.#reading;
    const unknown = [...nodeIds].filter((nodeId) => !this.#known.has(nodeId));
    if (unknown.length === 0 || performance.now() - this.#readAt < minPauseMs) return;
    this.#reading ??= this.#read(runId, unknown).finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #read(runId: string, nodeIds: readonly string[]): Promise<void> {
    const frame = await this.#fetch(runId, AbortSignal.timeout(patienceMs)).catch(() => undefined);
    this.#readAt = performance.now();
    const tree = frame && readFrame(frame);
    if (tree === undefined) return;
    for (const { nodeId, isInLoop } of tasksIn(tree)) {
      this.#known.add(nodeId);
      if (isInLoop) this.#inLoop.add(nodeId);
    }
    for (const nodeId of nodeIds) this.#known.add(nodeId);
  }
}
