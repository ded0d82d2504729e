// Sampling: chunks, their paths, and what a sample says.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, toHex } from '../src/crypto/bytes.js';
import { climb, tree } from '../src/proof.js';
import { chance, draw, isUnder, readChunk } from '../src/sample.js';

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A chunk in canonical bytes, and the commitment it leads to. */
async function chunk(place, levels) {
  const row = random(64);
  const siblings = Array.from({ length: levels }, () => random(27));
  const { root } = await climb(tree('data'), row, place, siblings);
  const head = Uint8Array.of(place, 0, 0, 0, levels);
  return { bytes: concat(head, ...siblings, Uint8Array.of(64, 0), row), commitment: toHex(concat(root, new Uint8Array(5))), row };
}

test('a row that is under the commitment is seen, and one that was altered is not', async () => {
  const { bytes, commitment, row } = await chunk(5, 9);
  assert.deepEqual(readChunk(bytes).row, row);
  assert.equal(await isUnder(bytes, commitment), true);
  for (const at of [0, 7, bytes.length - 1]) {
    const other = bytes.slice();
    other[at] ^= 1;
    assert.equal(await isUnder(other, commitment), false, `byte ${at}`);
  }
});

test('a chunk of another length than it says is refused', async () => {
  const { bytes } = await chunk(1, 3);
  for (const length of [0, 4, 60, bytes.length - 1]) assert.throws(() => readChunk(bytes.subarray(0, length)), RangeError);
  assert.throws(() => readChunk(concat(bytes, Uint8Array.of(0))), RangeError);
});

test('rows are drawn once each, and all of them if there are no more', () => {
  const drawn = draw(40, 512);
  assert.equal(new Set(drawn).size, 40);
  assert.ok(drawn.every((row) => row >= 0 && row < 512));
  assert.deepEqual(draw(10, 4).sort(), [0, 1, 2, 3]);
});

test('twenty rows miss what is withheld less than once in a million', () => {
  assert.ok(chance(20, 512) < 1 / 2 ** 20);
  assert.ok(chance(20, 512) > 1 / 2 ** 23);
  assert.equal(chance(2, 2), 0, 'all rows were asked for');
});
