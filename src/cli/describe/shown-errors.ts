import type { SmithersEvent } from "../../client/index.js";
import { bodyLines, errorReport, isEmptyError } from "./error-text.js";
import { blamedKey, saysTaskFailed } from "./failed-nodes.js";

/** A node whose failure the log has shown. */
interface Shown {
  label: string;
  attempt: unknown;
  /** Everything that was shown of its error; `undefined` if it was denied instead. */
  text: string | undefined;
}

/** What to show of an event's error. */
export interface ErrorWords {
  /** Text that follows the headline's word, such as `failed`; may be empty. */
  because: string;
  /** Lines to indent below the headline. */
  body: readonly string[];
}

/** The most failed nodes whose errors are remembered. */
const maxNodes = 100;
/** The most of them that the run's line names. */
const maxNamed = 3;

/** Remembers the errors that a log has shown, so that it shows each one once, at its node. */
export class ShownErrors {
  readonly #nodes = new Map<string, Shown>();
  #forgotten = 0;

  /** @param label what the log calls the node */
  forNode(event: SmithersEvent, key: string, label: string): ErrorWords {
    const { error, attempt } = event as Record<string, unknown>;
    const { title, body, text } = wordsOf(error);
    const before = this.#nodes.get(key);
    this.#remember(key, { label, attempt, text });
    const because = title === "" ? "" : `: ${title}`;
    if (before?.text !== text || body.length === 0) return { because, body };
    return { because: `${because} (the same error as before)`, body: [] };
  }

  /** Remembers a denied node, to name it as the reason if the run fails. */
  denied(key: string, label: string): void {
    this.#remember(key, { label, attempt: undefined, text: undefined });
  }

  finished(key: string): void {
    this.#nodes.delete(key);
  }

  forRun(error: unknown): ErrorWords {
    const blamed = this.#blamed(error);
    if (blamed.length > 0) {
      const names = blamed.slice(0, maxNamed).map(({ label }) => label);
      const others = Math.max(0, blamed.length - maxNamed) + (blamed.length > 1 ? this.#forgotten : 0);
      const more = others > 0 ? ` and ${others} more` : "";
      return { because: `, see ${names.join(", ")}${more} above`, body: [] };
    }
    const { title, body } = wordsOf(error);
    return { because: title === "" ? "" : `: ${title}`, body };
  }

  /** Returns the nodes that the run's error is about, if it says no more than their errors, which have been shown. */
  #blamed(error: unknown): Shown[] {
    const key = blamedKey(error);
    if (key === undefined) {
      if (saysTaskFailed(error)) return [...this.#nodes.values()];
      const { text } = wordsOf(error);
      return [...this.#nodes.values()].filter((node) => node.text === text);
    }
    const node = this.#nodes.get(key);
    if (node === undefined) return [];
    const { cause } = error as { cause?: unknown };
    const saysNoMore = node.text === undefined || isEmptyError(cause) || wordsOf(cause).text === node.text;
    return saysNoMore ? [node] : [];
  }

  #remember(key: string, shown: Shown): void {
    this.#nodes.delete(key);
    this.#nodes.set(key, shown);
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size <= maxNodes || oldest === undefined) return;
    this.#nodes.delete(oldest);
    this.#forgotten++;
  }
}

function wordsOf(error: unknown): { title: string; body: string[]; text: string } {
  const report = errorReport(error);
  const body = bodyLines(report);
  return { title: report.title, body, text: [report.title, ...body].join("\n") };
}
