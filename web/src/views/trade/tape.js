// Trades as they happen. Each leads to its proof.

import * as api from '../../api.js';
import { eachFrame, empty, h, panel } from '../../dom.js';
import { clock } from '../../format.js';

const SHOWN = 28;

/** The last trades of a market. */
export function tape(context, market, scale) {
  const { stream } = context;
  let trades = [];
  const body = h('tbody');
  const none = empty('Loading trades…');

  const draw = eachFrame(() => {
    none.hidden = trades.length > 0;
    none.textContent = 'No trade yet.';
    body.replaceChildren(...trades.slice(0, SHOWN).map((one) => h('tr', {},
      h('td', { class: `num ${one.side}` }, scale.price(one.price)),
      h('td', { class: 'right num' }, scale.size(one.lots)),
      h('td', { class: 'right num' }, h('a', { href: `#/proofs/command/${one.sequence}`, title: `Receipt and proof of command ${one.sequence}`, tabindex: '-1' }, clock(one.time))))));
    // One stop for the keyboard; the page of proofs finds any other by its number.
    body.querySelector('a')?.removeAttribute('tabindex');
  });

  async function load() {
    const list = await api.get(`/v1/markets/${market.market}/trades?limit=${SHOWN}`).catch(() => null);
    if (!list) return;
    trades = list;
    draw();
  }

  const stop = stream.subscribe({ type: 'trades', market: market.market }, (told) => {
    if (told.type === 'again') load();
    if (told.type !== 'trades') return;
    trades = [...told.trades.toReversed(), ...trades].slice(0, SHOWN);
    draw();
  });
  load();
  const head = (text, at) => h('th', { scope: 'col', class: at ? 'right' : null }, text);
  const element = panel('Trades', { class: 'tape' },
    h('table', {}, h('caption', { class: 'hidden' }, `Last trades of ${market.name}; the time leads to the proof`),
      h('thead', {}, h('tr', {}, head(`Price ${scale.quote.name}`, 0), head(`Size ${scale.base.name}`, 1), head('Time', 2))), body), none);
  return { element, stop };
}
