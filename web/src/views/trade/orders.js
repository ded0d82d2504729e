// The trader's open orders, fills and history.

import * as api from '../../api.js';
import { empty, h, panel, right, row, table } from '../../dom.js';
import { Scale, formatUnits, hint, moment, words } from '../../format.js';

const LINES = 100;
const QUIET_MS = 150;
const TABS = { orders: 'Open orders', fills: 'Fills', history: 'History' };

/** The three lists, in tabs. */
export function orders(context) {
  const { store, keys } = context;
  const scales = new Map(store.get('markets').map((market) => {
    const asset = (id) => store.get('assets').find((one) => one.asset === id);
    return [market.market, new Scale(market, asset(market.base), asset(market.quote))];
  }));
  const name = (id) => store.get('markets').find(({ market }) => market === id)?.name ?? String(id);
  const lists = { orders: null, fills: null, history: null };
  let tab = 'orders';
  const body = h('div', { id: 'own', role: 'tabpanel', tabindex: '0' });
  const word = h('p', { class: 'answer', role: 'status', 'aria-live': 'polite' });
  const csv = h('a', { class: 'button', download: true }, 'CSV');
  const all = h('button', { type: 'button', class: 'danger', onclick: () => act([{ type: 'cancel_all', filter: {} }]) }, 'Cancel all');
  const tabs = Object.entries(TABS).map(([id, text]) => h('button', {
    type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'own', onclick: () => choose(id), onkeydown: turn,
  }, text));

  function choose(id) {
    tab = id;
    draw();
    load();
  }

  function turn(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = Object.keys(TABS);
    choose(names[(names.indexOf(tab) + step + names.length) % names.length]);
    tabs[names.indexOf(tab)].focus();
  }

  async function act(commands) {
    word.className = 'answer';
    word.textContent = 'Signing and sending…';
    try {
      const { receipts: [receipt] } = await keys.trade(commands);
      word.textContent = `${words(receipt.reason)}. ${hint(receipt.reason)}`;
    } catch (error) {
      word.className = 'answer bad';
      word.textContent = error.message;
    }
    await load();
  }

  const proof = (sequence, text) => h('a', { href: `#/proofs/command/${sequence}`, title: `Receipt and proof of command ${sequence}` }, text);
  const cancel = (order) => h('button', {
    type: 'button', class: 'quiet', 'aria-label': `Cancel ${order.side} ${scales.get(order.market).size(order.remaining)} at ${scales.get(order.market).price(order.price)}`,
    onclick: () => act([{ type: 'cancel', order: order.order }]),
  }, 'Cancel');
  const sideCell = (side) => h('td', { class: side }, words(side));

  const rows = {
    orders: (list) => table('Open orders', ['Market', 'Side', '>Price', '>Left', 'Kind', ''], list.map((one) => {
      const scale = scales.get(one.market);
      const kind = one.trigger ? `${words(one.trigger.direction)} to ${scale.price(one.trigger.price)}` : one.post_only === 'no' ? 'Limit' : 'Post only';
      return row(name(one.market), sideCell(one.side), right(scale.price(one.price)), right(scale.size(one.remaining)), kind, cancel(one));
    })),
    fills: (list) => table('Fills', ['Time', 'Market', 'Side', '>Price', '>Size', '>Fee', 'Role'], list.map((one) => {
      const scale = scales.get(one.market);
      return row(proof(one.sequence, moment(one.time)), name(one.market), sideCell(one.side), right(scale.price(one.price)), right(scale.size(one.lots)),
        right(`${formatUnits(one.fee, scale.quote.decimals)} ${scale.quote.name}`), one.maker ? 'Maker' : 'Taker');
    })),
    history: (list) => table('History', ['Time', 'What', 'Came of it', 'Command'], list.map((one) => row(
      moment(one.time), words(one.type), words(one.reason ?? (one.type === 'credited' ? amount(one) : 'traded')), proof(one.sequence, one.sequence),
    ))),
  };

  function amount(one) {
    const asset = store.get('assets').find(({ asset: id }) => id === one.asset);
    return `${formatUnits(one.amount, asset?.decimals ?? 0)} ${asset?.name ?? one.asset}`;
  }

  function draw() {
    tabs.forEach((button) => {
      const here = button.id === `tab-${tab}`;
      button.setAttribute('aria-selected', String(here));
      button.tabIndex = here ? 0 : -1;
    });
    body.setAttribute('aria-labelledby', `tab-${tab}`);
    const account = store.get('account');
    const list = lists[tab];
    csv.hidden = !account;
    if (account) csv.href = `/v1/accounts/${account.account}/fills.csv`;
    all.disabled = !store.get('trader')?.session || !(lists.orders?.length > 0);
    if (!account) body.replaceChildren(empty('Your orders, fills and history appear here once you have an account.'));
    else if (!list) body.replaceChildren(empty('Loading…'));
    else if (list.length === 0) body.replaceChildren(empty({ orders: 'No open order.', fills: 'Nothing filled since this node started.', history: 'Nothing happened since this node started.' }[tab]));
    else redraw(list);
  }

  /** Draws a list anew without taking away the focus of somebody who is in it. */
  function redraw(list) {
    const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null;
    body.replaceChildren(rows[tab](list));
    if (focused) [...body.querySelectorAll('[aria-label]')].find((one) => one.getAttribute('aria-label') === focused)?.focus();
  }

  async function load() {
    const account = store.get('account')?.account;
    if (account === undefined) return;
    const wanted = new Set(['orders', tab]);
    await Promise.all([...wanted].map(async (list) => {
      const query = list === 'orders' ? '' : `?limit=${LINES}`;
      lists[list] = await api.get(`/v1/accounts/${account}/${list}${query}`).catch(() => lists[list]);
    }));
    draw();
  }

  let timer;
  let known;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(load, QUIET_MS);
  };
  const ends = [
    store.watch('news', soon),
    store.watch('trader', (trader) => {
      if (trader?.account?.account !== known) soon();
      known = trader?.account?.account;
      draw();
    }),
    () => clearTimeout(timer),
  ];
  draw();
  const element = panel('Your orders', { class: 'orders' }, h('div', { class: 'bar' }, h('div', { role: 'tablist', 'aria-label': 'Your orders' }, tabs), csv, all), word, body);
  return { element, stop: () => ends.forEach((end) => end()) };
}
