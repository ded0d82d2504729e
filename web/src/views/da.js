// Where the data of batches is, and what its headers commit to.

import { Batches, reached } from '../batches.js';
import { empty, h, hex, panel, right, row, table } from '../dom.js';
import { bytes, group, short, words } from '../format.js';
import { HEADER } from '../proof.js';

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
  root.append(h('h1', {}, 'DA'), panel('Data availability', {}, mode, figures,
    h('p', { class: 'muted' }, 'Everything the exchange did can be recomputed from this data and L1 alone. This node serves no single rows over HTTP, so a browser cannot sample them yet.')),
  panel('Data of the last batches', {}, body));
  const ends = [
    store.watch('venue', (venue) => { mode.textContent = `${words(venue.mode)} mode. ${MODES[venue.mode] ?? ''}`; }),
    new Batches(store, function draw() {
      const list = this.list();
      if (list.length === 0) return;
      const [sum, commands] = list.reduce(([data, count], batch) => [data + Number(batch.data_bytes), count + Number(BigInt(batch.next) - BigInt(batch.first))], [0, 0]);
      const figure = (name, value) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, value));
      const available = list.find((batch) => reached(batch, 'published'));
      figures.replaceChildren(figure('Last batch available', available ? available.number : 'none yet'), figure('Shown here', bytes(sum)),
        figure('Bytes a command', commands === 0 ? '–' : (sum / commands).toFixed(1)));
      body.replaceChildren(table('Data of batches', ['Batch', '>Commands', '>Data', 'State', 'Data root', 'Commitment'], list.map((batch) => row(
        h('a', { href: `#/proofs/batch/${batch.number}` }, batch.number), right(group(BigInt(batch.next) - BigInt(batch.first))), right(bytes(batch.data_bytes)),
        reached(batch, 'published') ? 'Available' : 'Being published', digest(batch.header[HEADER.dataRoot]), digest(batch.header[HEADER.commitment])))));
    }).leave,
  ];
  return () => ends.forEach((end) => end());
}

const digest = (word) => hex(word, short(word.slice(0, 56), 5));
