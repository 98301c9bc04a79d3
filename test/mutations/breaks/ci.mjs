const command = "src/cli/ci/github-command.ts";
const reports = "src/cli/ci/github-reports.ts";
const lines = "src/cli/ci/github-lines.ts";
const junit = "src/cli/ci/junit-report.ts";
const commandTests = ["test/cli/ci/github-command.test.ts"];
const reportTests = ["test/cli/ci/github-reports.test.ts"];
const lineTests = ["test/cli/ci/github-lines.test.ts"];
const junitTests = ["test/cli/ci/junit-report.test.ts"];

/** What a CI system reads: nothing of it can be forged by what a server says. */
export default [
  {
    rule: "`%` in a command is escaped first, so that `%0A` stays literal",
    file: command,
    from: '.replaceAll("%", "%25")',
    to: "",
    tests: commandTests,
  },
  {
    rule: "a line feed does not end a command",
    file: command,
    from: '.replaceAll("\\n", "%0A")',
    to: "",
    tests: commandTests,
  },
  {
    rule: "a carriage return does not end a command",
    file: command,
    from: '.replaceAll("\\r", "%0D")',
    to: "",
    tests: commandTests,
  },
  {
    rule: "`:` does not end the properties of a command",
    file: command,
    from: '.replaceAll(":", "%3A")',
    to: "",
    tests: commandTests,
  },
  {
    rule: "`,` does not start another property",
    file: command,
    from: '.replaceAll(",", "%2C")',
    to: "",
    tests: commandTests,
  },
  {
    rule: "`::` after spaces is not a command",
    file: command,
    from: "/^(\\s*):(?=:)/gm",
    to: "/^():(?=:)/gm",
    tests: commandTests,
  },
  {
    rule: "`::` is not a command on any of several lines",
    file: command,
    from: "/^(\\s*):(?=:)/gm",
    to: "/^(\\s*):(?=:)/g",
    tests: commandTests,
  },
  {
    rule: "`##[` is never a command",
    file: command,
    from: '"#\\\\u0023["',
    to: '"##["',
    tests: commandTests,
  },
  {
    rule: "`##[` inside a command is not a command either",
    file: command,
    from: "return escapeLegacyCommands(text).replaceAll(",
    to: "return text.replaceAll(",
    tests: commandTests,
  },
  {
    rule: "everything that is written to a guarded stream is neutralized",
    file: command,
    from: "stream.write(neutralizeCommands(text))",
    to: "stream.write(text)",
    tests: commandTests,
  },
  {
    rule: "the delimiter of an output cannot be guessed",
    file: reports,
    from: "`end-${crypto.randomUUID()}`",
    to: "`end-of-${name}`",
    tests: reportTests,
  },
  {
    rule: "text from the server is not Markdown",
    file: reports,
    from: "/[!-,./:-@[-`{-~]/g",
    to: "/[<>&]/g",
    tests: reportTests,
  },
  {
    rule: "a summary stays below GitHub's limit",
    file: reports,
    from: "if (bytes > summaryLimit) break;",
    to: "",
    tests: reportTests,
  },
  {
    rule: "a run that did not end well is an error, whatever the states of its nodes",
    file: reports,
    from: "else if (exitCode !== 0) annotate(",
    to: "else if (failed.length > 0) annotate(",
    tests: reportTests,
  },
  {
    rule: "a node's output has a prefix, so that it cannot look like a line of ours",
    file: lines,
    from: "copyOf(`| ${shownOutput(text, this.#style.hasColor)}`)",
    to: "copyOf(shownOutput(text, this.#style.hasColor))",
    tests: lineTests,
  },
  {
    rule: "a node's output cannot move the cursor",
    file: lines,
    from: "copyOf(`| ${shownOutput(text, this.#style.hasColor)}`)",
    to: "copyOf(`| ${text}`)",
    tests: lineTests,
  },
  {
    rule: "nothing inside a group is a command",
    file: lines,
    from: 'neutralizeCommands(`${before}${this.#lines.join("\\n")}\\n`)',
    to: '`${before}${this.#lines.join("\\n")}\\n`',
    tests: lineTests,
  },
  {
    rule: "the output of a node that has not ended is shown at the end",
    file: lines,
    from: 'return groups.join("");',
    to: 'return "";',
    tests: lineTests,
  },
  {
    rule: "no text starts an entity or an element in the JUnit report",
    file: junit,
    from: "suppressEmptyNode: true,",
    to: "suppressEmptyNode: true, processEntities: false,",
    tests: junitTests,
  },
  {
    rule: "an attribute of the JUnit report with the text `true` keeps its value",
    file: junit,
    from: "suppressBooleanAttributes: false,",
    to: "",
    tests: junitTests,
  },
  {
    rule: "U+FFFE and U+FFFF, which XML does not allow, are not in the JUnit report",
    file: junit,
    from: '.replace(/[\\ufffe\\uffff]/g, "\\ufffd")',
    to: "",
    tests: junitTests,
  },
  {
    rule: "no control character is in the JUnit report",
    file: junit,
    from: "escapeWhole(text)",
    to: "text",
    tests: junitTests,
  },
  {
    rule: "a run that ended badly without a failed node is an error in the JUnit report",
    file: junit,
    from: "if (ending.exitCode !== 0 && !isExplained)",
    to: "if (false)",
    tests: junitTests,
  },
  {
    rule: "a node that failed is a failure in the JUnit report",
    file: junit,
    from: 'if (state === "failed") {',
    to: "if (false) {",
    tests: junitTests,
  },
  {
    rule: "a report that cannot be written does not change the result",
    file: "src/cli/ci/reporter.ts",
    from: "note(`a report could not be written:",
    to: "throw error; note(`a report could not be written:",
    tests: ["test/cli/ci/reporter.test.ts"],
  },
];
