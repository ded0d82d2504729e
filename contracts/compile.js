#!/usr/bin/env node
// Compiles src/ with the pinned npm package `solc` and writes artifacts/, or with --check compares what is committed.
// NODE_PATH_DIR (or --modules DIR) is the folder that holds node_modules. One JSON per contract: ABI, both codes, and the
// hash of all sources it was made from, so that a stale artifact is seen without compiling.
"use strict";
const { createRequire } = require("module");
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const here = __dirname;
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const modules = path.resolve(argument("--modules") || process.env.ASHLAR_NODE_MODULES || path.join(here, "node_modules"));
const load = createRequire(path.join(modules, "package.json"));
const check = process.argv.includes("--check");

const settings = JSON.parse(fs.readFileSync(path.join(here, "solc.json"), "utf8"));
const kept = settings.artifacts;

function sources(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? sources(full) : entry.name.endsWith(".sol") ? [full] : [];
  });
}

function resolve(name) {
  for (const file of [path.join(here, name), path.join(modules, name)]) {
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `no file ${name} here or in ${modules}` };
}

const input = {
  language: "Solidity",
  sources: Object.fromEntries(
    sources(path.join(here, "src")).map((file) => [path.relative(here, file), { content: fs.readFileSync(file, "utf8") }]),
  ),
  settings: {
    optimizer: settings.optimizer,
    viaIR: settings.viaIR,
    evmVersion: settings.evmVersion,
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"] } },
  },
};

const solc = load("solc");
if (!solc.version().startsWith(settings.version)) {
  console.error(`error: solc is ${solc.version()}, solc.json wants ${settings.version}`);
  process.exit(1);
}
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolve }));
// What the libraries of others warn about is theirs.
const problems = (output.errors || []).filter(
  (problem) => problem.severity === "error" || !(problem.sourceLocation?.file || "").startsWith("@"),
);
problems.forEach((problem) => console.error(problem.formattedMessage));
// A warning is an error in waiting: none is let through.
if (problems.length > 0) process.exit(1);

const sha = (text) => crypto.createHash("sha256").update(text).digest("hex");
const all = new Map();
for (const [file, contracts] of Object.entries(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) all.set(name, { file, contract });
}

const limit = 24576;
let failed = 0;
const folder = path.join(here, "artifacts");
fs.mkdirSync(folder, { recursive: true });
const expected = new Set();
for (const name of kept) {
  const found = all.get(name);
  if (!found) {
    console.error(`error: solc.json names ${name}, which no source defines`);
    failed += 1;
    continue;
  }
  const { contract } = found;
  const bytecode = contract.evm.bytecode.object;
  const runtime = contract.evm.deployedBytecode.object;
  const used = Object.keys(JSON.parse(contract.metadata || "{}").sources || {}).sort();
  const artifact = {
    contract: name,
    solc: settings.version,
    sources: sha(used.map((file) => `${file}\n${sha(resolve(file).contents)}\n`).join("")),
    abi: contract.abi,
    bytecode: `0x${bytecode}`,
    deployedBytecode: `0x${runtime}`,
  };
  const text = `${JSON.stringify(artifact, null, 1)}\n`;
  const target = path.join(folder, `${name}.json`);
  expected.add(`${name}.json`);
  const size = runtime.length / 2;
  if (size > limit) {
    console.error(`error: ${name} has ${size} bytes of code, the limit of EIP-170 is ${limit}`);
    failed += 1;
  }
  if (check) {
    const committed = fs.existsSync(target) ? fs.readFileSync(target, "utf8") : "";
    if (committed !== text) {
      console.error(`error: artifacts/${name}.json is not what its sources compile to; run contracts/compile.js`);
      failed += 1;
    }
  } else fs.writeFileSync(target, text);
  if (size > 0) console.log(`${name.padEnd(28)} ${String(size).padStart(6)} of ${limit} bytes`);
}
for (const file of fs.readdirSync(folder)) {
  if (expected.has(file)) continue;
  if (check) {
    console.error(`error: artifacts/${file} belongs to no contract named in solc.json`);
    failed += 1;
  } else fs.unlinkSync(path.join(folder, file));
}
process.exit(failed === 0 ? 0 : 1);
