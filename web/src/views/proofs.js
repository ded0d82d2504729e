// The page of proofs: batches on their way, one batch, or one command with its receipt checked here.

import * as api from '../api.js';
import { Batches, stagesOf } from '../batches.js';
import { empty, h, hex, panel, row, table } from '../dom.js';
import { bytes, group, moment, short } from '../format.js';
import { isDevelopment } from '../keys.js';
import { HEADER } from '../proof.js';
import { command } from './command.js';
import { pipeline, transactions } from './pipeline.js';
import { proven, standingOf } from './proven.js';

/** Shows the page; what is returned ends it. */
export function proofs(root, context, [what, which]) {
  root.append(h('h1', {}, 'Proofs'), search(context, what === 'command' ? which : ''));
  if (what === 'command' && /^\d+$/.test(which ?? '')) return command(root, context, which);
  if (what === 'batch' && /^\d+$/.test(which ?? '')) return one(root, context, which);
  return all(root, context);
}

function search(context, value) {
  const field = h('input', { id: 'command', type: 'text', inputmode: 'numeric', pattern: '\\d+', value });
  const submit = (event) => {
    event.preventDefault();
    const number = field.value.trim();
    if (/^\d+$/.test(number)) context.go(`/proofs/command/${number}`);
    else field.setAttribute('aria-invalid', 'true');
  };
  return h('form', { class: 'search', onsubmit: submit }, h('label', { for: 'command' }, 'Command'), field, h('button', { type: 'submit' }, 'Show its proof'),
    h('a', { class: 'button', href: '#/proofs' }, 'All batches'));
}

function all(root, { store }) {
  const list = h('ul', { class: 'batches' });
  const none = empty('Loading batches…');
  const counts = h('dl', { class: 'figures' });
  root.append(panel('How far everything has come', {}, counts), panel('Last batches', {}, list, none));
  const batches = new Batches(store, draw);
  const stop = store.watch('tip', (tip) => {
    const figure = (name, value) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, value === null ? 'none yet' : group(value)));
    counts.replaceChildren(figure('Next command', tip.next), figure('Sequenced batch', tip.built), figure('Committed', tip.committed),
      figure('Proven', tip.proven), figure('Final', tip.final), figure('L1 block', tip.l1_block));
    if (tip.built === null) none.textContent = 'No batch is built yet. The first one comes when enough commands or time have passed.';
  });

  function draw() {
    const venue = store.get('venue');
    const shown = batches.list();
    none.hidden = shown.length > 0;
    const items = shown.map((batch) => {
      const development = venue ? isDevelopment(venue) : false;
      const count = BigInt(batch.next) - BigInt(batch.first);
      return h('li', {},
        h('div', { class: 'bar' }, h('a', { href: `#/proofs/batch/${batch.number}` }, `Batch ${batch.number}`),
          h('span', { class: 'muted num' }, `${group(count)} commands, ${bytes(batch.data_bytes)}, ${moment(batch.last_time).slice(11)}`)),
        pipeline(batch, development, (stage) => batches.after(batch, stage)));
    });
    const focused = document.activeElement?.closest('.batches a')?.getAttribute('href');
    list.replaceChildren(...items);
    if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
  }
  const again = store.watch('venue', draw);
  return () => {
    again();
    stop();
    batches.leave();
  };
}

const WORDS = ['Version', 'Exchange', 'Number', 'Hash of the parent', 'State before', 'State after', 'Data root', 'DA commitment', 'Signatures root',
  'Receipts root', 'Withdrawals root', 'Next withdrawal', 'Next inbox entry', 'Inbox hash', 'First command', 'Next command', 'First time', 'Last time'];
const NUMBERS = new Set([HEADER.version, HEADER.number, HEADER.withdrawalsNext, HEADER.inboxNext, HEADER.first, HEADER.next]);
const TIMES = new Set([HEADER.firstTime, HEADER.lastTime]);

function wordText(word, at) {
  if (TIMES.has(at)) return `${moment(Number(word))} UTC`;
  return NUMBERS.has(at) ? group(BigInt(word)) : hex(word);
}

