import { execa } from "execa";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("..", import.meta.url));

test("docs/library.md is what the docstrings say; 'npm run docs' makes it so", async () => {
  const folder = await mkdtemp(join(tmpdir(), "smithers-client-docs-"));
  try {
    await execa("typedoc", ["--out", folder], { cwd: repository, preferLocal: true });
    const made = await readFile(join(folder, "library.md"), "utf8");
    expect(await readFile(join(repository, "docs", "library.md"), "utf8")).toBe(made);
  } finally {
    await rm(folder, { recursive: true });
  }
});
