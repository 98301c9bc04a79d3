import { expect, test } from "vitest";
import { compare, toTable, type Comparison } from "../bench/measure.js";

const figures =
  (...values: number[]) =>
  async (round: number) =>
    values[round] ?? NaN;

const row: Comparison = {
  what: "reading",
  unit: "ms",
  job: figures(30, 10, 20),
  others: { "one connection": 100, "a bare loop": figures(10, 5, 20) },
  goal: { ratio: 0.25 },
  rounds: 3,
};

test("a row has medians, the ratio to each comparison, the goal, and whether it is met", async () => {
  expect(toTable([await compare(row), await compare({ ...row, goal: { figure: 19 } })]).split("\n")).toEqual([
    "| what    | measured | compared with                              | ratio    | goal    | met |",
    "| ------- | -------- | ------------------------------------------ | -------- | ------- | --- |",
    "| reading | 20 ms    | one connection: 100 ms; a bare loop: 10 ms | 0.2×; 2× | ≤ 0.25× | yes |",
    "| reading | 20 ms    | one connection: 100 ms; a bare loop: 10 ms | 0.2×; 2× | ≤ 19 ms | no  |",
  ]);
});

test("a command that fails does not meet its goal", async () => {
  const failed = { ...row, job: () => Promise.reject(new Error("it exited with 5: no answer\nmore")) };
  expect(await compare(failed)).toMatchObject({ measured: "it exited with 5: no answer", met: "no" });
});
