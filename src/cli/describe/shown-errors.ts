import type { SmithersEvent } from "../../client/index.js";
import { bodyLines, errorReport, isEmptyError } from "./error-text.js";
import { blamedKey, saysTaskFailed } from "./failed-nodes.js";

/** A node whose failure a log has shown. */
interface Shown {
  label: string;
  attempt: unknown;
  /** All that was shown of its error; undefined if it was denied instead. */
  text: string | undefined;
}

/** What to show of an event's error. */
export interface ErrorWords {
  /** Follows the headline's word, such as `failed`; empty for nothing. */
  because: string;
  /** Lines to indent below the headline. */
  body: readonly string[];
}

/** Of how many failed nodes the errors are remembered. */
const maxNodes = 100;
/** How many of them the run's line names. */
const maxNamed = 3;

/** Remembers the errors that a log has shown, so that it shows each one once: at its node. */
export class ShownErrors {
  readonly #nodes = new Map<string, Shown>();

  /** @param label what the log calls the node */
  forNode(event: SmithersEvent, key: string, label: string): ErrorWords {
    const { error, attempt } = event as Record<string, unknown>;
    const report = errorReport(error);
    const body = bodyLines(report);
    const text = textOf(report.title, body);
    const before = this.#nodes.get(key);
    this.#remember(key, { label, attempt, text });
    const because = report.title === "" ? "" : `: ${report.title}`;
    if (before?.text !== text || body.length === 0) return { because, body };
    return { because: `${because} (the same error as before)`, body: [] };
  }

  /** The node is named as the reason why the run fails. */
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
      const more = blamed.length > maxNamed ? ` and ${blamed.length - maxNamed} more` : "";
      return { because: `, see ${names.join(", ")}${more} above`, body: [] };
    }
    const report = errorReport(error);
    return { because: report.title === "" ? "" : `: ${report.title}`, body: bodyLines(report) };
  }

  /** The nodes that the run's error is about, if it says no more than their errors, which have been shown. */
  #blamed(error: unknown): Shown[] {
    const key = blamedKey(error);
    if (key === undefined) return saysTaskFailed(error) ? [...this.#nodes.values()] : [];
    const node = this.#nodes.get(key);
    if (node === undefined) return [];
    const { cause } = error as { cause?: unknown };
    if (node.text === undefined || isEmptyError(cause)) return [node];
    const report = errorReport(cause);
    return textOf(report.title, bodyLines(report)) === node.text ? [node] : [];
  }

  #remember(key: string, shown: Shown): void {
    this.#nodes.delete(key);
    this.#nodes.set(key, shown);
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size > maxNodes && oldest !== undefined) this.#nodes.delete(oldest);
  }
}

function textOf(title: string, body: readonly string[]): string {
  return [title, ...body].join("\n");
}
