import { expect, test } from "vitest";
import { runBinary } from "./run-cli.js";

test.each(["--version", "-V", "--help"])("what %s says by itself is what the program says", async (flag) => {
  const short = await runBinary([flag]);
  // A second flag makes it start the program.
  expect(short).toEqual(await runBinary([flag, "--no-color"]));
  expect(short).toMatchObject({ exitCode: 0, stderr: "" });
  expect(short.stdout).toMatch(/\w\n$/);
});
