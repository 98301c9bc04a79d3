import { isTerminalStatus, type RunRow } from "../../client/index.js";
import { matchesFilter, type RunFilter } from "../args/run-filter.js";
import { noLimit } from "../args/run-ids.js";
import type { Session } from "../command.js";

/** So many of the newest runs are looked at; all of them where that does not reach back to the look before. */
const pageSize = 100;

/** Finds the runs of a server that are to be followed. */
export class RunFinder {
  readonly #session: Session;
  readonly #filter: RunFilter;
  /** The runs that a look has shown, whatever they are. */
  readonly #seen = new Set<string>();

  constructor(session: Session, filter: RunFilter) {
    this.#session = session;
    this.#filter = filter;
  }

  /** The runs that have not ended. */
  async first(): Promise<RunRow[]> {
    const rows = await this.#list(noLimit);
    this.#seeAll(rows);
    return rows.filter((row) => !isTerminalStatus(row.status) && this.#isMeant(row));
  }

  /**
   * The runs that have started since the last look, even if they have ended already, and others that have not ended; none
   * that is followed, or that a followed run goes on as.
   */
  async next(isFollowed: (runId: string) => boolean): Promise<RunRow[]> {
    // When a run came to its status says nothing of when it started.
    let rows = await this.#list(this.#filter.status === undefined ? pageSize : noLimit);
    const oldest = rows.at(-1);
    if (rows.length === pageSize && oldest !== undefined && !this.#seen.has(oldest.runId))
      rows = await this.#list(noLimit);
    const found: RunRow[] = [];
    for (const row of rows) {
      const isNews = !this.#seen.has(row.runId) || !isTerminalStatus(row.status);
      if (!isNews || !this.#isMeant(row) || isFollowed(row.runId)) continue;
      if (!(await this.#isContinuation(row, isFollowed))) found.push(row);
    }
    this.#seeAll(rows);
    return found;
  }

  /** The event that says so may not have been read yet. */
  async #isContinuation({ parentRunId }: RunRow, isFollowed: (runId: string) => boolean): Promise<boolean> {
    if (typeof parentRunId !== "string" || !isFollowed(parentRunId)) return false;
    const { status } = await this.#session.client.getStatus({ runId: parentRunId });
    return status === "continued";
  }

  #list(limit: number): Promise<RunRow[]> {
    return this.#session.client.listRuns<RunRow>({ limit, status: this.#filter.status });
  }

  #isMeant(row: RunRow): boolean {
    return matchesFilter(row, this.#filter, this.#session.serverNow());
  }

  #seeAll(rows: readonly RunRow[]): void {
    for (const { runId } of rows) this.#seen.add(runId);
  }
}
