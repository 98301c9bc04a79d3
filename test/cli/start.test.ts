import { expect, test } from "vitest";
import { runBinary } from "./run-cli.js";

test.each(["--version", "-V", "--help"])("%s prints the same alone and with another flag", async (flag) => {
  const short = await runBinary([flag]);
  // A second flag makes it load the whole program.
  expect(short).toEqual(await runBinary([flag, "--no-color"]));
  expect(short).toMatchObject({ exitCode: 0, stderr: "" });
  expect(short.stdout).toMatch(/\w\n$/);
});
