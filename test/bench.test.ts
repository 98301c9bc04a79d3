import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const bench = fileURLToPath(new URL("../bench/run.mjs", import.meta.url));

test("the bench measures a row and makes a table of it", async () => {
  const { stdout } = await execa(process.execPath, [bench, "--quick", "--only", "^.--version.$"]);
  const [head, line, ...rows] = stdout.split("\n\n")[0]?.split("\n") ?? [];
  expect(head).toMatch(/^\| what +\| ours +\| against +\| result +\| goal +\| met +\|$/);
  expect(line).toMatch(/^(\| -+ ){6}\|$/);
  expect(rows[0]).toMatch(
    /^\| `--version` +\| [\d.]+ ms +\| `node -e 0`: [\d.]+ ms +\| [\d.]+× \(.+\) +\| ≤ 1.25× +\| (yes|no) +\|$/,
  );
  expect(stdout).toMatch(/Node \d+\.\d+\.\d+/);
});
