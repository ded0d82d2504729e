// The page to trade on: one market with its charts, book and trades, the ticket, and the trader's own orders and funds.

import { h } from '../dom.js';
import { Scale } from '../format.js';
import { account } from './trade/account.js';
import { charts } from './trade/charts.js';
import { ladder } from './trade/ladder.js';
import { orders } from './trade/orders.js';
import { ticker } from './trade/ticker.js';
import { ticket } from './trade/ticket.js';
import { tape } from './trade/tape.js';

const KEPT = 'ashlar/market';

/** Shows the page; what is returned ends it. */
export function trade(root, context, [wanted]) {
  const { store } = context;
  const place = h('div', { class: 'trade' });
  root.append(h('h1', { class: 'hidden' }, 'Trade'), place);
  let stops = [];
  const stop = () => {
    for (const end of stops.splice(0)) end();
  };
  let shown = null;

  function show() {
    const [markets, assets, failure] = ['markets', 'assets', 'failure'].map((name) => store.get(name));
    if (!markets || !assets) {
      place.replaceChildren(h('p', { class: 'panel empty', role: 'status' }, failure ? `${failure.message} Trying again…` : 'Loading markets…'));
      return;
    }
    if (markets.length === 0) {
      place.replaceChildren(h('p', { class: 'panel empty' }, 'No market is listed yet. Markets are listed through governance on L1.'));
      return;
    }
    const chosen = String(wanted ?? localStorage.getItem(KEPT));
    const market = markets.find(({ market: id }) => String(id) === chosen) ?? markets[0];
    if (shown === market.market) return;
    shown = market.market;
    stop();
    const asset = (id) => assets.find((one) => one.asset === id);
    const scale = new Scale(market, asset(market.base), asset(market.quote));
    const parts = [ticker, charts, ladder, ticket, tape, orders, account].map((make) => make(context, market, scale));
    place.replaceChildren(...parts.map((part) => part.element));
    stops = parts.map((part) => part.stop);
  }

  const ends = [store.watch('markets', show), store.watch('failure', show)];
  show();
  return () => {
    stop();
    for (const end of ends) end();
  };
}

/** Keeps which market a person looks at. */
export function choose(context, market) {
  localStorage.setItem(KEPT, String(market));
  context.go(`/trade/${market}`);
}
