// The best levels of both sides, one below the other.

import { eachFrame, h, mark, panel, write } from '../../dom.js';

const LEVELS = 12;

/** The ladder. A click on a price puts it into the ticket. */
export function ladder(context, market, scale) {
  const { store, stream } = context;
  let book = null;
  const line = (side) => {
    const price = h('button', { type: 'button', class: `price ${side}`, tabindex: '-1', onclick: () => store.set('picked', price.textContent) });
    const [lots, total] = [h('td', { class: 'right num' }), h('td', { class: 'right num muted' })];
    return { element: h('tr', { class: side }, h('td', {}, price), lots, total), price, lots, total };
  };
  const asks = Array.from({ length: LEVELS }, () => line('sell'));
  const bids = Array.from({ length: LEVELS }, () => line('buy'));
  // The keyboard reaches the two best prices; the ticket's field takes any other.
  for (const best of [asks[0], bids[0]]) best.price.tabIndex = 0;
  const middle = h('td', { colspan: '3', class: 'middle num' }, 'Waiting for the book…');

  function fill(rows, levels, most) {
    let sum = 0;
    rows.forEach((of, at) => {
      const level = levels[at];
      mark(of.element, 'none', !level);
      sum += level ? Number(level[1]) : 0;
      write(of.price, level ? scale.price(level[0]) : '');
      of.price.disabled = !level;
      write(of.lots, level ? scale.size(level[1]) : '');
      write(of.total, level ? scale.size(sum) : '');
      of.element.style.setProperty('--fill', level ? `${(100 * sum) / most}%` : '0%');
    });
  }

  const draw = eachFrame(() => {
    const total = (levels) => levels.slice(0, LEVELS).reduce((sum, [, lots]) => sum + Number(lots), 0);
    const most = Math.max(total(book.bids), total(book.asks), 1);
    fill(asks, book.asks, most);
    fill(bids, book.bids, most);
    const [bid, ask] = [book.bids[0], book.asks[0]];
    write(middle, bid && ask ? `Spread ${scale.price(ask[0] - bid[0])}` : bid || ask ? 'One side is empty' : 'The book is empty');
  });

  const stop = stream.subscribe({ type: 'book', market: market.market }, (told) => {
    if (told.type !== 'book') return;
    book = told.book;
    draw();
  });
  const head = (text, at) => h('th', { scope: 'col', class: at ? 'right' : null }, text);
  const element = panel('Book', { class: 'ladder' }, h('table', {},
    h('caption', { class: 'hidden' }, `The best ${LEVELS} levels of each side of ${market.name}`),
    h('thead', {}, h('tr', {}, head(`Price ${scale.quote.name}`, 0), head(`Size ${scale.base.name}`, 1), head('Total', 2))),
    h('tbody', {}, [...asks].reverse().map((of) => of.element), h('tr', {}, middle), bids.map((of) => of.element))));
  return { element, stop };
}
