#!/usr/bin/env node
// Starts the command line. This file is CommonJS, which Node starts sooner.
"use strict";
const { enableCompileCache } = require("node:module");

if (process.argv.length === 3 && /^(-V|--version)$/.test(process.argv[2])) {
  // Without all else: to read the program takes as long as a third of Node's own start.
  console.log(require("../package.json").version);
} else {
  // From Node 22 on it keeps what V8 compiles between calls.
  enableCompileCache?.();
  require("../dist/main.cjs");
}
