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
    rule: "several keys in one read decide nothing: they were typed ahead, or pasted",
    file: keys,
    from: "Object.hasOwn(keys, typed) ? keys[typed] : undefined",
    to: "keys[typed.slice(-1)] ?? keys[typed]",
    tests: keyTests,
  },
  {
    rule: "nothing is decided that the screen does not show as selected",
    file: keys,
    from: "selected !== undefined && selected === this.#shown",
    to: "selected !== undefined",
    tests: keyTests,
  },
  {
    rule: "no other approval is selected in the place of one that has gone",
    file: keys,
    from: "!desk.approvals.includes(this.#selected)) this.#selected = undefined;",
    to: "!desk.approvals.includes(this.#selected)) this.#selected = desk.approvals[0];",
    tests: keyTests,
  },
  {
    rule: "a note that is taken back, or ends with the input, decides nothing",
    file: keys,
    from: "if (note !== undefined && !signal.aborted)",
    to: 'note ??= "";\n    if (!signal.aborted)',
    tests: keyTests,
  },
  {
    rule: "nothing that was typed ahead answers for a note",
    file: keys,
    from: "{ afterKey: true }",
    to: "{}",
    tests: keyTests,
  },
  {
    rule: "while a note is typed, keys are the note's",
    file: keys,
    from: "key === undefined || this.#asking !== undefined",
    to: "key === undefined",
    tests: keyTests,
  },
  {
    rule: "where not all runs fit, the selected one is shown",
    file: table,
    from: "selected !== undefined ? -2 :",
    to: "selected !== undefined ? 9 :",
    tests: tableTests,
  },
  {
    rule: "where not all runs fit, the table says how many are not shown",
    file: table,
    from: "rows.length - shown.length)",
    to: "0)",
    tests: tableTests,
  },
  {
    rule: "a run does not wait for an approval that it has not come to",
    file: facts,
    from: "waitingSince(approval, view) !== undefined",
    to: "true",
    tests: tableTests,
  },
  {
    rule: "a run that has ended before it was seen to start is followed, too",
    file: finder,
    from: "!this.#seen.has(row.runId) || !isTerminalStatus(row.status)",
    to: "!isTerminalStatus(row.status)",
    tests: allTests,
  },
  {
    rule: "a full page that does not reach back to the last poll is not all",
    file: finder,
    from: "rows.length === pageSize &&",
    to: "rows.length > pageSize &&",
    tests: allTests,
  },
  {
    rule: "what a followed run continues as is not followed twice",
    file: finder,
    from: 'return status === "continued";',
    to: "return false;",
    tests: allTests,
  },
  {
    rule: "after the end of the last run it is looked once more for others",
    file: follow,
    from: "if (!keep && finder !== undefined && failedPoll === undefined) await poll(finder).catch(endPolling);",
    to: "",
    tests: allTests,
  },
  {
    rule: "a run that is resumed after its end is followed on",
    file: follow,
    from: "return !isAgain;",
    to: "return true;",
    tests: allTests,
  },
];
