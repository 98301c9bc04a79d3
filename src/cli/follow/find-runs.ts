import { isTerminalStatus, type RunRow } from "../../client/index.js";
import { matchesFilter, type RunFilter } from "../args/run-filter.js";
import { noLimit } from "../args/run-ids.js";
import type { Session } from "../command.js";

/** How many of the newest runs to list in a poll. If that does not reach back to the previous poll, list all runs. */
const pageSize = 100;

/** Finds the runs of a server to follow. */
export class RunFinder {
  readonly #session: Session;
  readonly #filter: RunFilter;
  /** The ids of all runs that a poll has listed, whether they match or not. */
  readonly #seen = new Set<string>();

  constructor(session: Session, filter: RunFilter) {
    this.#session = session;
    this.#filter = filter;
  }

  /** Returns the runs that have not ended. */
  async first(): Promise<RunRow[]> {
    const rows = await this.#list(noLimit);
    this.#seeAll(rows);
    return rows.filter((row) => !isTerminalStatus(row.status) && this.#isMeant(row));
  }

  /**
   * Returns the runs that have started since the last poll, even if they have ended already, and others that have not
   * ended. Leaves out runs that are followed, and runs that a followed run continues as.
   */
  async next(isFollowed: (runId: string) => boolean): Promise<RunRow[]> {
    // With a filter by status, a run that is not among the newest may have just reached that status.
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

  /**
   * Whether a followed run continues as this one. Asks the server, since the event that says so may not have been read.
   */
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
