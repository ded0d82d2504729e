// Checking what the exchange says, with nothing but SHA-256 (docs/spec/batch.md, B-14 to B-17, B-26, B-27, B-34).

import { concat, fromHex, toHex } from './crypto/bytes.js';
import { domain, sha256 } from './crypto/sha256.js';

/** Bytes of a digest. */
const DIGEST = 27;
const LEVELS_MAX = 20;
const WORDS = 18;
/** Where a header holds what (SPEC B-26). */
export const HEADER = {
  version: 0, exchange: 1, number: 2, parent: 3, stateBefore: 4, stateAfter: 5, dataRoot: 6, commitment: 7, signaturesRoot: 8,
  receiptsRoot: 9, withdrawalsRoot: 10, withdrawalsNext: 11, inboxNext: 12, inboxHash: 13, first: 14, next: 15, firstTime: 16,
  lastTime: 17,
};

/** The two domains of a tree by its name, such as `receipt`. */
export function tree(name) {
  return { leaf: domain(`ashlar/${name}-leaf/1`), node: domain(`ashlar/${name}-node/1`) };
}

const digest = async (...parts) => (await sha256(...parts)).subarray(0, DIGEST);
const isZero = (bytes) => bytes.every((byte) => byte === 0);

/** The root that a leaf's bytes and its path lead to, level by level; the last of `steps` is the root. */
export async function climb(domains, bytes, index, siblings) {
  if (siblings.length > LEVELS_MAX) throw new RangeError(`a path of ${siblings.length} levels`);
  if (index < 0 || index >= 2 ** siblings.length) throw new RangeError(`leaf ${index} is not below 2^${siblings.length}`);
  let node = await digest(domains.leaf, domains.leaf, bytes);
  const steps = [node];
  for (const [at, sibling] of siblings.entries()) {
    if (sibling.length !== DIGEST) throw new RangeError(`a sibling of ${sibling.length} bytes`);
    const right = Math.floor(index / 2 ** at) % 2 === 1;
    const [first, second] = right ? [sibling, node] : [node, sibling];
    node = isZero(first) && isZero(second)
      ? new Uint8Array(DIGEST)
      : await digest(domains.node, domains.node, first, Uint8Array.of(at + 1), second);
    steps.push(node);
  }
  return { root: node, steps };
}

/** The hash of a header, given as its words. */
export async function headerHash(words) {
  if (words.length !== WORDS || words.some((word) => word.length !== 32)) throw new RangeError('a header has 18 words of 32 bytes');
  return sha256(domain('ashlar/header/1'), concat(...words));
}

/**
 * Checks a command's proof as `GET /v1/commands/{sequence}/proof` gives it. Each step says what was compared; the receipt is
 * proven to be in the batch if all of them hold. What it leaves open is whether L1 holds that header hash.
 */
export async function checkCommand(proof, venue) {
  const words = proof.batch.header.map(fromHex);
  const number = (at) => BigInt(proof.batch.header[at]);
  const hash = toHex(await headerHash(words));
  const { root, steps } = await climb(tree('receipt'), fromHex(proof.leaf), proof.index, proof.siblings.map(fromHex));
  const padded = toHex(concat(root, new Uint8Array(32 - DIGEST)));
  const sequence = BigInt(proof.sequence);
  const place = number(HEADER.first) + BigInt(proof.index);
  const range = `${number(HEADER.first)} to ${number(HEADER.next) - 1n}`;
  return {
    steps: steps.map((step) => toHex(step)),
    hash,
    checks: [
      { what: 'The leaf and its path lead to the receipts root of the header', expected: proof.batch.header[HEADER.receiptsRoot], got: padded },
      { what: 'The header hashes to the batch\'s hash', expected: proof.batch.hash, got: hash },
      { what: 'The leaf\'s place in the batch is this command\'s', expected: String(sequence), got: String(place) },
      { what: `The batch holds this command (${range})`, expected: 'within', got: sequence >= number(HEADER.first) && sequence < number(HEADER.next) ? 'within' : 'outside' },
      { what: 'The header is of this exchange', expected: venue.exchange, got: proof.batch.header[HEADER.exchange] },
      { what: 'The header is of this batch', expected: proof.batch.number, got: String(number(HEADER.number)) },
    ].map((check) => ({ ...check, ok: check.expected === check.got })),
  };
}
