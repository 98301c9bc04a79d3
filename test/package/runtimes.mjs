// `npm run test:runtimes`: the package as it is published, on every runtime that people run it on, against a real server.
import assert from "node:assert/strict";
import { copyFile, cp, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { installServer } from "../servers/install.mjs";
import { inNewFolder, installNew, makeProject, printTable, repository, resultOf } from "./packed.mjs";

const { platform, arch } = process;
const nodeSuffix = `${platform === "win32" ? "win" : platform}-${arch}`;
const extension = platform === "win32" ? ".exe" : "";

/** Each with what installs it, where its executable is then, and the words that make it run a file. */
const runtimes = [
  ...[20, 22, 24, 26].map((major) => ({
    name: `Node ${major}`,
    install: `node${major}@npm:node-${nodeSuffix}@${major}`,
    executable: (folder) => join(folder, "node_modules", `node${major}`, "bin", `node${extension}`),
    words: [],
  })),
  { name: "Bun", install: "bun", executable: (folder) => nativeOf(folder, "bun", "bin"), words: ["--bun"] },
  {
    name: "Deno",
    install: "deno",
    executable: (folder) => nativeOf(folder, "deno", ""),
    words: ["run", "-A"],
  },
];

/** The executable in the one optional package that fits this machine: the package's own needs its install script. */
async function nativeOf(folder, name, subfolder) {
  const require = createRequire(join(folder, "node_modules", name, "package.json"));
  const { optionalDependencies } = require("./package.json");
  for (const optional of Object.keys(optionalDependencies)) {
    try {
      const manifest = require.resolve(`${optional}/package.json`);
      return join(dirname(manifest), subfolder, `${name}${extension}`);
    } catch {
      // For another machine.
    }
  }
  throw new Error(`${name} has nothing for ${platform} ${arch}`);
}

/** Starts the package's own `serve`, with the tests' workflows. */
async function startServer(folder, binary) {
  const root = join(folder, "server");
  await cp(join(repository, "test", "workflows"), root, { recursive: true });
  await symlink(join(installServer(), "node_modules"), join(root, "node_modules"), "junction");
  const server = execa(process.execPath, [binary, "serve", "--port", "0", "--root", root], { reject: false });
  let said = "";
  const serving = new Promise((resolve) => {
    server.stderr.on("data", (text) => {
      said += text;
      const [, baseUrl] = /^serving .* on (http:\S+)/m.exec(said) ?? [];
      if (baseUrl !== undefined) resolve(baseUrl);
    });
  });
  const baseUrl = await Promise.race([serving, server.then(() => undefined)]);
  if (baseUrl === undefined) throw new Error(`the server did not start: ${said}`);
  return { server, baseUrl };
}

/** The binary as a user has it. */
async function checkBinary(cli) {
  const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
  assert.equal(await cli(["--version"]), version);
  const events = await cli(["run", "gate.tsx", "-w", "--on-approval", "approve", "--json"]);
  assert.equal(JSON.parse(events.split("\n").at(-1)).type, "RunFinished");
  const runId = JSON.parse(events.split("\n")[0]).runId;
  assert.equal(JSON.parse(await cli(["status", runId, "--json"])).status, "finished");
  assert.match(await cli(["frames", runId, "--tail", "1"]), /task gate/);
  assert.match(await cli(["ls"]), new RegExp(runId));
  const slow = await cli(["run", "slow.tsx"]);
  await cli(["cancel", slow, "-w"]);
  await cli(["watch", slow], 2);
  await cli(["status", "nobody"], 4);
}

const rows = await inNewFolder(async (folder) => {
  const { project } = await makeProject(folder);
  const binary = join(project, "node_modules", "smithers-client", "bin", "smithers-client.js");
  await copyFile(join(repository, "test", "package", "smoke.mjs"), join(project, "smoke.mjs"));
  const installed = join(folder, "runtimes");
  await installNew(installed, ...runtimes.map(({ install }) => install));
  const { server, baseUrl } = await startServer(folder, binary);
  const env = {
    SMITHERS_BASE_URL: baseUrl,
    SMITHERS_API_KEY: undefined,
    SMITHERS_FORMAT: undefined,
    NO_COLOR: "1",
  };

  const results = [];
  try {
    for (const { name, executable, words } of runtimes) {
      const runtime = await executable(installed);
      const start = async (args, code = 0) => {
        const ended = await execa(runtime, args, { cwd: project, env, stdin: "ignore", reject: false });
        assert.equal(ended.exitCode, code, `${name} ${args.join(" ")}: ${ended.stderr || ended.message}`);
        return ended.stdout;
      };
      const [version] = /\d+\.\d+\.\d+/.exec(await start(["--version"]));
      const library = await resultOf(() => start([...words, join(project, "smoke.mjs")]));
      const cli = await resultOf(() => checkBinary((args, code) => start([...words, binary, ...args], code)));
      results.push([name.replace(/ \d+$/, ""), version, library, cli]);
    }
    return results;
  } finally {
    server.kill("SIGTERM");
    await server;
  }
});
printTable([["runtime", "version", "library", "binary"], ...rows]);
