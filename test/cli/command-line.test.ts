import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/usage-error.js";
import { globalOptions } from "../../src/cli/args/settings.js";
import { commandNameOf, commandsOf } from "../../src/cli/args/syntax.js";
import { parseCommandLine } from "../../src/cli/args/program.js";
import { commandGroups } from "../../src/cli/commands/index.js";

/** Parses a command line. Leaves out the arguments that were not given. */
async function parse(...argv: string[]) {
  const request = await parseCommandLine(argv, commandGroups, "0.0.0");
  if ("show" in request) return request;
  const { command, args, options, globals } = request;
  return { command: commandNameOf(command), args: args.filter((arg) => arg !== undefined), options, globals };
}

async function refusal(...argv: string[]): Promise<UsageError> {
  const error: unknown = await parseCommandLine(argv, commandGroups, "0.0.0").catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error as UsageError;
}

/** A node id that once made the client send the API key to another server. */
const hostile = "--base-url=http://elsewhere";

describe("after --, every word is an argument", () => {
  test.each([
    ["run", [hostile]],
    ["resume", ["--json", hostile]],
    ["approve", ["-r", hostile]],
    ["deny", ["--", "--api-key"]],
    ["watch", ["-a", "--b", hostile]],
    ["status", ["--help"]],
    ["frames", ["--tail"]],
    ["cancel", ["-w"]],
    ["signal", ["--data", "--version"]],
  ])("%s", async (command, args) => {
    const ours = ["--json", "--base-url", "http://ours"];
    for (const argv of [
      [command, "--", ...args],
      [...ours, command, "--", ...args],
      [command, ...ours, "--", ...args],
    ]) {
      const request = await parse(...argv);
      expect(request).toMatchObject({ command, args });
      const baseUrl = argv.includes("http://ours") ? "http://ours" : undefined;
      expect("globals" in request && request.globals.baseUrl).toBe(baseUrl);
    }
  });

  test("and the command's flags go before it", async () => {
    const request = await parse("approve", "--iteration", "2", "--no-color", "--", "-r", "-n");
    expect(request).toMatchObject({
      args: ["-r", "-n"],
      options: { iteration: 2 },
      globals: { color: false },
    });
  });
});

describe("a flag's value may look like another flag", () => {
  test.each([
    ["approve", "note"],
    ["run", "input"],
    ["signal", "correlation"],
  ])("for %s --%s", async (command, option) => {
    const args = command === "run" ? ["a"] : ["a", "b"];
    for (const value of [hostile, "--json", "-w", "--"]) {
      const request = await parse(command, `--${option}`, value, ...args);
      expect(request).toMatchObject({ args, options: { [option]: value } });
      expect(request).not.toHaveProperty("globals.json");
      expect(request).not.toHaveProperty("globals.baseUrl");
    }
  });
});

test("global flags go before or after the command, and the last one wins", async () => {
  expect(await parse("--json", "ls", "--debug")).toMatchObject({ globals: { json: true, debug: true } });
  expect(await parse("--no-color", "ls")).toMatchObject({ globals: { color: false } });
  expect(await parse("ls")).toMatchObject({ globals: { color: true } });
  expect(await parse("--timeout", "1s", "ls", "--timeout", "2s")).toMatchObject({
    globals: { timeout: 2000 },
  });
  expect(await parse("ls", "--version")).toEqual({ show: "0.0.0\n" });
});

