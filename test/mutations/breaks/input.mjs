const escape = "src/cli/terminal/escape-controls.ts";
const word = "src/cli/args/shell-word.ts";
const runIds = "src/cli/args/run-ids.ts";
const exact = "src/cli/input/is-exact.ts";
const escapeTests = ["test/cli/terminal/escape-controls.test.ts"];
const wordTests = ["test/cli/args/shell-word.test.ts"];
const runIdTests = ["test/cli/args/run-id-prefixes.test.ts"];
const inputTests = ["test/cli/input.test.ts"];
const settingTests = ["test/cli/args/settings.test.ts"];

/** What a person types is taken as it is, and what a server names is harmless. */
export default [
  {
    rule: "U+FFF9 to U+FFFB are escaped in text",
    file: escape,
    from: "\\ufeff\\ufff9-\\ufffb\\u{e0000}",
    to: "\\ufeff\\u{e0000}",
    tests: escapeTests,
  },
  {
    rule: "U+FFF9 to U+FFFB are escaped in JSON",
    file: escape,
    from: "\\ufeff\\ufff9-\\ufffb]|\\udb40",
    to: "\\ufeff]|\\udb40",
    tests: escapeTests,
  },
  {
    rule: "tags are escaped in text",
    file: escape,
    from: "\\u{e0000}-\\u{e007f}",
    to: "",
    tests: escapeTests,
  },
  {
    rule: "tags are escaped in JSON",
    file: escape,
    from: "|\\udb40[\\udc00-\\udc7f]/g",
    to: "/g",
    tests: escapeTests,
  },
  {
    rule: "control characters are escaped in text",
    file: escape,
    from: "/[\\p{Cc}\\u061c",
    to: "/[\\u061c",
    tests: escapeTests,
  },
  {
    rule: "the second half of the control characters is escaped in JSON",
    file: escape,
    from: "/[\\x7f-\\x9f\\u061c",
    to: "/[\\x7f\\u061c",
    tests: escapeTests,
  },
  {
    rule: "what turns the direction of writing is escaped",
    file: escape,
    from: "\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}",
    to: "\\u200f\\u2028\\u2060-\\u2065\\ufeff\\ufff9-\\ufffb\\u{e0000}",
    tests: escapeTests,
  },
  {
    rule: "a word with spaces is quoted",
    file: word,
    from: "/^[\\w@+:,./-]+$/.test(shown)",
    to: "/^[\\w@+:,./ -]+$/.test(shown)",
    tests: wordTests,
  },
  {
    rule: "what zsh and fish expand at the beginning of a word is quoted",
    file: word,
    from: "/^[\\w@+:,./-]+$/.test(shown)",
    to: "/^[\\w@+:,./=~%-]+$/.test(shown)",
    tests: wordTests,
  },
  {
    rule: "a quote within a word does not end it",
    file: word,
    from: "(/['\\\\]/.test(part) ? `\\\\${part}` : `'${part}'`)",
    to: "`'${part}'`",
    tests: wordTests,
  },
  {
    rule: "what a server named stands behind `--`",
    file: "src/cli/args/command-line.ts",
    from: '["--", ...named]',
    to: "[...named]",
    tests: wordTests,
  },
  {
    rule: "in CI a command that changes a run takes ids as they are: `pr-4` is not `pr-42`",
    file: runIds,
    from: "!session.ci.isInteractive && command.changesRuns === true",
    to: "false",
    tests: runIdTests,
  },
  {
    rule: "a beginning that may mean several runs means none",
    file: runIds,
    from: "if (meant.length > 1) throw ambiguous(word, meant, command, session);",
    to: "",
    tests: runIdTests,
  },
  {
    rule: "a whole id is that run, though others begin so",
    file: runIds,
    from: "await client.getStatus({ runId: word }); return word;",
    to: "",
    tests: runIdTests,
  },
  {
    rule: "a beginning is looked up only where the server does not know the run",
    file: runIds,
    from: "if (!isUnknownRun(error)) throw error;",
    to: "",
    tests: runIdTests,
  },
  {
    rule: "all runs are looked at before a beginning means one",
    file: runIds,
    from: "listRuns<RunRow>({ limit: noLimit })",
    to: "listRuns<RunRow>({})",
    tests: runIdTests,
  },
  {
    rule: "an integer keeps every digit",
    file: exact,
    from: "/^-?\\d{1,15}$/",
    to: "/^-?\\d{1,20}$/",
    tests: inputTests,
  },
  {
    rule: "a fraction that is no double is not sent as another one",
    file: exact,
    from: "decimal === decimalOf(value.toPrecision(digits))",
    to: "true",
    tests: inputTests,
  },
  {
    rule: "an integer may not lose digits as a fraction may",
    file: exact,
    from: "Number.isFinite(value) && !Number.isInteger(value)",
    to: "Number.isFinite(value)",
    tests: inputTests,
  },
  {
    rule: "JSON with a number that would change is not sent",
    file: "src/cli/input/read-input.ts",
    from: "if (changed !== undefined) {",
    to: "if (false) {",
    tests: inputTests,
  },
  {
    rule: "a key that stands twice in an object is warned about",
    file: "src/cli/input/parse-json.ts",
    from: "if (keys?.has(key))",
    to: "if (false)",
    tests: inputTests,
  },
  {
    rule: "JSON that is nested too deeply is refused",
    file: "src/cli/input/parse-json.ts",
    from: "if (depth > maxDepth)",
    to: "if (false)",
    tests: inputTests,
  },
  {
    rule: "bytes that are not UTF-8 are not sent as other characters",
    file: "src/cli/input/decode-text.ts",
    from: 'return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { throw notUtf8(bytes);',
    to: 'return new TextDecoder("utf-8").decode(bytes); } catch { throw notUtf8(bytes);',
    tests: inputTests,
  },
  {
    rule: "an argument that was not UTF-8 is refused",
    file: "src/cli/input/read-input.ts",
    from: 'if (given.includes("\\ufffd"))',
    to: "if (false)",
    tests: inputTests,
  },
  {
    rule: "a flag comes before the environment",
    file: "src/cli/args/settings.ts",
    from: 'options.baseUrl ?? (env["SMITHERS_BASE_URL"] || defaultBaseUrl)',
    to: 'env["SMITHERS_BASE_URL"] || (options.baseUrl ?? defaultBaseUrl)',
    tests: settingTests,
  },
  {
    rule: "a format that is none is refused",
    file: "src/cli/args/settings.ts",
    from: "if (format !== undefined) return format;",
    to: "return format ?? formats[0]!;",
    tests: settingTests,
  },
  {
    rule: "a duration without a unit is in seconds, and one with another is none",
    file: "src/cli/describe/duration.ts",
    from: '.join("") !== bare ||',
    to: '.join("") === "" ||',
    tests: ["test/cli/describe/duration.test.ts"],
  },
];
