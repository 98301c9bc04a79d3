import { nodeKey, type Frame, type FrameNode, type NodeView, type RunView } from "../../client/index.js";
import { countNodes, type NodeCounts } from "../describe/count-nodes.js";
import { nodeCategory } from "../status-table.js";
import { escapeMessage, escapeControls } from "../terminal/escape-controls.js";

/**
 * A workflow as a frame shows it: containers, with their tasks as leaves. All texts except for node ids are escaped.
 */
export interface FrameGroup {
  readonly kind: "group";
  /** Its kind, such as `sequence`, `parallel` or `loop`. `name` is empty if it has none. */
  readonly what: string;
  readonly name: string;
  /** The iteration that a loop is in, from 0; `undefined` if this is not a loop. */
  readonly iteration?: number | undefined;
  /** The only container in it, if it contains nothing else. The two share a line. */
  readonly within?: FrameGroup | undefined;
  readonly children: readonly FrameItem[];
}

export interface FrameTask {
  readonly kind: "task";
  readonly nodeId: string;
  readonly iteration: number;
  readonly isInLoop: boolean;
  /** What its approval asks a person; empty if the workflow does not say. */
  readonly label: string;
  readonly needsApproval: boolean;
}

export type FrameItem = FrameGroup | FrameTask;

/** Containers that are nested deeper are shown without their contents. */
const maxDepth = 500;

/** Reads the workflow's tree; `undefined` if the frame has none that can be read. */
export function readFrame(frame: Frame): FrameGroup | undefined {
  try {
    const reading = { iterations: iterationsOf(frame), loopIterations: new Map<FrameItem, number>() };
    const root = readElement(JSON.parse(frame.xmlJson) as FrameNode, reading);
    return root?.kind === "group" ? root : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the iteration that each task of a frame is in, by node id. */
export function iterationsOf(frame: Frame): Map<string, number> {
  try {
    const index = JSON.parse(frame.taskIndexJson) as { nodeId: string; iteration: number }[];
    return new Map(index.map(({ nodeId, iteration }) => [nodeId, iteration]));
  } catch {
    return new Map();
  }
}

/** Returns the tasks of a tree, in order. */
export function tasksIn(tree: FrameItem): FrameTask[] {
  return tree.kind === "task" ? [tree] : tree.children.flatMap(tasksIn);
}

/** Returns the ids of the tasks that are in a loop. */
export function loopNodesIn(tree: FrameItem | undefined): Set<string> {
  const tasks = tree === undefined ? [] : tasksIn(tree);
  return new Set(tasks.filter(({ isInLoop }) => isInLoop).map(({ nodeId }) => nodeId));
}

/** Returns a container's or task's kind, for people. */
export function kindOf(tag: unknown): string {
  const kind = escapeControls(String(tag).replace(/^smithers:/, ""));
  return kind === "ralph" ? "loop" : kind;
}

interface Reading {
  readonly iterations: ReadonlyMap<string, number>;
  /** The newest iteration that a task in each container is in. */
  readonly loopIterations: Map<FrameItem, number>;
}

function readElement(node: FrameNode, reading: Reading, depth = 0, isInLoop = false): FrameItem | undefined {
  if (node?.kind !== "element") return undefined;
  const { iterations, loopIterations } = reading;
  const props: Record<string, unknown> = node.props ?? {};
  const what = kindOf(node.tag);
  const { id } = props;
  // A newer server has tasks of other kinds, such as timers. Its task index has them all.
  if (typeof id === "string" && (what === "task" || iterations.has(id))) {
    return {
      kind: "task",
      nodeId: id,
      iteration: iterations.get(id) ?? 0,
      isInLoop,
      label: typeof props["label"] === "string" ? escapeMessage(props["label"]) : "",
      needsApproval: String(props["needsApproval"]) === "true",
    };
  }
  const inside = Array.isArray(node.children) && depth < maxDepth ? node.children : [];
  const children = inside.flatMap(
    (child) => readElement(child, reading, depth + 1, isInLoop || what === "loop") ?? [],
  );
  const iteration = children.reduce(
    (newest, item) =>
      Math.max(newest, item.kind === "task" ? item.iteration : (loopIterations.get(item) ?? 0)),
    0,
  );
  const name = props["name"] ?? id;
  const [only] = children;
  const within = children.length === 1 && only?.kind === "group" ? only : undefined;
  const group: FrameGroup = {
    kind: "group",
    what,
    name: typeof name === "string" ? escapeControls(name) : "",
    iteration: what === "loop" ? iteration : undefined,
    within,
    children: within?.children ?? children,
  };
  loopIterations.set(group, iteration);
  return group;
}

/** A task with what the run's events show about it. */
export interface RunTask extends FrameTask {
  /** `undefined` if no event has named it yet. */
  readonly node: NodeView | undefined;
}

export interface RunGroup extends Omit<FrameGroup, "children"> {
  readonly children: readonly RunItem[];
}

export type RunItem = RunGroup | RunTask;

/**
 * Combines the newest frame's tree with the run's events. Appends nodes that are executing or waiting but not in the
 * tree; without a tree, appends all nodes.
 */
export function runTree(frame: FrameGroup | undefined, view: RunView): RunGroup {
  const inTree = new Set<string>();
  const withNodes = (group: FrameGroup): RunGroup => ({
    ...group,
    children: group.children.map((item) => {
      if (item.kind === "group") return withNodes(item);
      const key = nodeKey(item.nodeId, item.iteration);
      inTree.add(key);
      return { ...item, node: view.nodes.get(key) };
    }),
  });
  const root = frame === undefined ? undefined : withNodes(frame);
  const others = [...view.nodes]
    .filter(([key, node]) => !inTree.has(key) && (root === undefined || isOpen(node)))
    .map(([, node]): RunTask => ({
      kind: "task",
      nodeId: node.nodeId,
      iteration: node.iteration,
      isInLoop: node.iteration > 0,
      label: "",
      needsApproval: node.approval !== null,
      node,
    }));
  if (root === undefined) return { kind: "group", what: "run", name: "", children: others };
  return others.length === 0 ? root : { ...root, children: [...root.children, ...others] };
}

function isOpen(node: NodeView): boolean {
  return ["running", "waiting"].includes(nodeCategory(node.state)) || node.approval?.decision === null;
}

/** Counts the nodes that the events or the tree name, by state. */
export function progressOf(tree: RunGroup, view: RunView): NodeCounts {
  return countNodes(view, tasksIn(tree));
}
