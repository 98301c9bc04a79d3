// Puts the command line and all that it uses into one file: to find, read and link some 120 files takes 50 ms at every
// call. The licences of what is in it go beside it.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Packages that are imported on use get files of their own, since all of a file is read before it starts. */
const late = new Set();
const ownFile = {
  name: "own file",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      if (kind !== "dynamic-import" || path.startsWith("node:")) return undefined;
      late.add(path);
      return { path, namespace: "own-file" };
    });
    onResolve({ filter: /.*/, namespace: "own-file" }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: "own-file" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default");
      return {
        contents:
          `const own = require("./${path}.cjs");\nexport default own.default;\n` +
          names.map((name) => `export const ${name} = own.${name};\n`).join(""),
      };
    });
  },
};

/**
 * string-width makes an `Intl.Segmenter` and regular expressions of all emoji when it is loaded, which takes 16 ms, and
 * is not needed for plain text. So it is loaded at the first text that is not plain.
 */
const lateStringWidth = {
  name: "late string-width",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, ({ kind, resolveDir }) =>
      kind === "require-call"
        ? undefined
        : { path: "string-width", namespace: "late", pluginData: resolveDir },
    );
    onLoad({ filter: /.*/, namespace: "late" }, ({ pluginData: resolveDir }) => ({
      contents: `export default (text, options) =>
        /^[ -~]*$/.test(text) ? text.length : require("string-width").default(text, options);`,
      resolveDir,
    }));
  },
};

const common = { bundle: true, platform: "node", target: "node20.12", logLevel: "warning", metafile: true };
const small = {
  ...common,
  // In this format what is imported on use is also made on use.
  format: "cjs",
  minifySyntax: true,
  minifyWhitespace: true,
};

const builds = [
  await build({
    ...small,
    entryPoints: ["bin/process.mjs"],
    outfile: "dist/smithers-client.cjs",
    define: { "import.meta.url": "bundleUrl" },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    plugins: [ownFile, lateStringWidth],
  }),
  await build({
    ...small,
    entryPoints: Object.fromEntries([...late].map((name) => [name, name])),
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    // jsonc-parser's "main" hides its own imports from a bundler.
    mainFields: ["module", "main"],
  }),
  await build({
    ...common,
    entryPoints: ["dist/cli/serve/server-process.js"],
    outfile: "dist/server-process.js",
    format: "esm",
  }),
];

const packages = new Set(
  builds
    .flatMap(({ metafile }) => Object.keys(metafile.inputs))
    .map((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0])
    .filter((path) => path !== undefined),
);
const licences = [...packages].sort().map((path) => {
  const { name, version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const file = readdirSync(path).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `${name} ${version}\n\n${readFileSync(join(path, file), "utf8").trim()}\n`;
});
writeFileSync("dist/licences.txt", licences.join(`\n${"-".repeat(80)}\n\n`));

// What `bin/smithers-client.js` says by itself.
for (const word of ["version", "help"]) {
  const environment = { ...process.env, SMITHERS_FORMAT: "" };
  writeFileSync(
    `dist/${word}.txt`,
    execFileSync(process.execPath, ["dist/smithers-client.cjs", `--${word}`], { env: environment }),
  );
}
