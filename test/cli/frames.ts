import type { Frame, FrameNode } from "../../src/client/index.js";

/** Returns an element of a frame's tree. */
export function element(tag: string, props: Record<string, string>, ...children: FrameNode[]): FrameNode {
  return { kind: "element", tag: `smithers:${tag}`, props, children };
}

export const task = (id: string, props: Record<string, string> = {}) => element("task", { id, ...props });

/** Returns a frame as the server sends it. `turns` has the iterations of tasks that are past their loop's first one. */
export function frameOf(root: FrameNode, turns: Record<string, number> = {}, frameNo = 1): Frame {
  const index = Object.entries(turns).map(([nodeId, iteration], ordinal) => ({ nodeId, ordinal, iteration }));
  return {
    runId: "r",
    frameNo,
    createdAtMs: 0,
    xmlJson: JSON.stringify(root),
    xmlHash: "",
    mountedTaskIdsJson: "[]",
    taskIndexJson: JSON.stringify(index),
    note: null,
  };
}

/** Texts that would control a terminal, forge a line, or break columns. */
export const hostileTexts: readonly string[] = [
  "title \u001b]0;owned\u0007",
  "clear \u001b[2J\u001b[H",
  "c1 \u009b31m \u0090 \u009d0;owned\u009c",
  "return\rforged   finished",
  "line\nfeed \u2028 \u2029 \u000b \u000c",
  "tab\tbed",
  "bidi \u202e\u2066 \u200f",
  "世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界世界",
  "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇬🇧",
  "e\u0301\u0301\u0301 Z\u0334\u0361\u035c",
  "",
  " ",
  `long ${"x".repeat(3000)}`,
];