describe("help", () => {
  const shown = async (...argv: string[]) => {
    const request = await parse(...argv);
    return "show" in request ? request.show : undefined;
  };

  test("fits a terminal of 80 columns and 24 rows, including the next prompt", async () => {
    const lines = (await shown("--help"))?.trimEnd().split("\n") ?? [];
    expect(lines.length).toBeLessThanOrEqual(23);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test("lists every command, followed by every global flag", async () => {
    const [listed = "", flags = ""] = (await shown("--help"))?.split("\nFlags") ?? [];
    for (const group of commandGroups)
      for (const command of commandsOf(group))
        expect(listed).toMatch(new RegExp(`\\b${commandNameOf(command)}\\b`));
    for (const option of globalOptions) expect(flags).toContain(option.flags);
  });

  test("is shown if there are no arguments, and by help alone", async () => {
    const help = await shown("--help");
    expect(await shown()).toBe(help);
    expect(await shown("help")).toBe(help);
    expect(await shown("help", "--no-color")).toBe(help);
    expect((await refusal("--json")).message).toBe("no command given");
  });

  test("for a command equals its --help", async () => {
    for (const name of ["run", "ls", "list"])
      expect(await shown("help", name)).toBe(await shown(name, "--help"));
    const run = (await shown("run", "--help"))?.replace(/\s+/g, " ");
    expect(run).toContain("a file on the server's machine, named by its path from the server's root");
  });

  test("for an unknown topic is refused", async () => {
    const error = await refusal("help", "exit-cods");
    expect(error.message).toContain("neither a command nor one of exit-codes, environment, run-ids");
  });
});

test("-V means --version", async () => {
  expect(await parse("-V")).toEqual({ show: "0.0.0\n" });
  expect(await parse("ls", "-V")).toEqual({ show: "0.0.0\n" });
});

test.each([
  ["list", "ls"],
  ["ps", "ls"],
])("%s is an alias of %s", async (alias, name) => {
  expect(await parse("--json", alias, "-q")).toMatchObject({ command: name, options: { quiet: true } });
});

describe("an unknown flag that may be an id", () => {
  test.each([
    ["status --foo", "run id", "status -- --foo"],
    ["watch 4f1c -x", "run id", "watch -- 4f1c -x"],
    ["approve 4f1c --*^* --note 'it is'", "node id", "approve --note 'it is' -- 4f1c '--*^*'"],
    ["--json deny --foo gate --iteration=2", "run id", "deny --json '--iteration=2' -- --foo gate"],
    ["signal 4f1c --foo --api-key secret", "name", "signal -- 4f1c --foo"],
    ["cancel --api-key=secret --foo", "run id", "cancel -- --foo"],
    ["run --foo", "workflow", "run -- --foo"],
    ["resume -x", "run id", "resume -- -x"],
    ["frames -x --tail 3", "run id", "frames --tail 3 -- -x"],
  ])("%s", async (line, what, hint) => {
    const words = [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const error = await refusal(...words);
    expect(error.message).toMatch(/^unknown option/);
    expect(error.message).toContain(`if it is the ${what}, put -- before it`);
    expect(error.hint).toBe(`smithers-client ${hint}`);
  });

  test("is treated as a typo first if it resembles a known flag", async () => {
    const error = await refusal("watch", "4f1c", "--timeot", "5m");
    expect(error.message).toContain("(Did you mean --timeout?)");
    expect(error.message).toContain("put -- before it: smithers-client watch -- 4f1c --timeot 5m");
    expect(error.hint).toBe("smithers-client watch --help");
  });

  test("is only an unknown flag if the command takes no more arguments", async () => {
    for (const argv of [
      ["ls", "--foo"],
      ["status", "x", "--foo"],
      ["completion", "--foo"],
    ])
      expect((await refusal(...argv)).message).toBe("unknown option '--foo'");
  });
});

test("the error for an extra flag after -- says to put it before --", async () => {
  const error = await refusal("approve", "--json", "--", "4f1c", "gate", "--note", "it's");
  expect(error.message).toMatch(/Nothing after -- is a flag: put --note before it$/);
  expect(error.hint).toBe("smithers-client approve --json --note 'it'\\''s' -- 4f1c gate");
});

describe("JSON that the shell split", () => {
  test.each([
    ["at a space", ["run", "x.tsx", "--input", "{environment:", "staging}"], "--input"],
    ["at a space, in quotes that cmd does not know", ["run", "x.tsx", "--input", "'{a:", "1}'"], "--input"],
    ["at a comma, as bash expands braces", ["run", "x.tsx", "--input", "a:1", "b:2"], "--input"],
    ["in front of a dash", ["signal", "4f1c", "go", "--data", '{"a":', "-1}"], "--data"],
    ["behind =", ["signal", "4f1c", "go", "--data=[1,", "2]"], "--data"],
  ])("%s", async (_, argv, flag) => {
    const error = await refusal(...argv);
    expect(error.message).toContain(`${flag} got '`);
    expect(error.message).toContain("the shell split it");
    expect(error.hint).toContain(`single quotes, as ${flag} '{"environment":"staging"}'`);
    expect(error.hint).toContain(`put it in a file: ${flag} "@input.json"`);
  });

  test("is not suspected if the JSON is complete, or comes from a file or stdin", async () => {
    for (const given of ['{"a":1}', "@input.json", "-", "C:\\input.json"]) {
      const error = await refusal("run", "x.tsx", "--input", given, "more");
      expect(error.message).toMatch(/^too many arguments/);
    }
  });
});
