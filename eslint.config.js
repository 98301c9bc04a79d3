import js from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

const outside = "Take it from the context, so that the whole program runs in-process in a test.";

/** The folders of the command line: each may import from those before it. */
const layers = [
  "terminal",
  "network",
  "serve",
  "describe",
  "tree",
  "timeline",
  "live",
  "formats",
  "args",
  "input",
  "completion",
  "ci",
  "follow",
  "session",
  "commands",
];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "test/package/consumer.ts", "examples/**/*.tsx"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["process", "console"].map((name) => ({ name, message: outside })),
      ],
      "no-restricted-imports": [
        "error",
        ...["process", "console"].map((name) => ({ name: `node:${name}`, message: outside })),
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [
        createNodeResolver({ extensions: [".ts", ".js"], extensionAlias: { ".js": [".ts", ".js"] } }),
      ],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
    },
    rules: {
      // Files that need each other cannot be understood, tested or moved one by one.
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            {
              target: "src/client",
              from: "src/cli",
              message: "The library works without a terminal, in other people's programs.",
            },
            {
              target: "src/cli",
              from: "src/client",
              except: ["index.ts"],
              message: "Use the library through src/client/index.ts, as everybody else has to.",
            },
            {
              target: layers.map((layer) => `src/cli/${layer}`),
              from: "src/cli/main.ts",
              message: "main.ts puts everything together; take what you need as an argument.",
            },
            ...layers.slice(0, -1).map((layer, at) => ({
              target: `src/cli/${layer}`,
              from: layers.slice(at + 1).map((later) => `src/cli/${later}`),
              message: `Imports go one way, so that a folder can be understood without those above it. ${layer}/ may import from: ${layers.slice(0, at).join(", ") || "no other folder"}.`,
            })),
          ],
        },
      ],
    },
  },
  {
    // The library runs where there is no Node.
    files: ["src/client/**/*.ts"],
    rules: {
      "import-x/no-nodejs-modules": "error",
      "import-x/no-extraneous-dependencies": ["error", { devDependencies: false }],
    },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        setTimeout: "readonly",
        fetch: "readonly",
        URL: "readonly",
        AbortController: "readonly",
        Buffer: "readonly",
        performance: "readonly",
        TextDecoder: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        __dirname: "readonly",
      },
    },
  },
  { files: ["bin/smithers-client.js"], languageOptions: { sourceType: "commonjs" } },
);
