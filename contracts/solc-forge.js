#!/usr/bin/env node
// The compiler that forge runs: the npm package `solc` behind the two questions forge asks of it. ASHLAR_NODE_MODULES is
// the folder that holds node_modules' packages.
"use strict";
const { createRequire } = require("module");
const fs = require("fs");
const path = require("path");

const modules = process.env.ASHLAR_NODE_MODULES || path.join(__dirname, "node_modules");
const solc = createRequire(path.join(modules, "package.json"))("solc");
if (process.argv.includes("--version")) {
  // forge wants the form of the native compiler's answer.
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace(/\.mod$/, "")}`);
} else {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
}
