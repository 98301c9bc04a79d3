const lines = "src/cli/describe/output-lines.ts";
const selected = "src/cli/follow/selected-output.ts";
const escape = "src/cli/terminal/escape-controls.ts";
const lineTests = ["test/cli/describe/output-lines.test.ts"];
const eventTests = ["test/cli/describe/event-lines.test.ts"];
const logsTests = ["test/cli/logs.test.ts"];

/** What nodes print: whole lines, all of them, none of them obeyed. */
export default [
  {
    rule: "the chunks of two streams belong to two lines",
    file: lines,
    from: "`${String(attempt)} ${String(stream)}`",
    to: "`${String(attempt)}`",
    tests: lineTests,
  },
  {
    rule: "the end of a node's attempt ends its line",
    file: lines,
    from: "if (attemptEnds.has(event.type)) {",
    to: "if (false) {",
    tests: lineTests,
  },
  {
    rule: "a line has a maximum length",
    file: lines,
    from: "line.length > maxLength ? piecesOf(line) : [line]",
    to: "[line]",
    tests: lineTests,
  },
  {
    rule: "an agent's colors are dropped if colors are off",
    file: escape,
    from: 'return hasColor ? part : "";',
    to: "return part;",
    tests: logsTests,
  },
  {
    rule: "an agent's colors end with their line",
    file: escape,
    from: '(hasColor && parts.length > 1 ? noColor : "")',
    to: '""',
    tests: logsTests,
  },
  {
    rule: "no control sequence of an agent reaches the terminal, except for colors",
    file: escape,
    from: 'part.split("\\t").map(escapeWhole).join("\\t")',
    to: "part",
    tests: logsTests,
  },
  {
    rule: "a server that is too old to keep output is reported",
    file: selected,
    from: "if (!this.#isNewer && runState === undefined)",
    to: "if (false)",
    tests: logsTests,
  },
  {
    rule: "output that is followed after its last lines is printed once",
    file: "src/cli/follow/read-output.ts",
    from: "afterSeq: history?.position",
    to: "afterSeq: undefined",
    tests: logsTests,
  },
  {
    rule: "only the last lines of a node that fails are shown",
    file: "src/cli/describe/node-output.ts",
    from: "last.lines.shift();",
    to: "",
    tests: eventTests,
  },
  {
    rule: "the output of an earlier attempt is not shown when the next one fails",
    file: "src/cli/describe/event-lines.ts",
    from: 'event.type === "NodeStarted" || stateOfEndEvent.has(event.type)',
    to: 'event.type === "NodeFailed"',
    tests: eventTests,
  },
  {
    rule: "output in the live view takes no line from the tree",
    file: "src/cli/live/live-region.ts",
    from: "if (left === 0 || ",
    to: "if (",
    tests: ["test/cli/live/live-region.test.ts"],
  },
  {
    rule: "an unfinished line is in the group of its node",
    file: "src/cli/ci/github-lines.ts",
    from: "this.#addOutput(this.#output.flush());",
    to: "",
    tests: ["test/cli/ci/github-lines.test.ts"],
  },
];
