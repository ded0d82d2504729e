// The proof of a batch, checked here when it is asked for: a file of a megabyte and the verifier are fetched only then.

import * as api from '../api.js';
import { checkBatch } from '../batchproof.js';
import { h, hex, mark, panel } from '../dom.js';
import { group } from '../format.js';
import { PROGRAM } from '../program.js';
import { FILE_BYTES_MAX } from '../prooffile.js';
import { checkStark } from '../stark.js';

const MARKS = { verified: '✓', failed: '✗', absent: '–' };
const SPOKEN = { verified: 'Verified', failed: 'Failed', absent: 'Not available' };

/** What a node is asked for of a batch; the file only where the node says that there is one. */
function nodeOf(standingNow) {
  return {
    async file() {
      const proof = await standingNow();
      return proof?.made ? api.bytes(proof.made.file, FILE_BYTES_MAX) : null;
    },
    async headers(first, last) {
      const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      return (await api.many('ashlar_getBatchByNumber', numbers)).map((batch) => batch?.header ?? null);
    },
  };
}

function l1Of(batch, venue) {
  const found = [['committed', batch.commit], ['proven', batch.prove], ['final', batch.finalize]].filter(([, of]) => of);
  if (found.length === 0) return [`No transaction on L1 is known yet. When there is one, it is of contract ${venue.settlement} on chain ${venue.chain_id}.`];
  return ['This page cannot see L1 by itself. The node names ', ...found.flatMap(([name, of], at) => [at > 0 ? ', ' : '', `${name} in block ${group(of.block)} by `, hex(of.hash)]),
    `. Ask any node of chain ${venue.chain_id} whether contract `, hex(venue.settlement), ' holds header ', hex(batch.hash), '.'];
}

function item({ name, state, word }, says) {
  return h('li', { class: { verified: 'good', failed: 'bad', absent: 'none' }[state], 'data-step': name, 'data-state': state, 'data-word': word },
    h('span', {}, `${MARKS[state]} ${name}: ${SPOKEN[state].toLowerCase()}`), h('span', { class: 'muted wrap' }, says));
}

const VERDICT = {
  verified: '✓ Proven, checked in this browser: this release\'s program executed the batch, with the header above as its result.',
  failed: '✗ What this node shows as the proof of this batch does not prove it.',
  absent: '– This page cannot say that the batch was proven.',
};

/** How the proof of a batch stands; null where the node knows of none. */
export async function standingOf(number) {
  try {
    return await api.get(`/v1/batches/${number}/proof`);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** The panel of one batch. `batchNow` gives the batch as it was last read, `standingNow` how its proof stands. */
export function proven(store, batchNow, standingNow) {
  const list = h('ul', { class: 'checks proven' });
  const verdict = h('p', { class: 'verdict', role: 'status', hidden: true });
  const ask = h('button', { type: 'button', onclick: check }, 'Check the proof in this browser');

  async function check() {
    const [batch, venue] = [batchNow(), store.get('venue')];
    if (!batch || !venue) return;
    ask.disabled = true;
    verdict.hidden = true;
    const show = (steps) => list.replaceChildren(...steps.map((step) => item(step, step.says)));
    const { steps, outcome, word } = await checkBatch({ batch, venue, program: PROGRAM, node: nodeOf(standingNow), stark: checkStark, seen: show });
    show(steps);
    list.append(item({ name: 'L1', state: 'absent', word: 'not_seen_from_here' }, h('span', {}, ...l1Of(batch, venue))));
    verdict.hidden = false;
    verdict.textContent = word === 'execution_only' ? '– Nothing was proven: this batch was executed again, not proven.' : VERDICT[outcome];
    verdict.setAttribute('data-proven', outcome);
    verdict.setAttribute('data-word', word);
    mark(verdict, 'good', outcome === 'verified');
    mark(verdict, 'bad', outcome === 'failed');
    ask.disabled = false;
  }
  return panel('Was the batch proven?', {},
    h('p', { class: 'muted' }, 'Fetches the proof of the batch and the verifier, and checks here: header, public values, program, and SP1\'s STARK, which rests on no trusted setup.'),
    h('div', { class: 'bar' }, ask), verdict, list);
}
