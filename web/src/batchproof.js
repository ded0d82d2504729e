// Whether a batch was proven, step by step: its headers, the file of its proof, what the proof says, of which program it is, and the
// STARK itself. Nothing that the file says of itself is believed.

import { fromHex, toHex } from './crypto/bytes.js';
import { HEADER, headerHash } from './proof.js';
import { readProofFile, readValues } from './prooffile.js';

/** The most batches under one proof whose headers are asked for here. */
export const BATCHES_MAX = 256;

/** Kinds of proofs that need a trusted setup. */
const SETUP = ['groth16', 'plonk'];

/** What is wrong, by the words of the verifier (those of `ashlar verify-proof`). */
const WRONG = {
  no_program: 'The hash that this page was given names no program.',
  malformed_proof: 'The bytes are no proof by SP1.',
  wrong_program: 'The proof is of another program than this release\'s.',
  wrong_public_values: 'The proof says something else than these headers.',
  invalid_proof: 'The proof is made as it should be, and proves nothing.',
};

class Stop extends Error {
  constructor(state, word, says) {
    super(says);
    Object.assign(this, { state, word });
  }
}
const fail = (word, says) => { throw new Stop('failed', word, says); };
const absent = (word, says) => { throw new Stop('absent', word, says); };

/** The headers under the proof: each hashes to what the next one calls its parent, and the asked batch is among them. */
async function linked(headers, first, batch) {
  let before = null;
  for (const [at, header] of headers.entries()) {
    if (!header) absent('no_header', `This node no longer holds the header of batch ${first + BigInt(at)}, which is under the same proof.`);
    if (BigInt(header[HEADER.number]) !== first + BigInt(at)) fail('wrong_header', `The header of batch ${first + BigInt(at)} has another number.`);
    if (before !== null && header[HEADER.parent] !== before) fail('wrong_header', `Batch ${first + BigInt(at)} does not follow the header before it.`);
    before = toHex(await headerHash(header.map(fromHex)));
    if (first + BigInt(at) === BigInt(batch.number) && before !== batch.hash) fail('wrong_header', `The header under this proof is not that of batch ${batch.number}.`);
  }
  return before;
}

function sameValues(values, headers, last, venue) {
  const [first] = headers;
  const expected = { version: BigInt(first[HEADER.version]), exchange: venue.exchange, parent: first[HEADER.parent], last, count: BigInt(headers.length) };
  const names = { version: 'version', exchange: 'exchange', parent: 'header before the first', last: 'last header', count: 'number of batches' };
  for (const [name, value] of Object.entries(expected)) {
    if (values[name] !== value) fail('wrong_public_values', `The proof speaks of another ${names[name]}: ${values[name]}, not ${value}.`);
  }
}

/**
 * Checks the proof of a batch. `node` reads: `file()` gives the file's bytes or null, `headers(first, last)` their words. `stark` is
 * `checkStark`. Each step is `{ name, state, word, says }` with state `verified`, `failed` or `absent`; `seen` hears the steps so far.
 */
export async function checkBatch({ batch, venue, program, node, stark, seen = () => {} }) {
  const steps = [];
  let file;
  let headers;
  let last;
  const plan = [
    ['Header', async () => {
      const hash = toHex(await headerHash(batch.header.map(fromHex)));
      if (hash !== batch.hash) fail('wrong_header', `The header hashes to ${hash}, not to ${batch.hash}.`);
      if (BigInt(batch.header[HEADER.number]) !== BigInt(batch.number)) fail('wrong_header', 'The header is of another batch.');
      if (batch.header[HEADER.exchange] !== venue.exchange) fail('wrong_header', 'The header is of another exchange.');
      return `It hashes to the batch's hash, ${hash}.`;
    }],
    ['Proof file', async () => {
      const bytes = await node.file();
      if (bytes === null) absent('no_file', 'This node has no proof of the batch: it is not proven yet, or no longer kept.');
      try {
        file = await readProofFile(bytes);
      } catch (error) {
        fail('no_file_of_a_proof', `It is no file of a proof: ${error.message}.`);
      }
      if (file.kind === 'execution') absent('execution_only', 'Nothing was proven: the batch was only executed a second time, which shows nothing to whoever was not there. Anybody can execute it again with ashlar verify.');
      if (SETUP.includes(file.kind)) absent('no_verifier', `This is a ${file.kind} proof by ${file.backend}: it rests on a setup by others, and L1's contract checks it when it takes the batch. This page checks proofs without a setup.`);
      if (file.backend !== 'sp1' || file.kind !== 'compressed') absent('no_verifier', `This page checks compressed proofs by SP1; this is a ${file.kind} proof by ${file.backend}. Use ashlar verify-proof or its worker.`);
      return `A compressed proof by SP1, ${file.proof.length.toLocaleString('en')} bytes, for ${file.first === file.last ? `batch ${file.first}` : `batches ${file.first} to ${file.last}`}.`;
    }],
    ['Public values', async () => {
      const number = BigInt(batch.number);
      if (number < file.first || number > file.last) fail('wrong_header', `The file is of batches ${file.first} to ${file.last}.`);
      if (file.last - file.first >= BigInt(BATCHES_MAX)) absent('too_many', `It is of more than ${BATCHES_MAX} batches, whose headers are not read here. Use ashlar verify-proof.`);
      headers = file.first === file.last ? [batch.header] : await node.headers(Number(file.first), Number(file.last));
      last = await linked(headers, file.first, batch);
      sameValues(readValues(file.values), headers, last, venue);
      return `What was proven is of this exchange, from header ${headers[0][HEADER.parent]} to header ${last}.`;
    }],
    ['Program', async () => {
      if (file.program !== program) fail('wrong_program', `${WRONG.wrong_program} It says ${file.program}; this release's is ${program}.`);
      return `The file names this release's guest, ${program}. The proof has to be of it too.`;
    }],
    ['STARK', async () => {
      const { word, reason, ms } = await stark(fromHex(program), file.values, file.proof);
      if (word === 'could_not_be_checked') absent(word, `It could not be checked here: ${reason}. That says nothing for or against it; ashlar verify-proof checks the same file.`);
      if (word !== 'proven') fail(word, `${WRONG[word] ?? 'It was not accepted.'} ${reason}.`);
      return `SP1's proof holds for this program and these values, checked in this browser in ${ms.toFixed(0)} ms.`;
    }],
  ];
  let stopped = null;
  for (const [name, run] of plan) {
    if (stopped) {
      steps.push({ name, state: 'absent', word: 'not_reached', says: `Not checked, because of “${stopped}” above.` });
    } else {
      try {
        steps.push({ name, state: 'verified', word: 'verified', says: await run() });
      } catch (error) {
        stopped = name;
        const known = error instanceof Stop;
        steps.push({ name, state: known ? error.state : 'absent', word: known ? error.word : 'could_not_be_checked', says: known ? error.message : `It could not be checked: ${error.message}.` });
      }
    }
    seen(steps);
  }
  const failed = steps.find(({ state }) => state === 'failed');
  const missing = steps.find(({ state }) => state === 'absent');
  return { steps, outcome: failed ? 'failed' : missing ? 'absent' : 'verified', word: (failed ?? missing)?.word ?? 'verified' };
}
