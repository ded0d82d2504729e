// The market at a glance, and which market it is.

import { h, mark, write } from '../../dom.js';
import { formatUnits, words } from '../../format.js';
import { choose } from '../trade.js';

/** The strip above everything else. */
export function ticker(context, market, scale) {
  const { store, stream } = context;
  const picker = h('select', { id: 'market', onchange: () => choose(context, picker.value) },
    store.get('markets').map((one) => h('option', { value: one.market, selected: one.market === market.market }, one.name)));
  const figures = {};
  const figure = (name, title) => {
    figures[name] = h('dd', { class: 'num' }, '–');
    return h('div', {}, h('dt', {}, title), figures[name]);
  };
  const last = h('strong', { class: 'last num' }, scale.price(market.last));
  const element = h('section', { class: 'panel ticker', 'aria-label': 'Market' },
    h('label', { class: 'hidden', for: 'market' }, 'Market'), picker, last,
    h('dl', {}, figure('change', '24 h change'), figure('high', '24 h high'), figure('low', '24 h low'),
      figure('volume', `24 h volume, ${scale.quote.name}`), figure('spread', 'Spread'), figure('state', 'State')));

  const stop = stream.subscribe({ type: 'ticker', market: market.market }, (told) => {
    if (told.type !== 'ticker') return;
    write(last, scale.price(told.last));
    const change = told.open ? (Number(told.last) / Number(told.open) - 1) * 100 : null;
    write(figures.change, change === null ? '–' : `${change >= 0 ? '+' : ''}${change.toFixed(2)}%`);
    mark(figures.change, 'buy', change !== null && change >= 0);
    mark(figures.change, 'sell', change !== null && change < 0);
    write(figures.high, told.high ? scale.price(told.high) : '–');
    write(figures.low, told.low ? scale.price(told.low) : '–');
    write(figures.volume, formatUnits(told.quote, scale.quote.decimals).split('.')[0]);
    write(figures.spread, told.bid && told.ask ? scale.price(BigInt(told.ask[0]) - BigInt(told.bid[0])) : '–');
    write(figures.state, words(told.state));
  });
  return { element, stop };
}
