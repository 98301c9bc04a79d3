import type { Frame, FrameNode } from "../../client/index.js";
import { fitWidth } from "../terminal/fit-width.js";
import { iterationsOf, kindOf } from "./run-tree.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** An element of a frame's tree: its identity, what to show of it, and everything that it has. */
interface Element {
  /** The same for the same element in another frame. */
  key: string;
  depth: number;
  kind: string;
  name: string;
  waits: string;
  /** Its properties, and its own text. */
  has: ReadonlyMap<string, string>;
}

/** The most columns to show of a property that changed. */
const widestValue = 40;

/**
 * Returns the tree of a frame, one line per element. If the frame before is given, marks what changed since: `+` for a
 * new element, `-` for a removed one, `~` for a changed one. `undefined` if nothing changed.
 */
export function frameLines(frame: Frame, before: Frame | undefined, style: Style): string[] | undefined {
  const elements = elementsOf(frame);
  if (elements === undefined) return [`  ${style.red("(its tree is not JSON)")}`];
  if (elements.length === 0) return [`  ${style.dim("(empty)")}`];
  const earlier = before && elementsOf(before);
  if (earlier === undefined) return elements.map((element) => lineOf(element, " ", "", style));

  const were = new Map(earlier.map((element) => [element.key, element]));
  const gone = goneAfter(earlier, new Set(elements.map(({ key }) => key)));
  const goneLines = (key: string) =>
    (gone.get(key) ?? []).map((element) => ({ mark: "-", line: lineOf(element, "-", "", style) }));
  const marked = [
    ...goneLines(""),
    ...elements.flatMap((element) => {
      const was = were.get(element.key);
      const changes = was === undefined ? "" : changesOf(was, element, style);
      const mark = was === undefined ? "+" : changes === "" ? " " : "~";
      return [{ mark, line: lineOf(element, mark, changes, style) }, ...goneLines(element.key)];
    }),
  ];
  return marked.every(({ mark }) => mark === " ") ? undefined : marked.map(({ line }) => line);
}

/** Groups the removed elements by the last element before them that is still there. */
function goneAfter(earlier: readonly Element[], are: ReadonlySet<string>): Map<string, Element[]> {
  const gone = new Map<string, Element[]>();
  let last = "";
  for (const element of earlier) {
    if (are.has(element.key)) last = element.key;
    else if (!gone.get(last)?.push(element)) gone.set(last, [element]);
  }
  return gone;
}

function lineOf({ depth, kind, name, waits }: Element, mark: string, changes: string, style: Style): string {
  const paint = { "+": style.green, "-": style.red, "~": style.yellow }[mark];
  const words = paint
    ? [kind, name, waits, changes]
    : [style.dim(kind), name && style.bold(name), waits && style.yellow(waits)];
  const line = `${mark} ${"  ".repeat(depth)}${words.filter((word) => word !== "").join(" ")}`;
  return paint === undefined ? line : paint(line);
}

function changesOf(was: Element, is: Element, { symbols }: Style): string {
  const value = (text = "nothing") => fitWidth(escapeControls(text), widestValue, symbols.cut);
  const names = [...new Set([...was.has.keys(), ...is.has.keys()])];
  const changes = names
    .filter((name) => was.has.get(name) !== is.has.get(name))
    .map((name) => `${escapeControls(name)} was ${value(was.has.get(name))}, is ${value(is.has.get(name))}`);
  if (was.depth !== is.depth) changes.push("moved");
  return changes.length === 0 ? "" : `(${changes.join("; ")})`;
}

/** Returns the elements of a frame's tree, starting with its root; `undefined` if it cannot be read. */
function elementsOf(frame: Frame): Element[] | undefined {
  const iterations = iterationsOf(frame);
  const elements: Element[] = [];
  const visit = (node: FrameNode, depth: number, place: string, isInLoop: boolean): void => {
    if (node?.kind !== "element") return;
    const props: Record<string, unknown> = node.props ?? {};
    const kind = kindOf(node.tag);
    const own = props["id"] ?? props["name"];
    const name = typeof own === "string" ? own : undefined;
    // An element without a name is identified by its place.
    const key = name === undefined ? `${place}/${kind}` : `${kind} ${name}`;
    const iteration = iterations.get(name ?? "") ?? 0;
    const children = Array.isArray(node.children) ? node.children : [];
    const text = children.map((child) => (child?.kind === "text" ? child.text : "")).join("");
    elements.push({
      key,
      depth,
      kind,
      name:
        name === undefined
          ? ""
          : escapeControls(name) + (isInLoop && iterations.has(name) ? ` (iteration ${iteration})` : ""),
      waits: waitsFor(props),
      has: new Map([
        ...Object.entries(props).map(([prop, value]) => [prop, String(value)] as const),
        ["iteration", String(iteration)],
        ["text", text],
      ]),
    });
    children.forEach((child, index) =>
      visit(child, depth + 1, `${key}/${index}`, isInLoop || kind === "loop"),
    );
  };
  try {
    visit(JSON.parse(frame.xmlJson) as FrameNode, 0, "", false);
    return elements;
  } catch {
    return undefined;
  }
}

function waitsFor(props: Record<string, unknown>): string {
  const waits: string[] = [];
  if (String(props["needsApproval"]) === "true") waits.push("needs approval");
  const needs = props["dependsOn"] ?? props["needs"];
  if (typeof needs === "string" && needs !== "") waits.push(`after ${escapeControls(needs)}`);
  if (String(props["skipIf"]) === "true") waits.push("skipped");
  return waits.length === 0 ? "" : `(${waits.join(", ")})`;
}
