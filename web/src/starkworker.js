// The thread that proofs are checked on: it fetches the verifier once and answers each proof with a word, a reason and milliseconds.

import { toHex } from './crypto/bytes.js';
import { sha256 } from './crypto/sha256.js';
import { VERIFIER } from './program.js';
import { checker } from './verifier.js';

let loading = null;

async function load() {
  if (typeof WebAssembly !== 'object') throw new Error('this browser runs no WebAssembly, or is told not to');
  const response = await fetch('/light.wasm');
  if (!response.ok) throw new Error(`the node answered ${response.status} to /light.wasm`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const hash = toHex(await sha256(bytes));
  if (hash !== VERIFIER) throw new Error(`the node sent another one, with SHA-256 ${hash}`);
  return checker(await WebAssembly.compile(bytes));
}

addEventListener('message', async ({ data: { program, values, proof } }) => {
  let check;
  try {
    loading ??= load();
    check = await loading;
  } catch (error) {
    loading = null;
    postMessage({ word: 'could_not_be_checked', reason: `the verifier could not be loaded: ${error.message}`, ms: 0 });
    return;
  }
  postMessage(check(program, values, proof));
});
