import { classOf, type NodeClass } from "./node-look.js";
import type { RunGroup, RunItem, RunTask } from "./run-tree.js";
import type { RunView } from "../../client/index.js";

/** Nodes that are counted instead of shown. */
export interface Rest {
  readonly kind: "rest";
  readonly counts: ReadonlyMap<NodeClass, number>;
  /** The container that they are the whole of; undefined where they are among others. */
  readonly group?: Container | undefined;
}

/** A container without what is in it. */
export type Container = Omit<RunGroup, "children">;

/** A line of the tree, with for each level above it whether it is the last there. */
export interface TreeRow {
  readonly item: Container | RunTask | Rest;
  readonly lasts: readonly boolean[];
}

interface FoldedGroup extends Container {
  readonly children: readonly (FoldedGroup | RunTask | Rest)[];
}
type Folded = FoldedGroup | RunTask | Rest;

/**
 * The tree below its root in so many rows: whole where it fits, else with containers in which nothing goes on folded,
 * else with only what is active or next, and of that the most urgent; all others are counted where they are.
 */
export function treeRows(root: RunGroup, view: RunView, most: number): TreeRow[] {
  const classes = new Map<RunTask, NodeClass>();
  const look = (task: RunTask): NodeClass => {
    const known = classes.get(task) ?? classOf(task, view);
    classes.set(task, known);
    return known;
  };
  const whole = rowsOf(root);
  if (whole.length <= most) return whole;
  const settled = rowsOf(foldSettled(root, look));
  if (settled.length <= most) return settled;

  const tasks = tasksOf(root);
  const next = tasks.find((task) => look(task) === "pending");
  const urgent = tasks
    .filter((task) => task === next || urgency[look(task)] < urgency.pending)
    .sort((a, b) => urgency[look(a)] - urgency[look(b)])
    .slice(0, most);
  for (let count = urgent.length; count > 0; count--) {
    const rows = rowsOf(keepOnly(root, new Set(urgent.slice(0, count)), look));
    if (rows.length <= most) return rows;
  }
  // There is no room for the containers around even one.
  const shown = urgent.slice(0, Math.max(0, most - 1));
  const others = tasks.filter((task) => !shown.includes(task));
  return rowsOf({ ...root, children: [...shown, restOf(others, look)] }).slice(0, most);
}

/** What is shown first where there is no room for all; what is done is not shown at all. */
const urgency: Record<NodeClass, number> = {
  waiting: 0,
  failed: 1,
  running: 2,
  pending: 3,
  cancelled: 4,
  done: 5,
};

function rowsOf(group: FoldedGroup, above: readonly boolean[] = []): TreeRow[] {
  return group.children.flatMap((child, index) => {
    const lasts = [...above, index === group.children.length - 1];
    const row = { item: child, lasts };
    return child.kind === "group" ? [row, ...rowsOf(child, lasts)] : [row];
  });
}

function tasksOf(item: RunItem): RunTask[] {
  return item.kind === "task" ? [item] : item.children.flatMap(tasksOf);
}

/** Folds each container whose nodes are all done, or all still to come. */
function foldSettled(group: RunGroup, look: (task: RunTask) => NodeClass): FoldedGroup {
  const fold = (item: RunItem): Folded => {
    if (item.kind === "task") return item;
    const tasks = tasksOf(item);
    const [first] = tasks;
    const nodeClass = first && look(first);
    const isSettled =
      (nodeClass === "done" || nodeClass === "pending") && tasks.every((task) => look(task) === nodeClass);
    return isSettled && tasks.length > 1 ? { ...restOf(tasks, look), group: item } : foldSettled(item, look);
  };
  return { ...group, children: group.children.map(fold) };
}

/** Keeps these tasks; in each container the others are counted before and after the first of them. */
function keepOnly(
  group: RunGroup,
  kept: ReadonlySet<RunTask>,
  look: (task: RunTask) => NodeClass,
): FoldedGroup {
  const before: RunTask[] = [];
  const after: RunTask[] = [];
  const children: Folded[] = [];
  for (const item of group.children) {
    const tasks = tasksOf(item);
    if (!tasks.some((task) => kept.has(task))) {
      (children.length === 0 ? before : after).push(...tasks);
    } else children.push(item.kind === "task" ? item : keepOnly(item, kept, look));
  }
  const rest = (tasks: RunTask[]): Folded[] => (tasks.length === 0 ? [] : [restOf(tasks, look)]);
  return { ...group, children: [...rest(before), ...children, ...rest(after)] };
}

function restOf(tasks: readonly RunTask[], look: (task: RunTask) => NodeClass): Rest {
  const counts = new Map<NodeClass, number>();
  for (const task of tasks) counts.set(look(task), (counts.get(look(task)) ?? 0) + 1);
  return { kind: "rest", counts };
}
