import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { checkBatch } from '../src/batchproof.js';
import { toHex } from '../src/crypto/bytes.js';
import { PROGRAM as RELEASED } from '../src/program.js';
import { checkCommand } from '../src/proof.js';
import { readProofFile } from '../src/prooffile.js';
import { EXCHANGE, PROGRAM, PROOF, VALUES, altered, batchView, commandProof, fileOf } from './shown.mjs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const proves = () => ({ word: 'proven', reason: '', ms: 1 });

/** Word of the first step that is not verified, and which step that is. */
async function outcome({ file = fileOf(), batch, program = PROGRAM, exchange = EXCHANGE, stark = proves, headers } = {}) {
  const checked = await checkBatch({ batch: { ...(await batchView()), ...batch }, venue: { exchange }, program, stark, node: { file: async () => file, headers } });
  return `${checked.outcome}, ${checked.word}, ${checked.steps.find(({ state }) => state !== 'verified')?.name ?? 'all'}`;
}

test('the page knows the program of this release', () => {
  assert.equal(RELEASED, read('guests/sp1/program.hash').match(/^program=(\S+)$/m)[1]);
});

test('a file is read as node/prover writes it, and no other', async () => {
  const file = await readProofFile(fileOf());
  assert.deepEqual([file.backend, file.kind, file.program, file.worker, toHex(file.values)], ['sp1', 'compressed', PROGRAM, 'worker', toHex(VALUES)]);
  assert.equal(file.proof.length, PROOF.length);
  const bytes = fileOf();
  for (const at of [0, 8, 30, 200, bytes.length - 33, bytes.length - 1]) await assert.rejects(readProofFile(altered(bytes, at)), RangeError, `byte ${at}`);
  for (const length of [0, 7, 40, bytes.length - 1]) await assert.rejects(readProofFile(bytes.slice(0, length)), RangeError, `cut at ${length}`);
});

test('the trade of the vector is in its batch', async () => {
  const { checks } = await checkCommand(await commandProof(), { exchange: EXCHANGE });
  assert.deepEqual(checks.filter(({ ok }) => !ok), []);
});

test('each step says what is wrong, in its word', async () => {
  const other = `0x${'22'.repeat(32)}`;
  const batch = await batchView();
  assert.equal(await outcome(), 'verified, verified, all');
  assert.equal(await outcome({ batch: { hash: other } }), 'failed, wrong_header, Header');
  assert.equal(await outcome({ exchange: other }), 'failed, wrong_header, Header');
  assert.equal(await outcome({ file: null }), 'absent, no_file, Proof file');
  assert.equal(await outcome({ file: fileOf().slice(1) }), 'failed, no_file_of_a_proof, Proof file');
  assert.equal(await outcome({ file: fileOf({ kind: 0, backend: 'execute', proof: new Uint8Array() }) }), 'absent, execution_only, Proof file');
  for (const [kind, backend] of [[4, 'risc0'], [7, 'sp1'], [8, 'sp1']]) {
    assert.equal(await outcome({ file: fileOf({ kind, backend }) }), 'absent, no_verifier, Proof file', `kind ${kind}`);
  }
  for (const [at, word] of [[31, 'version'], [63, 'exchange'], [95, 'parent'], [127, 'last header'], [159, 'count']]) {
    assert.equal(await outcome({ file: fileOf({ values: altered(VALUES, at) }) }), 'failed, wrong_public_values, Public values', word);
  }
  assert.equal(await outcome({ file: fileOf({ first: BigInt(batch.number) + 1n }) }), 'failed, wrong_header, Public values');
  assert.equal(await outcome({ program: other }), 'failed, wrong_program, Program');
  assert.equal(await outcome({ stark: () => ({ word: 'invalid_proof', reason: 'no', ms: 1 }) }), 'failed, invalid_proof, STARK');
  assert.equal(await outcome({ stark: () => ({ word: 'could_not_be_checked', reason: 'trap', ms: 1 }) }), 'absent, could_not_be_checked, STARK');
  assert.equal(await outcome({ stark: () => { throw new Error('gone'); } }), 'absent, could_not_be_checked, STARK');
});

test('a proof of several batches needs a chain of their headers', async () => {
  const batch = await batchView();
  const first = BigInt(batch.number);
  const file = fileOf({ first, last: first + 1n });
  assert.equal(await outcome({ file, headers: async () => [batch.header, null] }), 'absent, no_header, Public values');
  assert.equal(await outcome({ file, headers: async () => [batch.header, batch.header] }), 'failed, wrong_header, Public values');
});
