import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromHex, toHex, utf8 } from '../src/crypto/bytes.js';
import { keccak256 } from '../src/crypto/keccak.js';
import { N, ecdsaSign, publicPoint, schnorrSign, schnorrVerify } from '../src/crypto/secp256k1.js';
import { domain } from '../src/crypto/sha256.js';
import { addressOf, sessionDigest } from '../src/keys.js';
import { typedData, typedDigest } from '../src/typed.js';
import { vectors } from './vectors.mjs';

test('keccak of known texts', () => {
  assert.equal(toHex(keccak256(utf8(''))), '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
  assert.equal(toHex(keccak256(utf8('abc'))), '0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45');
  // The padding's first and last byte meet in one.
  assert.equal(keccak256(new Uint8Array(135)).length, 32);
  assert.notEqual(toHex(keccak256(new Uint8Array(135))), toHex(keccak256(new Uint8Array(136))));
});

test('domains are the ones of the vectors', () => {
  const known = vectors('types/domains.txt');
  for (const [name, text] of [['SESSION_MESSAGE', 'session-message'], ['RECEIPT_LEAF', 'receipt-leaf'], ['HEADER', 'header']]) {
    assert.equal(toHex(domain(`ashlar/${text}/1`)), `0x${known[`domain.${name}`]}`);
  }
});

test('BIP-340 signatures are the published ones', async () => {
  const known = vectors('types/bip340.txt');
  let [signed, verified] = [0, 0];
  for (let at = 0; known[`${at}.public`] !== undefined; at += 1) {
    const of = (name) => fromHex(known[`${at}.${name}`] ?? '');
    // Messages of other lengths are never signed here.
    if (of('message').length !== 32) continue;
    if (known[`${at}.secret`]) {
      assert.equal(toHex(publicPoint(of('secret')).x), toHex(of('public')));
      assert.equal(toHex(await schnorrSign(of('secret'), of('message'), of('aux'))), toHex(of('signature')), `vector ${at}`);
      signed += 1;
    }
    assert.equal(await schnorrVerify(of('public'), of('message'), of('signature')), known[`${at}.valid`] === '01', `vector ${at}`);
    verified += 1;
  }
  assert.ok(signed >= 4 && verified >= 14, `${signed} signed, ${verified} verified`);
});

test('a secret of zero or the order is refused', () => {
  for (const digits of ['0', N.toString(16)]) assert.throws(() => publicPoint(fromHex(digits.padStart(64, '0'))), RangeError);
});

test('session keys sign the digest of the vectors', async () => {
  const known = vectors('types/session.txt');
  for (let at = 0; known[`${at}.secret`] !== undefined; at += 1) {
    const of = (name) => fromHex(known[`${at}.${name}`]);
    const digest = await sessionDigest(known.exchange, of('message'));
    assert.equal(toHex(digest), `0x${known[`${at}.digest`]}`);
    assert.equal(toHex(await schnorrSign(of('secret'), digest, of('aux'))), `0x${known[`${at}.signature`]}`);
  }
});

test('wallets sign the digests and signatures of the vectors', async () => {
  const known = vectors('types/eip712.txt');
  const secret = fromHex(known.secret);
  assert.equal(addressOf(secret), `0x${known.address}`);
  const venue = { chain_id: BigInt(`0x${known['chain-id']}`).toString(), settlement: `0x${known.settlement}`, exchange: `0x${known.exchange}` };
  const { messages } = await import('./messages.mjs');
  for (const [name, words] of Object.entries(messages)) {
    const digest = typedDigest(await typedData(words, venue));
    assert.equal(toHex(digest), `0x${known[`${name}.digest`]}`, name);
    assert.equal(toHex(await ecdsaSign(secret, digest)), `0x${known[`${name}.signature`]}`, name);
  }
});
