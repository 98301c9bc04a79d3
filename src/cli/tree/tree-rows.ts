import type { Category } from "../status-table.js";
import { categoryOf } from "./render-node.js";
import type { RunGroup, RunItem, RunTask } from "./run-tree.js";
import type { RunView } from "../../client/index.js";

/** Nodes that are counted instead of shown. */
export interface Rest {
  readonly kind: "rest";
  readonly counts: ReadonlyMap<Category, number>;
  /** The container that they are all of; `undefined` if they are among others. */
  readonly group?: Container | undefined;
}

/** A container without its contents. */
export type Container = Omit<RunGroup, "children">;

/**
 * A line of the tree. `lasts` says for each level, down to its own, whether the line's branch is the last one there.
 */
export interface TreeRow {
  readonly item: Container | RunTask | Rest;
  readonly lasts: readonly boolean[];
}

interface FoldedGroup extends Container {
  readonly children: readonly (FoldedGroup | RunTask | Rest)[];
}
type Folded = FoldedGroup | RunTask | Rest;

/**
 * Returns the tree below its root in at most `max` rows: whole if it fits; otherwise with settled containers folded;
 * otherwise with only the most urgent of what is active or next, and all other nodes counted where they are. Takes
 * linear time, whatever the tree's shape.
 */
export function treeRows(root: RunGroup, view: RunView, max: number): TreeRow[] {
  const census = new Census(root, view);
  const { rows, foldedRows } = census.of(root);
  if (rows <= max) return rowsOf(root);
  if (foldedRows <= max) return rowsOf(foldSettled(root, census));

  const urgent = census.mostUrgent(max);
  const count = fittingCount(urgent, root, census, max);
  if (count > 0) return rowsOf(keepOnly(root, withContainers(urgent.slice(0, count), census), census));
  // There is not even room for the containers around one task.
  const shown = new Set(urgent.slice(0, Math.max(0, max - 1)));
  const rest: Rest = {
    kind: "rest",
    counts: countsOf(
      census.tasks.filter((task) => !shown.has(task)),
      census,
    ),
  };
  return rowsOf({ ...root, children: [...shown, rest] }).slice(0, max);
}

/** What to show first if there is no room for all. Of the pending tasks, only the next one is shown. */
const urgentCategories: readonly Category[] = ["waiting", "failed", "running"];

/** What a container contains. */
interface Contents {
  readonly counts: Map<Category, number>;
  tasks: number;
  /** The rows that it takes below its own, in full and with settled containers in it folded. */
  rows: number;
  foldedRows: number;
  /** How many of its children are a task or contain one. */
  filled: number;
}

/** Where an item is in the tree. */
interface Place {
  readonly parent: RunGroup;
  /** How many of the children before it are a task or contain one. */
  readonly filledBefore: number;
}

/** What each container of a tree contains, and where each item is, computed in one pass. */
class Census {
  /** All tasks, in the tree's order. */
  readonly tasks: RunTask[] = [];
  readonly #view: RunView;
  readonly #categories = new Map<RunTask, Category>();
  readonly #contents = new Map<RunGroup, Contents>();
  readonly #places = new Map<RunItem, Place>();

  constructor(root: RunGroup, view: RunView) {
    this.#view = view;
    this.#count(root);
  }

  categoryOf(task: RunTask): Category {
    return this.#categories.get(task) ?? categoryOf(task, this.#view);
  }

  of(group: RunGroup): Contents {
    return this.#contents.get(group) as Contents;
  }

  placeOf(item: RunItem): Place | undefined {
    return this.#places.get(item);
  }

  /** Whether everything in the container is done, or everything is pending. */
  isSettled(group: RunGroup): boolean {
    return isSettled(this.of(group));
  }

  /** Returns the active tasks, the most urgent first, and the next pending one. */
  mostUrgent(max: number): RunTask[] {
    const active = urgentCategories.flatMap((each) =>
      this.tasks.filter((task) => this.categoryOf(task) === each),
    );
    const next = this.tasks.find((task) => this.categoryOf(task) === "pending");
    return [...active, ...(next === undefined ? [] : [next])].slice(0, max);
  }

