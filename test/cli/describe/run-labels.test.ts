import stringWidth from "string-width";
import { expect, test } from "vitest";
import { runLabels } from "../../../src/cli/describe/run-labels.js";

const textsFor = (...runIds: string[]) => runLabels(runIds).map(({ text }) => text);

test("labels are the shortest prefixes that differ, with at least eight characters", () => {
  expect(textsFor("4f1c9a2b-8d3e", "7c20aaaa-0000")).toEqual(["4f1c9a2b", "7c20aaaa"]);
  expect(textsFor("nightly-41", "weekly", "nightly-42")).toEqual(["nightly-41", "weekly    ", "nightly-42"]);
  expect(textsFor("a", "ab", "abcdefghi")).toEqual(["a       ", "ab      ", "abcdefgh"]);
  expect(textsFor("the-only-one")).toEqual(["the-only"]);
  expect(textsFor()).toEqual([]);
});

test("labels keep the order of the runs, whatever their ids are", () => {
  const runIds = Array.from({ length: 200 }, (_, index) => `run-${(index * 7919) % 200}-x`);
  const labels = runLabels(runIds);
  expect(labels.map(({ runId }) => runId)).toEqual(runIds);
  expect(labels.map(({ order }) => order)).toEqual(runIds.map((_, index) => index));
  expect(new Set(labels.map(({ text }) => text)).size).toBe(200);
});

test("labels have the same width, and are escaped", () => {
  const texts = textsFor("日本語の仕事", "🚀🚀🚀🚀🚀", "\u001b[2J\u001b[H", "a\nb", "é");
  expect(new Set(texts.map((text) => stringWidth(text))).size).toBe(1);
  expect(texts[2]).toMatch(/^\\u001b\[2J/);
  expect(texts[3]).toMatch(/^a\\nb /);
});
