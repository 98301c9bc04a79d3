import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { Questions, type QuestionOptions } from "../../../src/cli/terminal/questions.js";

/** Questions with a fake keyboard; `type` presses its keys. */
function questionsWith() {
  const keyboard = Object.assign(new EventEmitter(), {
    pause: () => {},
    resume: () => {},
    setRawMode: () => {},
    readableEnded: false,
    destroyed: false,
  });
  const screen = { isForeground: true, ask: () => {}, answered: () => {} };
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const questions = new Questions({
    keyboard: () => keyboard,
    output,
    screen,
    marksPaste: false,
    interrupt: () => {},
    suspend: () => {},
  } as unknown as QuestionOptions);
  return { questions, type: (keys: string) => keyboard.emit("data", Buffer.from(keys)) };
}

const never = new AbortController().signal;

test("text typed ahead answers the following questions", async () => {
  const { questions, type } = questionsWith();
  const first = questions.ask("one? ", never);
  await new Promise(setImmediate);
  type("a\rb\r");
  expect(await first).toBe("a");
  expect(await questions.ask("two? ", never)).toBe("b");
});

test("text typed ahead for a question that is withdrawn does not answer another one", async () => {
  const { questions, type } = questionsWith();
  const first = questions.ask("one? ", never);
  await new Promise(setImmediate);
  type("a\r");
  expect(await first).toBe("a");
  const withdrawn = new AbortController();
  const second = questions.ask("two? ", withdrawn.signal);
  await new Promise(setImmediate);
  withdrawn.abort(new Error("decided elsewhere"));
  type("a\rapprove\r");
  await expect(second).rejects.toThrow("decided elsewhere");
  const third = questions.ask("three? ", never);
  await new Promise(setImmediate);
  type("s\r");
  expect(await third).toBe("s");
});
