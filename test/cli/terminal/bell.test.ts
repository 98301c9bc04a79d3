import { expect, test } from "vitest";
import { bell } from "../../../src/cli/terminal/bell.js";

const bel = "\u0007";
const escape = "\u001b";

test.each([
  ["iTerm2", { TERM_PROGRAM: "iTerm.app" }, `${escape}]9;smithers-client: it waits${bel}`],
  [
    "iTerm2 at the other end of ssh",
    { LC_TERMINAL: "iTerm2" },
    `${escape}]9;smithers-client: it waits${bel}`,
  ],
  ["kitty", { TERM: "xterm-kitty" }, `${escape}]99;;smithers-client: it waits${escape}\\`],
  ["WezTerm", { TERM_PROGRAM: "WezTerm" }, `${escape}]777;notify;smithers-client;it waits${escape}\\`],
  ["Ghostty", { TERM: "xterm-ghostty" }, `${escape}]777;notify;smithers-client;it waits${escape}\\`],
  ["foot", { TERM: "foot" }, `${escape}]777;notify;smithers-client;it waits${escape}\\`],
  ["another", { TERM: "xterm-256color" }, ""],
  ["tmux in one that has notifications", { TERM_PROGRAM: "WezTerm", TMUX: "/tmp/tmux" }, ""],
])("%s rings, with a notification that it supports", (_, env, notification) => {
  expect(bell("it waits", env)).toBe(`${bel}${notification}`);
});

test("a hostile text neither ends the sequence nor starts a field", () => {
  const said = bell(`a;b${bel}${escape}\\${escape}]0;owned${bel}\u009c${"x".repeat(500)}`, { TERM: "foot" });
  expect(
    said.startsWith(`${bel}${escape}]777;notify;smithers-client;a,b\\u0007\\u001b\\\\u001b]0,owned`),
  ).toBe(true);
  expect(said.split(escape)).toHaveLength(3);
  expect(said.split(bel)).toHaveLength(2);
  expect(said.length).toBeLessThan(300);
});
