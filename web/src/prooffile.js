// The file of a proof as a node gives it and `ashlar verify-proof` reads it. What it says of itself is its writer's word.

import { equal, toHex, toNumber, utf8 } from './crypto/bytes.js';
import { sha256 } from './crypto/sha256.js';

/** The most bytes of one. */
export const FILE_BYTES_MAX = (1 << 26) + (1 << 12);
const MAGIC = utf8('ashprf-1');
const SUM_DOMAIN = new Uint8Array(64).fill(0x66);
const KINDS = ['execution', 'core', 'compressed', 'composite', 'succinct', 'app', 'stark', 'groth16', 'plonk'];
const VALUES = 5 * 32;
const HEADER = 18 * 32;

/** Reads every byte of it, or throws what is wrong in words. */
export async function readProofFile(bytes) {
  if (bytes.length > FILE_BYTES_MAX) throw new RangeError(`it has ${bytes.length} bytes, and a file of a proof has at most ${FILE_BYTES_MAX}`);
  if (bytes.length < MAGIC.length + 32 || !equal(bytes.subarray(0, MAGIC.length), MAGIC)) throw new RangeError('it does not begin as one');
  const body = bytes.subarray(0, bytes.length - 32);
  if (!equal(await sha256(SUM_DOMAIN, body), bytes.subarray(bytes.length - 32))) throw new RangeError('its bytes do not have the sum at its end; it was cut or changed');
  let at = MAGIC.length;
  const take = (length) => {
    if (length > body.length - at) throw new RangeError('it ends too early');
    at += length;
    return body.subarray(at - length, at);
  };
  const u64 = () => toNumber(take(8).toReversed());
  const text = () => new TextDecoder('utf-8', { fatal: true }).decode(take(take(1)[0]));
  const [first, last] = [u64(), u64()];
  const backend = text();
  const kind = KINDS[take(1)[0]];
  if (!kind) throw new RangeError('its kind of proof has no name');
  const program = toHex(take(32));
  const values = take(VALUES);
  const header = take(HEADER);
  // What it cost, and when it was verified.
  take(5 * 8);
  const worker = text();
  const length = u64();
  if (length !== BigInt(body.length - at)) throw new RangeError(`it says ${length} bytes of proof and has ${body.length - at}`);
  return { first, last, backend, kind, program, values, header, worker, proof: take(Number(length)) };
}

/** Public values, by their names (SPEC B-30). */
export function readValues(values) {
  const word = (at) => values.subarray(32 * at, 32 * (at + 1));
  return { version: toNumber(word(0)), exchange: toHex(word(1)), parent: toHex(word(2)), last: toHex(word(3)), count: toNumber(word(4)) };
}
