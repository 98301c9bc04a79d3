const keys = "src/cli/live/table-keys.ts";
const keyTests = ["test/cli/live/table-keys.test.ts"];
const table = "src/cli/live/run-table.ts";
const tableTests = ["test/cli/live/run-table.test.ts"];
const facts = "src/cli/live/run-facts.ts";
const finder = "src/cli/follow/find-runs.ts";
const follow = "src/cli/follow/follow-runs.ts";
const allTests = ["test/cli/follow/watch-all.test.ts"];

/** Which runs are followed side by side, what a table says of them, and who may decide an approval in it. */
export default [
  {
    rule: "several keys in one read decide nothing, because they were typed ahead or pasted",
    file: keys,
    from: "Object.hasOwn(keys, typed) ? keys[typed] : undefined",
    to: "keys[typed.slice(-1)] ?? keys[typed]",
    tests: keyTests,
  },
  {
    rule: "only an approval that the screen shows as selected is decided",
    file: keys,
    from: "selected !== undefined && selected === this.#shown",
    to: "selected !== undefined",
    tests: keyTests,
  },
  {
    rule: "no other approval is selected when the selected one is gone",
    file: keys,
    from: "!desk.approvals.includes(this.#selected)) this.#selected = undefined;",
    to: "!desk.approvals.includes(this.#selected)) this.#selected = desk.approvals[0];",
    tests: keyTests,
  },
  {
    rule: "a note that is cancelled, or cut off by the end of the input, decides nothing",
    file: keys,
    from: "if (note !== undefined && !signal.aborted)",
    to: 'note ??= "";\n    if (!signal.aborted)',
    tests: keyTests,
  },
  {
    rule: "text typed ahead does not become a note",
    file: keys,
    from: "{ afterKey: true }",
    to: "{}",
    tests: keyTests,
  },
  {
    rule: "keys go to the note while it is typed",
    file: keys,
    from: "key === undefined || this.#asking !== undefined",
    to: "key === undefined",
    tests: keyTests,
  },
  {
    rule: "the selected run is shown if not all runs fit",
    file: table,
    from: "selected !== undefined ? -2 :",
    to: "selected !== undefined ? 9 :",
    tests: tableTests,
  },
  {
    rule: "the table says how many runs are not shown if not all fit",
    file: table,
    from: "rows.length - shown.length)",
    to: "0)",
    tests: tableTests,
  },
  {
    rule: "a run does not wait for an approval that it has not reached",
    file: facts,
    from: "waitingSince(approval, view) !== undefined",
    to: "true",
    tests: tableTests,
  },
  {
    rule: "a run that ended before its start was seen is followed, too",
    file: finder,
    from: "!this.#seen.has(row.runId) || !isTerminalStatus(row.status)",
    to: "!isTerminalStatus(row.status)",
    tests: allTests,
  },
  {
    rule: "a full page that does not reach back to the last poll is incomplete",
    file: finder,
    from: "rows.length === pageSize &&",
    to: "rows.length > pageSize &&",
    tests: allTests,
  },
  {
    rule: "the continuation of a followed run is not followed twice",
    file: finder,
    from: 'return status === "continued";',
    to: "return false;",
    tests: allTests,
  },
  {
    rule: "runs are polled once more after the last run has ended",
    file: follow,
    from: "if (!keep && finder !== undefined && failedPoll === undefined) await poll(finder).catch(endPolling);",
    to: "",
    tests: allTests,
  },
  {
    rule: "a run that is resumed after its end is followed again",
    file: follow,
    from: "return !isAgain;",
    to: "return true;",
    tests: allTests,
  },
];
