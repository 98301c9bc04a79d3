import { fitWidth } from "../terminal/fit-width.js";
import type { Symbols } from "../terminal/symbols.js";
import type { ApprovalDesk, AskedApproval } from "./approval-desk.js";

/**
 * The keys that count, as one read of the terminal returns them. A read with more than one was typed ahead or pasted.
 */
const keys: Readonly<Record<string, "up" | "down" | "approve" | "deny" | "back">> = {
  "\u001b[A": "up",
  "\u001bOA": "up",
  k: "up",
  "\u001b[B": "down",
  "\u001bOB": "down",
  j: "down",
  a: "approve",
  d: "deny",
  "\u001b": "back",
};

/** What the keys need to know about the table. */
export interface TableKeysContext {
  /** The index of a run's row in the table. */
  rowOf(runId: string): number;
  labelOf(runId: string): string;
  /** Called when what to draw has changed. */
  onChange(): void;
  /** The window's width in columns. */
  columns(): number;
  symbols: Symbols;
}

/**
 * Decides approvals by keys: an arrow selects one, `a` or `d` chooses the decision, and Enter after the note sends it.
 * Nothing is selected automatically, only the approval that the screen shows as selected is decided, and keys that were
 * typed ahead do not count.
 */
export class TableKeys {
  readonly #desk: ApprovalDesk;
  readonly #context: TableKeysContext;
  readonly #closed = new AbortController();
  #selected: AskedApproval | undefined;
  /** What the screen shows as selected. */
  #shown: AskedApproval | undefined;
  #asking: "approve" | "deny" | undefined;

  constructor(desk: ApprovalDesk, context: TableKeysContext) {
    this.#desk = desk;
    this.#context = context;
    desk.onChange = () => {
      // If another one took its place, a key that was meant for this one would decide it.
      if (this.#selected !== undefined && !desk.approvals.includes(this.#selected))
        this.#selected = undefined;
      context.onChange();
    };
    desk.input.listen((typed) => this.#press(typed), this.#closed.signal);
  }

  /** Returns the approvals of a run, as its row shows them. */
  approvalsOf(runId: string): { text: string; isSelected: boolean }[] {
    return this.#desk.approvals
      .filter((approval) => approval.runId === runId)
      .map((approval) => ({ text: textOf(approval), isSelected: approval === this.#selected }));
  }

  /** What the user can do, as one line; empty if nothing. */
  get hint(): string {
    const { length } = this.#desk.approvals;
    if (this.#asking !== undefined) return "Enter sends it (the note may be empty), Esc takes it back";
    if (this.#selected !== undefined) return `a approves, d denies ${textOf(this.#selected)}`;
    if (length === 0) return "";
    return `${length === 1 ? "1 approval waits" : `${length} approvals wait`}: select with the arrows`;
  }

  /** Must be called once the selection is on the screen. */
  drawn(): void {
    this.#shown = this.#selected;
  }

  close(): void {
    this.#desk.onChange = undefined;
    this.#closed.abort();
  }

  #press(typed: string): void {
    const key = Object.hasOwn(keys, typed) ? keys[typed] : undefined;
    if (key === undefined || this.#asking !== undefined) return;
    if (key === "approve" || key === "deny") {
      const selected = this.#selected;
      if (selected !== undefined && selected === this.#shown) void this.#decide(selected, key);
      return;
    }
    this.#selected = key === "back" ? undefined : this.#next(key === "down" ? 1 : -1);
    this.#context.onChange();
  }

  #next(step: 1 | -1): AskedApproval | undefined {
    const { rowOf } = this.#context;
    const inOrder = [...this.#desk.approvals].sort((one, other) => rowOf(one.runId) - rowOf(other.runId));
    if (this.#selected === undefined) return inOrder.at(step === 1 ? 0 : -1);
    const at = inOrder.indexOf(this.#selected) + step;
    return inOrder[Math.min(Math.max(at, 0), inOrder.length - 1)];
  }

  async #decide(approval: AskedApproval, decision: "approve" | "deny"): Promise<void> {
    const { columns, labelOf, symbols, onChange } = this.#context;
    this.#asking = decision;
    onChange();
    const [before, after] = [`${decision} ${labelOf(approval.runId)} `, ", note: "];
    const room = Math.max(8, columns() - before.length - after.length - 8);
    const prompt = before + fitWidth(approval.name, room, symbols.cut) + after;
    const signal = AbortSignal.any([approval.signal, this.#closed.signal]);
    let note: string | undefined;
    try {
      note = await this.#desk.input.question(prompt, signal, { afterKey: true });
    } catch {
      // Someone else has decided it, or the runs are no longer followed.
    }
    this.#asking = undefined;
    this.#selected = undefined;
    if (note !== undefined && !signal.aborted) approval.decide({ decision, note: note.trim() || undefined });
    if (!this.#closed.signal.aborted) onChange();
  }
}

function textOf({ name, question }: AskedApproval): string {
  return question === "" ? name : `${name}: ${question}`;
}
