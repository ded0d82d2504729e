// The verifier as it is committed, on the real proof of vectors/sp1 and on what is not quite that proof.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { checkBatch } from '../src/batchproof.js';
import { concat, fromHex } from '../src/crypto/bytes.js';
import { VERIFIER } from '../src/program.js';
import { checker } from '../src/verifier.js';
import { EXCHANGE, PROGRAM, PROOF, VALUES, altered, batchView, fileOf } from './shown.mjs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url));
const bytes = read('web/light.wasm');
const wasm = await WebAssembly.compile(bytes);
const check = checker(wasm);
const program = fromHex(PROGRAM);
const word = (...parts) => check(...parts).word;

test('the file is the one that its hash and the page name, asks for nothing, and is small', () => {
  const hash = createHash('sha256').update(bytes).digest('hex');
  assert.equal(read('light/page/wasm.hash').toString().match(/^sha256=(\S+)$/m)[1], hash);
  assert.equal(VERIFIER, `0x${hash}`);
  assert.deepEqual(WebAssembly.Module.imports(wasm), []);
  // The one more is what crates below the verifier would ask for random numbers, and gives none.
  const given = WebAssembly.Module.exports(wasm).filter(({ kind }) => kind === 'function').map(({ name }) => name).sort();
  assert.deepEqual(given, ['__getrandom_custom', 'check_written', 'reason', 'reason_bytes', 'room']);
  assert.doesNotMatch(bytes.toString('latin1'), /\/(?:home|root|work|tmp|dev\/shm)\//, 'whose machine made it is not in it');
  const packed = gzipSync(bytes, { level: 9 }).length;
  assert.ok(packed < 300_000, `${packed} bytes compressed`);
});

test('a real proof is accepted', () => {
  const took = Array.from({ length: 8 }, () => {
    const { word: said, reason, ms } = check(program, VALUES, PROOF);
    assert.deepEqual([said, reason], ['proven', '']);
    return ms;
  });
  console.log(`STARK of ${PROOF.length} bytes checked in ${took[0].toFixed(0)} ms, then ${Math.min(...took).toFixed(0)} ms`);
});

test('no byte of it can be altered, cut or added', () => {
  const said = new Map();
  // A step that is prime, so that every byte of a field's element has its turn.
  for (let at = 0; at < PROOF.length; at += 50_021) {
    const { word: found, reason } = check(program, VALUES, altered(PROOF, at));
    said.set(found, (said.get(found) ?? 0) + 1);
    assert.ok(['malformed_proof', 'invalid_proof', 'wrong_program', 'wrong_public_values'].includes(found), `byte ${at}: ${found}, ${reason}`);
    assert.notEqual(reason, '');
  }
  assert.ok(said.get('invalid_proof') > 10, JSON.stringify([...said]));
  for (const length of [0, 1, 4, PROOF.length >> 1, PROOF.length - 1]) assert.equal(word(program, VALUES, PROOF.slice(0, length)), 'malformed_proof', `cut at ${length}`);
  assert.equal(word(program, VALUES, concat(PROOF, Uint8Array.of(0))), 'malformed_proof');
  assert.equal(word(program, VALUES, new Uint8Array((1 << 22) + 1).fill(1)), 'malformed_proof');
  assert.equal(word(program, VALUES, new Uint8Array(1 << 24)), 'malformed_proof', 'more than there is room for');
});

test('bytes that promise more than there is are no proof, and no trap', () => {
  for (const fill of [0, 1, 0x7f, 0xff]) assert.equal(word(program, VALUES, new Uint8Array(100_000).fill(fill)), 'malformed_proof', `all ${fill}`);
  // Lengths of lists are eight bytes each; these stand where the first ones do.
  for (let at = 0; at < 1_000; at += 12) {
    const greedy = PROOF.slice();
    greedy.fill(0xff, at, at + 8);
    const said = word(program, VALUES, greedy);
    assert.ok(!['proven', 'could_not_be_checked'].includes(said), `at ${at}: ${said}`);
  }
});

test('it is of its program and its values alone', () => {
  assert.equal(word(altered(program, 31), VALUES, PROOF), 'wrong_program');
  assert.equal(word(new Uint8Array(32).fill(0xff), VALUES, PROOF), 'no_program');
  for (let at = 0; at < VALUES.length; at += 13) assert.equal(word(program, altered(VALUES, at), PROOF), 'wrong_public_values', `byte ${at}`);
  assert.equal(word(program, VALUES.slice(1), PROOF), 'wrong_public_values');
  assert.equal(word(program, concat(VALUES, Uint8Array.of(0)), PROOF), 'wrong_public_values');
  assert.equal(word(program, new Uint8Array(), PROOF), 'wrong_public_values');
  assert.equal(word(program, new Uint8Array(1 << 13), PROOF), 'no_proof');
  assert.equal(word(new Uint8Array(), new Uint8Array(), new Uint8Array()), 'no_proof');
});

test('a module that stops says nothing about a proof', () => {
  // (module (memory (export "memory") 64) (func (export "room") (param i32) (result i32) i32.const 8) (func (export "check_written") (param i32) (result i32) unreachable))
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 3, 3, 2, 0, 0, 5, 3, 1, 0, 64,
    7, 33, 3, 6, ...new TextEncoder().encode('memory'), 2, 0, 4, ...new TextEncoder().encode('room'), 0, 0, 13, ...new TextEncoder().encode('check_written'), 0, 1,
    10, 10, 2, 4, 0, 0x41, 8, 0x0b, 3, 0, 0, 0x0b));
  const { word: said, reason } = checker(module)(program, VALUES, PROOF);
  assert.equal(said, 'could_not_be_checked');
  assert.match(reason, /^the verifier stopped: /);
});

test('all five steps hold for the batch of the vector', async () => {
  const { outcome, steps } = await checkBatch({ batch: await batchView(), venue: { exchange: EXCHANGE }, program: PROGRAM, stark: check, node: { file: async () => fileOf() } });
  assert.equal(outcome, 'verified', JSON.stringify(steps));
  assert.match(steps.at(-1).says, /checked in this browser in \d+ ms/);
});
