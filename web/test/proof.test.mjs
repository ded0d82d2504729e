import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromHex, toHex } from '../src/crypto/bytes.js';
import { HEADER, checkCommand, climb, headerHash, tree } from '../src/proof.js';
import { vectors } from './vectors.mjs';

/** A path as B-17 writes it. */
function path(hex) {
  const bytes = fromHex(hex);
  const view = new DataView(bytes.buffer);
  const siblings = Array.from({ length: bytes[4] }, (_, at) => bytes.slice(5 + 27 * at, 5 + 27 * (at + 1)));
  return { index: view.getUint32(0, true), siblings };
}

const headerWords = (hex) => Array.from({ length: 18 }, (_, at) => fromHex(hex.slice(64 * at, 64 * (at + 1))));

test('paths of withdrawals lead to the roots of the vectors', async () => {
  const known = vectors('batch/withdrawals.txt');
  const names = Object.keys(known).filter((name) => name.endsWith('.proof'));
  for (const name of names) {
    const [of, leaf] = name.split('.');
    const { index, siblings } = path(known[name]);
    const { root } = await climb(tree('withdrawal'), fromHex(known[`${of}.${leaf}.leaf`]), index, siblings);
    assert.equal(`${toHex(root)}0000000000`, `0x${known[`${of}.root`]}`, name);
  }
  assert.ok(names.length >= 8, `${names.length} paths`);
});

test('paths of receipts lead to the root, and no other leaf, place or sibling does', async () => {
  const known = vectors('batch/receipts.txt');
  const root = `0x${known['4.root_so_far'].slice(0, 54)}`;
  for (const at of ['1', '4']) {
    const { index, siblings } = path(known[`${at}.proof`]);
    const leaf = fromHex(known[`${at}.receipt`].slice(16) + known[`${at}.events`]);
    const reached = async (...of) => toHex((await climb(tree('receipt'), ...of)).root);
    assert.equal(await reached(leaf, index, siblings), root, at);
    assert.notEqual(await reached(leaf, index ^ 1, siblings), root);
    assert.notEqual(await reached(leaf.slice(1), index, siblings), root);
    assert.notEqual(await reached(leaf, index, siblings.with(2, siblings[2].map((byte) => byte ^ 1))), root);
    await assert.rejects(climb(tree('receipt'), leaf, 8, siblings), RangeError);
  }
});

test('headers hash to the vectors', async () => {
  const known = vectors('batch/headers.txt');
  for (const name of ['header.genesis', 'header.first']) {
    assert.equal(toHex(await headerHash(headerWords(known[name]))), `0x${known[`${name}.hash`]}`);
  }
});

test('a command is proven by its batch, and whatever is changed is noticed', async () => {
  const known = vectors('batch/receipts.txt');
  const { index, siblings } = path(known['1.proof']);
  const words = Array.from({ length: 18 }, () => `0x${'00'.repeat(32)}`);
  const put = (at, value) => { words[at] = `0x${BigInt(value).toString(16).padStart(64, '0')}`; };
  put(HEADER.number, 7);
  put(HEADER.first, 10_000);
  put(HEADER.next, 10_005);
  words[HEADER.exchange] = `0x${'11'.repeat(32)}`;
  words[HEADER.receiptsRoot] = `0x${known['4.root_so_far']}`;
  const hash = toHex(await headerHash(words.map(fromHex)));
  const proof = {
    sequence: '10001', batch: { number: '7', header: words, hash }, index, siblings: siblings.map(toHex),
    leaf: `0x${known['1.receipt'].slice(16)}${known['1.events']}`,
  };
  const venue = { exchange: words[HEADER.exchange] };
  const failing = async (change, of = venue) => (await checkCommand({ ...proof, ...change }, of)).checks.flatMap(({ ok }, at) => (ok ? [] : [at]));
  assert.deepEqual(await failing({}), []);
  assert.deepEqual(await failing({ leaf: proof.leaf.replace('6c50', '6d50') }), [0]);
  assert.deepEqual(await failing({ sequence: '10002' }), [2]);
  assert.deepEqual(await failing({ batch: { ...proof.batch, hash: `0x${'00'.repeat(32)}` } }), [1]);
  assert.deepEqual(await failing({ batch: { ...proof.batch, number: '8' } }), [5]);
  assert.deepEqual(await failing({}, { exchange: `0x${'22'.repeat(32)}` }), [4]);
});
