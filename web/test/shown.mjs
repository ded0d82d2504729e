// The committed proof of vectors/sp1 as a node would show it: the batch, its file, and altered ones of each.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { concat, fromHex, toHex, utf8 } from '../src/crypto/bytes.js';
import { HEADER, headerHash } from '../src/proof.js';
import { vectors } from './vectors.mjs';

const known = vectors('sp1/compressed.txt');
export const PROGRAM = `0x${known.program}`;
export const VALUES = fromHex(known.public_values);
export const PROOF = new Uint8Array(readFileSync(new URL('../../vectors/sp1/compressed.proof', import.meta.url)));
const WORDS = Array.from({ length: 18 }, (_, at) => `0x${known.header.slice(64 * at, 64 * (at + 1))}`);

/** The same bytes but for one bit. */
export function altered(bytes, at) {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

const u64 = (number) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number), true);
  return bytes;
};
const text = (words) => concat(Uint8Array.of(words.length), utf8(words));

/** The file of a proof as node/prover writes it. */
export function fileOf({ kind = 2, backend = 'sp1', program = PROGRAM, values = VALUES, header = known.header, proof = PROOF, first = BigInt(WORDS[HEADER.number]), last = first } = {}) {
  const body = concat(utf8('ashprf-1'), u64(first), u64(last), text(backend), Uint8Array.of(kind), fromHex(program), values, fromHex(header),
    ...Array.from({ length: 5 }, () => u64(0)), text('worker'), u64(proof.length), proof);
  const sum = createHash('sha256').update(new Uint8Array(64).fill(0x66)).update(body).digest();
  return concat(body, sum);
}

/** The batch as the API shows it. */
export async function batchView() {
  return {
    number: String(BigInt(WORDS[HEADER.number])), stage: 'final', header: WORDS, hash: toHex(await headerHash(WORDS.map(fromHex))),
    first: String(BigInt(WORDS[HEADER.first])), next: String(BigInt(WORDS[HEADER.next])), first_time: Number(WORDS[HEADER.firstTime]),
    last_time: Number(WORDS[HEADER.lastTime]), data_bytes: '2000', commit: { block: '7', hash: `0x${'a1'.repeat(32)}` },
    prove: { block: '8', hash: `0x${'b2'.repeat(32)}` }, finalize: { block: '9', hash: `0x${'c3'.repeat(32)}` }, proof: { kind: 'sp1', first: '1', count: 1 },
  };
}

/** The first command that traded, as `ashlar_getCommandProof` gives it. */
export async function commandProof() {
  const path = fromHex(known.receipt_path);
  const index = new DataView(path.buffer).getUint32(0, true);
  const siblings = Array.from({ length: path[4] }, (_, at) => toHex(path.slice(5 + 27 * at, 5 + 27 * (at + 1))));
  const batch = await batchView();
  return { sequence: String(BigInt(batch.first) + BigInt(index)), batch, leaf: `0x${known.receipt.slice(16)}${known.events}`, index, siblings };
}

export const EXCHANGE = WORDS[HEADER.exchange];