  #count(group: RunGroup): Contents {
    const contents: Contents = { counts: new Map(), tasks: 0, rows: 0, foldedRows: 0, filled: 0 };
    this.#contents.set(group, contents);
    for (const item of group.children) {
      this.#places.set(item, { parent: group, filledBefore: contents.filled });
      contents.rows++;
      contents.foldedRows++;
      if (item.kind === "task") {
        const category = categoryOf(item, this.#view);
        this.#categories.set(item, category);
        this.tasks.push(item);
        contents.tasks++;
        contents.filled++;
        add(contents.counts, category, 1);
        continue;
      }
      const inside = this.#count(item);
      contents.tasks += inside.tasks;
      contents.rows += inside.rows;
      contents.foldedRows += isSettled(inside) ? 0 : inside.foldedRows;
      if (inside.tasks > 0) contents.filled++;
      addAll(contents.counts, inside.counts);
    }
    return contents;
  }
}

function isSettled({ counts, tasks }: Contents): boolean {
  return tasks > 1 && counts.size === 1 && (counts.has("done") || counts.has("pending"));
}

/**
 * Returns how many of these tasks fit into `max` rows, with the containers around them and the rows for what is counted
 * there.
 */
function fittingCount(urgent: readonly RunTask[], root: RunGroup, census: Census, max: number): number {
  /** For each container shown: which of its children are shown, and the rows for the others. */
  const shown = new Map<RunGroup, { first: number; children: number; rests: number }>();
  let rows = 0;
  let fitting = 0;
  urgent.forEach((task, index) => {
    let item: RunItem | undefined = task;
    while (item !== undefined && item !== root) {
      const place: Place | undefined = census.placeOf(item);
      if (place === undefined) break;
      const { parent, filledBefore } = place;
      const known = shown.get(parent);
      const first = Math.min(known?.first ?? Infinity, filledBefore);
      const children = (known?.children ?? 0) + 1;
      const after = census.of(parent).filled - first - children;
      const rests = (first > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
      rows += 1 + rests - (known?.rests ?? 0);
      shown.set(parent, { first, children, rests });
      // If a container is shown already, so is everything around it.
      item = known === undefined ? parent : undefined;
    }
    if (rows <= max) fitting = index + 1;
  });
  return fitting;
}

/** Returns the tasks with all containers around them. */
function withContainers(tasks: readonly RunTask[], census: Census): Set<RunItem> {
  const all = new Set<RunItem>();
  for (const task of tasks) {
    for (let item: RunItem | undefined = task; item && !all.has(item); item = census.placeOf(item)?.parent)
      all.add(item);
  }
  return all;
}

function rowsOf(root: FoldedGroup): TreeRow[] {
  const rows: TreeRow[] = [];
  const visit = (group: FoldedGroup, above: readonly boolean[]): void =>
    group.children.forEach((child, index) => {
      const lasts = [...above, index === group.children.length - 1];
      rows.push({ item: child, lasts });
      if (child.kind === "group") visit(child, lasts);
    });
  visit(root, []);
  return rows;
}

/** Folds each container whose nodes are all done, or all pending. */
function foldSettled(group: RunGroup, census: Census): FoldedGroup {
  const children = group.children.map((item): Folded => {
    if (item.kind === "task") return item;
    if (!census.isSettled(item)) return foldSettled(item, census);
    return { kind: "rest", counts: census.of(item).counts, group: item };
  });
  return { ...group, children };
}

/** Keeps these tasks and containers. In each container, counts the others before the first of them and after it. */
function keepOnly(group: RunGroup, kept: ReadonlySet<RunItem>, census: Census): FoldedGroup {
  const [before, after]: [RunItem[], RunItem[]] = [[], []];
  const children: Folded[] = [];
  for (const item of group.children) {
    if (!kept.has(item)) (children.length === 0 ? before : after).push(item);
    else children.push(item.kind === "task" ? item : keepOnly(item, kept, census));
  }
  const rest = (items: RunItem[]): Folded[] => {
    const counts = countsOf(items, census);
    return counts.size === 0 ? [] : [{ kind: "rest", counts }];
  };
  return { ...group, children: [...rest(before), ...children, ...rest(after)] };
}

function countsOf(items: readonly RunItem[], census: Census): Map<Category, number> {
  const counts = new Map<Category, number>();
  for (const item of items) {
    if (item.kind === "task") add(counts, census.categoryOf(item), 1);
    else addAll(counts, census.of(item).counts);
  }
  return counts;
}

function addAll(counts: Map<Category, number>, more: ReadonlyMap<Category, number>): void {
  for (const [category, count] of more) add(counts, category, count);
}

function add(counts: Map<Category, number>, category: Category, count: number): void {
  counts.set(category, (counts.get(category) ?? 0) + count);
}
