// Where the data of batches is, and what its headers commit to.

import { Batches, reached } from '../batches.js';
import { empty, h, hex, mark, panel, right, row, table } from '../dom.js';
import { bytes, group, short, words } from '../format.js';
import { HEADER } from '../proof.js';
import { sample } from '../sample.js';
import { custody } from './custody.js';

const MODES = {
  standard: 'A batch is committed on L1 only when its data is available from this exchange\'s own data layer.',
  following: 'This node follows: it reads batches whose data others published.',
  validium: 'Data is kept by a committee. If its members keep it to themselves, funds can be stuck, but nobody can take them.',
};

/** Shows the page; what is returned ends it. */
export function da(root, { store }) {
  const mode = h('p', {}, 'Loading…');
  const figures = h('dl', { class: 'figures' });
  const body = h('div', {}, empty('Loading batches…'));
  const verdict = h('p', { class: 'verdict', role: 'status' }, '');
  const count = h('select', { id: 'samples' }, [10, 20, 40, 80].map((number) => h('option', { value: number, selected: number === 20 }, String(number))));
  let newest = null;
  const ask = h('button', { type: 'button', onclick: () => look() }, 'Sample it yourself');
  async function look() {
    const batch = newest;
    if (!batch) return;
    ask.disabled = true;
    try {
      const found = await sample(batch, Number(count.value), ({ right: good, of }) => { verdict.textContent = `Batch ${batch.number}: ${good} of ${of} rows…`; });
      const all = found.right === found.asked;
      mark(verdict, 'good', all);
      mark(verdict, 'bad', !all);
      verdict.textContent = all
        ? `✓ Batch ${batch.number}: ${found.asked} of its ${found.rows} rows came and lead to the commitment in its header. ${meaning(found)}`
        : `✗ Batch ${batch.number}: only ${found.right} of ${found.asked} rows came and lead to its commitment. Ask other stores: ashlar verify.`;
    } catch (error) {
      mark(verdict, 'good', false);
      mark(verdict, 'bad', true);
      verdict.textContent = `✗ Batch ${batch.number} cannot be sampled here: ${error.message}`;
    }
    ask.disabled = false;
  }
  const kept = custody();
  root.append(h('h1', {}, 'DA'), panel('Data availability', {}, mode, figures,
    h('p', { class: 'muted' }, 'Everything the exchange did can be recomputed from this data and L1 alone.')),
  panel('Sample it yourself', {}, h('p', { class: 'muted' }, 'Your browser draws rows of the newest published batch, asks for them, and hashes each up to the commitment in the batch\'s header. The rows come through this node out of its stores; who trusts neither asks the stores by ashlar verify.'),
    h('div', { class: 'bar' }, h('label', { for: 'samples' }, 'Rows'), count, ask), verdict),
  panel('Custody', {}, h('p', { class: 'muted' }, 'Where the data of batches is kept, and how each store has behaved since this node started.'), kept.element),
  panel('Data of the last batches', {}, body));
  const ends = [
    store.watch('venue', (venue) => { mode.textContent = `${words(venue.mode)} mode. ${MODES[venue.mode] ?? ''}`; }),
    new Batches(store, function draw() {
      const list = this.list();
      if (list.length === 0) return;
      const [sum, commands] = list.reduce(([data, count], batch) => [data + Number(batch.data_bytes), count + Number(BigInt(batch.next) - BigInt(batch.first))], [0, 0]);
      const figure = (name, value) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, value));
      kept.look();
      const available = list.find((batch) => reached(batch, 'published'));
      newest = available ?? null;
      figures.replaceChildren(figure('Last batch available', available ? available.number : 'none yet'), figure('Shown here', bytes(sum)),
        figure('Bytes a command', commands === 0 ? '–' : (sum / commands).toFixed(1)));
      body.replaceChildren(table('Data of batches', ['Batch', '>Commands', '>Data', 'State', 'Data root', 'Commitment'], list.map((batch) => row(
        h('a', { href: `#/proofs/batch/${batch.number}` }, batch.number), right(group(BigInt(batch.next) - BigInt(batch.first))), right(bytes(batch.data_bytes)),
        reached(batch, 'published') ? 'Available' : 'Being published', digest(batch.header[HEADER.dataRoot]), digest(batch.header[HEADER.commitment])))));
    }).leave,
  ];
  return () => ends.forEach((end) => end());
}

/** What it says that all rows came. */
function meaning({ asked, rows, chance }) {
  if (asked === rows) return 'That is all of them.';
  if (chance === 0) return 'That is enough to restore it.';
  return `If too few were there to restore it, this would happen once in ${chance > 1e-12 ? group(Math.round(1 / chance)) : '10¹²'} times or less often.`;
}

const digest = (word) => hex(word, short(word.slice(0, 56), 5));
