// Candles and depth.

import * as api from '../../api.js';
import { drawCandles } from '../../chart/candles.js';
import { chart } from '../../chart/canvas.js';
import { drawDepth } from '../../chart/depth.js';
import { h, panel } from '../../dom.js';

const INTERVALS = ['1s', '1m', '5m', '1h', '1d'];
const CANDLES_MAX = 400;
const KEPT = 'ashlar/interval';

/** Both charts of a market. */
export function charts(context, market, scale) {
  const { stream } = context;
  let interval = INTERVALS.includes(localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : '1m';
  let candles = [];
  let book = null;
  const none = h('p', { class: 'empty over' }, 'No trade yet.');
  const prices = chart(`Prices of ${market.name}`, (canvas, width, height) => drawCandles(canvas, width, height, candles, scale));
  const depth = chart(`Depth of ${market.name}`, (canvas, width, height) => book && drawDepth(canvas, width, height, book, scale));
  const buttons = INTERVALS.map((name) => h('button', { type: 'button', 'aria-pressed': String(name === interval), onclick: () => { localStorage.setItem(KEPT, name); choose(name); } }, name));

  async function load() {
    const wanted = interval;
    const list = await api.get(`/v1/markets/${market.market}/candles?interval=${wanted}&limit=200`).catch(() => null);
    // A market that is minutes old has nothing to show in minutes.
    if (list && list.length < 3 && wanted === '1m' && !localStorage.getItem(KEPT)) choose('1s');
    else if (list && wanted === interval) {
      candles = list.reverse();
      show();
    }
  }

  function show() {
    none.hidden = candles.length > 0;
    const last = candles.at(-1);
    if (last) prices.canvas.setAttribute('aria-label', `Prices of ${market.name}, ${candles.length} candles of ${interval}, last ${scale.price(last.close)}`);
    prices.redraw();
  }

  function heard(told) {
    if (told.type === 'again') load();
    if (told.type !== 'candle') return;
    if (candles.at(-1)?.start === told.candle.start) candles[candles.length - 1] = told.candle;
    else candles = [...candles.slice(1 - CANDLES_MAX), told.candle];
    show();
  }

  let leave = stream.subscribe({ type: 'candles', market: market.market, interval }, heard);
  function choose(name) {
    interval = name;
    buttons.forEach((button) => button.setAttribute('aria-pressed', String(button.textContent === name)));
    leave();
    candles = [];
    leave = stream.subscribe({ type: 'candles', market: market.market, interval }, heard);
    load();
  }

  const unbook = stream.subscribe({ type: 'book', market: market.market }, (told) => {
    if (told.type !== 'book') return;
    book = told.book;
    depth.redraw();
  });
  load();
  const element = panel('Price', { class: 'charts' },
    h('div', { class: 'choices', role: 'group', 'aria-label': 'Length of a candle' }, buttons),
    h('div', { class: 'prices' }, prices.element, none),
    h('h3', {}, 'Depth'),
    h('div', { class: 'depth' }, depth.element));
  return { element, stop: () => [leave, unbook, prices.stop, depth.stop].forEach((end) => end()) };
}
