// Who keeps the data of batches: each store with its standing, who confirmed last, and what custodians signed.

import * as api from '../api.js';
import { empty, h, hex, right, row, table } from '../dom.js';
import { clock, group, short } from '../format.js';

const STANDINGS = { good: '✓ Good', silent: '! Silent', wrong: '✗ Sent something wrong', unknown: 'Not asked yet' };
const CLASSES = { good: 'buy', silent: 'sell', wrong: 'sell' };

/** The content of the panel; `look` asks anew. */
export function custody() {
  const element = h('div', { class: 'stack' }, empty('Loading…'));
  let asking = false;

  async function look() {
    if (asking) return;
    asking = true;
    try {
      show(await api.get('/v1/custody'));
    } catch {
      // The next batch asks again, and the state of the line says that the node is away.
    }
    asking = false;
  }

  function show({ needed, signers, stores, receipts }) {
    if (stores.length === 0) {
      element.replaceChildren(empty('This node knows of no store: it publishes no data.'));
      return;
    }
    const signed = signers > 0 ? ` ${signers} custodians must sign before L1 takes a batch whose data stays with them.` : '';
    element.replaceChildren(
      h('p', {}, `${needed} of ${stores.length} stores must confirm a batch before it counts as published.${signed}`),
      table('Stores', ['Store', 'Standing', '>Confirmed batch', 'At', '>Missed since', '>Right answers', '>Wrong', '>Silent', 'Why not'], stores.map((store) => row(
        h('code', {}, store.name), h('td', { class: CLASSES[store.standing] ?? '' }, STANDINGS[store.standing] ?? store.standing), right(store.confirmed === null ? '–' : group(store.confirmed)),
        store.confirmed_at === null ? '–' : clock(store.confirmed_at), right(group(store.missed)), right(group(store.right)), right(group(store.wrong)), right(group(store.silent)), store.reason ?? '–'))),
      h('h3', {}, 'Signed by custodians'),
      receipts.length === 0 ? empty('Nobody has signed for a batch since this node started: these stores keep data and sign nothing.')
        : table('Signed by custodians', ['>Batch', 'Custodian'], receipts.map(({ batch, custodian }) => row(right(h('a', { href: `#/proofs/batch/${batch}` }, batch)), hex(custodian, short(custodian))))));
  }
  return { element, look };
}
