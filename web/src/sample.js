// Sampling that the data of a batch is there (docs/spec/coding.md, X-14; batch.md, B-16 and B-17).

import * as api from './api.js';
import { concat, fromHex, toHex } from './crypto/bytes.js';
import { HEADER, climb, tree } from './proof.js';

const DIGEST = 27;
/** Bytes before the siblings of a path: place and count. */
const BEFORE = 5;

/** A chunk out of its canonical bytes: place, siblings, row. */
export function readChunk(bytes) {
  if (bytes.length < BEFORE) throw new RangeError('a chunk ends in its path');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [place, count] = [view.getUint32(0, true), bytes[4]];
  const end = BEFORE + DIGEST * count;
  if (bytes.length < end + 2 || bytes.length !== end + 2 + view.getUint16(end, true)) throw new RangeError('a chunk of another length than it says');
  const siblings = Array.from({ length: count }, (_, at) => bytes.subarray(BEFORE + DIGEST * at, BEFORE + DIGEST * (at + 1)));
  return { place, siblings, row: bytes.subarray(end + 2) };
}

/** Whether a chunk is under the commitment that a batch's header holds. */
export async function isUnder(chunk, commitment) {
  const { place, siblings, row } = readChunk(chunk);
  const { root } = await climb(tree('data'), row, place, siblings);
  return toHex(concat(root, new Uint8Array(32 - DIGEST))) === commitment;
}

/** So many different numbers below a limit, by the browser's own randomness: who could foresee them could keep only those. */
export function draw(count, below) {
  const drawn = new Set();
  const words = new Uint32Array(64);
  while (drawn.size < Math.min(count, below)) {
    for (const word of crypto.getRandomValues(words)) if (drawn.size < Math.min(count, below) && word < 2 ** 32 - (2 ** 32 % below)) drawn.add(word % below);
  }
  return [...drawn];
}

/**
 * Asks for so many rows of a batch. `told` hears of each. What comes back says how many were right, and how unlikely that is if
 * too few rows were there to restore the batch: of a code twice as long as the data, more than half would be missing.
 */
export async function sample(batch, count, told) {
  const first = await api.get(`/v1/batches/${batch.number}/rows/0`);
  const rows = draw(count, first.rows);
  let right = 0;
  for (const row of rows) {
    let state = 'right';
    try {
      const answer = await api.get(`/v1/batches/${batch.number}/rows/${row}`);
      if (!await isUnder(fromHex(answer.chunk), batch.header[HEADER.commitment])) state = 'wrong';
    } catch (error) {
      state = error.message;
    }
    right += state === 'right' ? 1 : 0;
    told({ row, state, right, of: rows.length });
  }
  return { right, asked: rows.length, rows: first.rows, chance: chance(rows.length, first.rows) };
}

/** The chance that so many different rows are all there although one less than half of all rows is. */
export function chance(count, rows) {
  const there = Math.floor(rows / 2) - 1;
  let product = 1;
  for (let at = 0; at < count; at += 1) product *= Math.max(0, there - at) / (rows - at);
  return product;
}
