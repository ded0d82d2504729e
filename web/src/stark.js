// Checking an SP1 proof here: light/sp1 as WebAssembly (light/page) on a thread of its own, which is started when a proof is to be checked and not
// before. Whatever a proof's bytes make of it, the page goes on and gets an answer.

/** The longest that loading and checking may take together. */
const PATIENCE_MS = 60_000;

let worker = null;
// One proof at a time, so that an answer can only be of the proof that was asked about.
let before = Promise.resolve();

const unchecked = (reason) => ({ word: 'could_not_be_checked', reason, ms: 0 });

function ask(question, patienceMs) {
  return new Promise((done) => {
    const end = (answer, keep) => {
      clearTimeout(late);
      if (!keep) {
        worker?.terminate();
        worker = null;
      }
      done(answer);
    };
    const late = setTimeout(() => end(unchecked(`the verifier did not answer within ${patienceMs / 1_000} s`)), patienceMs);
    try {
      worker ??= new Worker('/src/starkworker.js', { type: 'module' });
      worker.onmessage = ({ data }) => end(data, data.word !== 'could_not_be_checked');
      worker.onerror = ({ message }) => end(unchecked(`the verifier's thread stopped${message ? `: ${message}` : ''}`));
      worker.postMessage(question);
    } catch (error) {
      end(unchecked(`the verifier's thread could not be started: ${error.message}`));
    }
  });
}

/** Checks a proof against a program's hash and public values, all in bytes: a word of the verifier, a reason, and how long checking took. */
export function checkStark(program, values, proof, patienceMs = PATIENCE_MS) {
  before = before.then(() => ask({ program, values, proof }, patienceMs));
  return before;
}
