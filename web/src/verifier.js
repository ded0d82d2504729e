// light/page's module, by its few numbers: where to write, what came of it, and where the reason is.

import { concat } from './crypto/bytes.js';

/** What the module answers, in the order of its `Verdict`. */
const WORDS = ['proven', 'no_proof', 'no_program', 'malformed_proof', 'wrong_program', 'wrong_public_values', 'invalid_proof'];
/** The most bytes of a reason that are read. */
const REASON_MAX = 1_000;

/** A function that checks proofs by a compiled module: program's hash, public values and proof in bytes; a word, a reason and milliseconds out. */
export function checker(wasm) {
  return (program, values, proof) => {
    const begun = performance.now();
    const answer = (word, reason) => ({ word, reason, ms: performance.now() - begun });
    try {
      // One instance for each proof: whatever bytes do to its memory ends with them.
      const { exports } = new WebAssembly.Instance(wasm, {});
      const input = concat(program, values, proof);
      const at = exports.room(input.length) >>> 0;
      if (at === 0) return answer('malformed_proof', `${proof.length} bytes are more than a proof has`);
      new Uint8Array(exports.memory.buffer).set(input, at);
      const code = exports.check_written(values.length);
      const length = Math.min(exports.reason_bytes() >>> 0, REASON_MAX);
      const reason = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.reason() >>> 0, length));
      return answer(WORDS[code] ?? 'could_not_be_checked', reason);
    } catch (error) {
      // A trap is a fault of the verifier and says nothing about the proof, least of all that it is right.
      return answer('could_not_be_checked', `the verifier stopped: ${error.message}`);
    }
  };
}
