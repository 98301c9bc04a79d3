import { EventLines } from "../describe/event-lines.js";
import { isSet } from "../environment.js";
import type { CiSystem } from "./ci-system.js";

const base: Omit<CiSystem, "name" | "isDetected" | "isInteractive" | "heartbeatMs"> = {
  guard: (stream) => stream,
  createPrinter: ({ style, startedAtMs, loops, showsOutput }) =>
    new EventLines(style, startedAtMs, loops, showsOutput ? "all" : "of failed nodes"),
  annotationLine: ({ title, text }) => `${title} ${text}`,
  reporters: () => [],
};

/** An unknown CI system: plain lines, and one from time to time, because a silent job may be considered dead. */
export const plain: CiSystem = {
  ...base,
  name: "plain",
  isDetected: (env) => isSet(env, "CI"),
  isInteractive: false,
  heartbeatMs: 60_000,
};

/** No CI system: a user's own shell. */
export const none: CiSystem = {
  ...base,
  name: "none",
  isDetected: () => true,
  isInteractive: true,
  heartbeatMs: undefined,
};
