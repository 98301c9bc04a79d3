import { nodeKey } from "../../client/index.js";
import type { FrameGroup, FrameItem } from "../tree/run-tree.js";

/** A node that must end before another one starts, in one iteration of its loop or in the last one. */
export interface Predecessor {
  nodeId: string;
  /** `undefined` for the last iteration that there was. */
  key: string | undefined;
}

/**
 * Returns the nodes that a node waits for, by the order of the workflow's tree; `undefined` if the tree does not
 * contain it.
 */
export type FindPredecessors = (nodeId: string, iteration: number) => Predecessor[] | undefined;

interface Loop {
  /** The tasks that end an iteration. */
  last: readonly Task[];
}

interface Task {
  nodeId: string;
  loop: Loop | undefined;
  before: readonly Task[];
}

/** The containers that start all their children at once. */
const parallelKinds: ReadonlySet<string> = new Set(["parallel", "merge-queue"]);

/** Reads from the newest tree which nodes run one after the other. */
export function predecessorsIn(tree: FrameGroup): FindPredecessors {
  const tasks = new Map<string, Task>();

  /** @returns the tasks that end the item */
  const visit = (item: FrameItem, before: readonly Task[], loop: Loop | undefined): readonly Task[] => {
    if (item.kind === "task") {
      const task = { nodeId: item.nodeId, loop, before };
      tasks.set(item.nodeId, task);
      return [task];
    }
    const kinds = kindsOf(item);
    const inner = kinds.includes("loop") ? { last: [] as readonly Task[] } : loop;
    const isParallel = parallelKinds.has(kinds.at(-1) ?? "");
    let last = before;
    const ends: Task[] = [];
    for (const child of item.children) {
      const end = visit(child, isParallel ? before : last, inner);
      if (isParallel) ends.push(...end);
      else last = end;
    }
    if (isParallel && ends.length > 0) last = ends;
    if (inner !== undefined && inner !== loop) inner.last = last;
    return last;
  };
  visit(tree, [], undefined);

  return (nodeId, iteration) => {
    const task = tasks.get(nodeId);
    if (task === undefined) return undefined;
    const { before, loop } = task;
    const isFirstInLoop = !before.some((other) => other.loop === loop);
    const inIteration = (other: Task, number: number): Predecessor => ({
      nodeId: other.nodeId,
      key: other.loop !== undefined && other.loop === loop ? nodeKey(other.nodeId, number) : undefined,
    });
    if (loop !== undefined && isFirstInLoop && iteration > 0)
      return loop.last.map((other) => inIteration(other, iteration - 1));
    return before.map((other) => inIteration(other, iteration));
  };
}

/**
 * Returns the kinds of a group and of the containers nested in it that share its line. The innermost one orders the
 * children.
 */
function kindsOf(group: FrameGroup): string[] {
  const kinds: string[] = [];
  for (let each: FrameGroup | undefined = group; each !== undefined; each = each.within)
    kinds.push(each.what);
  return kinds;
}
