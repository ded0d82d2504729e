// Checking an SP1 proof here: light/sp1 as WebAssembly (light/page), fetched when a proof is to be checked and not before.

import { concat } from './crypto/bytes.js';

/** What the module answers, in its order. */
const WORDS = ['proven', 'no_proof', 'no_program', 'malformed_proof', 'wrong_program', 'wrong_public_values', 'invalid_proof'];
/** The most bytes of a reason that are read. */
const REASON_MAX = 1_000;

let compiled = null;

async function module() {
  const response = await fetch('/light.wasm');
  if (!response.ok) throw new Error(`the node answered ${response.status} to /light.wasm`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** A function that checks proofs by a module: program's hash, public values and proof in bytes; a word, a reason and milliseconds out. */
export function checker(wasm) {
  return (program, values, proof) => {
    const begun = performance.now();
    const answer = (word, reason) => ({ word, reason, ms: performance.now() - begun });
    try {
      // One instance for each proof: whatever bytes do to its memory ends with them.
      const { exports } = new WebAssembly.Instance(wasm, {});
      const input = concat(program, values, proof);
      const at = exports.room(input.length);
      if (at === 0) return answer('malformed_proof', `${proof.length} bytes are more than a proof has`);
      new Uint8Array(exports.memory.buffer).set(input, at);
      const code = exports.check_written(values.length);
      const length = Math.min(exports.reason_bytes(), REASON_MAX);
      const reason = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.reason(), length));
      return answer(WORDS[code] ?? 'could_not_be_checked', reason);
    } catch (error) {
      // A trap is a fault of the verifier and says nothing about the proof, least of all that it is right.
      return answer('could_not_be_checked', `the verifier stopped: ${error.message}`);
    }
  };
}

/** Checks a proof; the module is fetched at the first one. */
export async function checkStark(program, values, proof) {
  try {
    compiled ??= module();
    const wasm = await compiled;
    return checker(wasm)(program, values, proof);
  } catch (error) {
    compiled = null;
    return { word: 'could_not_be_checked', reason: `the verifier could not be loaded: ${error.message}`, ms: 0 };
  }
}