/** How far the proof of a batch has come; null where nothing is known of one, which a refusal says. */
function proofOf(number) {
  return standingOf(number).catch(() => null);
}

const STATES = {
  gathered: 'waits for other batches to be proven with', waiting: 'waits for a prover', proving: 'is being proven', verifying: 'is being verified',
  proven: 'is verified', refused: 'cannot be proven',
};

function standing(proof) {
  if (!proof) return '';
  const of = proof.first === proof.last ? `batch ${proof.first}` : `batches ${proof.first} to ${proof.last}`;
  const parts = [`By ${proof.backend}, for ${of}: it ${STATES[proof.state] ?? proof.state}.`];
  const { progress, made } = proof;
  if (progress) parts.push(` ${progress.worker}: ${progress.stage}${progress.of === '0' ? '' : ` ${group(progress.done)} of ${group(progress.of)}`}.`);
  if (made && made.took_ms > 0) parts.push(` It took ${(made.took_ms / 1000).toFixed(1)} s.`);
  if (made && made.threshold > 0) parts.push(` Signed by ${made.signers.length}, of whom ${made.threshold} must have verified it.`);
  if (proof.refused) parts.push(` ${proof.refused}`);
  const file = made ? h('p', {}, h('a', { href: made.file, download: '' }, 'The proof as a file'), ', which `ashlar verify-proof` checks.') : '';
  return h('section', {}, h('h3', {}, 'Proof'), h('p', {}, ...parts), h('p', { class: 'muted' }, `What it rests on: ${proof.trust}.`), file);
}

function one(root, { store }, number) {
  const body = h('div', {}, empty('Loading…'));
  let shown = null;
  let asked = null;
  let busy = false;
  const check = proven(store, () => shown, () => standingOf(number));
  check.hidden = true;
  root.append(panel(`Batch ${number}`, {}, body), check);

  /** What is to be seen depends on this alone; tips come with every command. */
  const present = () => {
    const tip = store.get('tip');
    return [tip ? stagesOf(tip) : '', store.get('venue') !== undefined].join('/');
  };

  // A node learns what a transaction cost a little after the batch is final.
  const isDone = () => shown?.stage === 'final' && store.get('venue') !== undefined && shown.finalize?.cost;

  async function follow() {
    if (busy || isDone() || present() === asked) return;
    busy = true;
    asked = present();
    await load().finally(() => { busy = false; });
    follow();
  }

  async function load() {
    const [batch] = await api.many('ashlar_getBatchByNumber', [Number(number)]).catch(() => [null]);
    if (!batch) {
      body.replaceChildren(empty('This node holds no such batch: it is not built yet, or older than what the node keeps.'));
      return;
    }
    const venue = store.get('venue');
    shown = batch;
    check.hidden = false;
    const header = batch.header.map((word, at) => row(WORDS[at], h('td', { class: 'num' }, wordText(word, at))));
    body.replaceChildren(
      pipeline(batch, venue ? isDevelopment(venue) : false),
      h('p', {}, `${group(BigInt(batch.next) - BigInt(batch.first))} commands: `, h('a', { href: `#/proofs/command/${batch.first}` }, group(batch.first)), ' to ',
        h('a', { href: `#/proofs/command/${BigInt(batch.next) - 1n}` }, group(BigInt(batch.next) - 1n)), `. Data: ${bytes(batch.data_bytes)}. Header hash `, hex(batch.hash, short(batch.hash, 10)), '.'),
      h('p', {}, batch.proof && batch.prove ? `Accepted under “${batch.proof.kind}”, for ${batch.proof.count} batch${batch.proof.count === 1 ? '' : 'es'} from ${batch.proof.first}.` : 'No proof was accepted yet.'),
      standing(await proofOf(number)),
      h('h3', {}, 'Transactions on L1'), transactions(batch),
      h('p', { class: 'muted' }, 'What a transaction cost is for all batches that it is about. A node knows it of transactions that it sent itself.'),
      h('h3', {}, 'Header'), table('Header', ['Word', 'Value'], header));
  }
  const ends = [store.watch('tip', follow), store.watch('venue', follow)];
  follow();
  return () => ends.forEach((end) => end());
}
