// The order ticket: what a person writes, checked, signed by the session key, and the answer in words.

import { h, panel } from '../../dom.js';
import { formatUnits, hint, words } from '../../format.js';
import { setup } from './setup.js';

const KINDS = { limit: 'Limit', market: 'Market', stop: 'Stop' };
const FORCE = { rest: 'Rests until cancelled', immediate_or_cancel: 'Immediate or cancel', fill_or_kill: 'Fill or kill' };
const POST = { no: 'May take', reject: 'Post only: refuse', slide: 'Post only: slide' };

const options = (names) => Object.entries(names).map(([value, text]) => h('option', { value }, text));
const field = (id, text, control) => h('div', { class: 'field' }, h('label', { for: id }, text), control);

/** The order that the form says, in the words of the API; an error says what is to be corrected. */
function orderOf(form, market, scale) {
  const { kind, side } = form;
  const lots = scale.lots(form.size);
  const order = { market: market.market, side, lots: String(lots), time_in_force: form.force, post_only: form.post };
  if (kind === 'limit') return { ...order, price: String(scale.ticks(form.price)) };
  const stop = kind === 'stop' ? scale.ticks(form.trigger) : undefined;
  // A market order names the worst price it takes: what the market's collar allows around the last price.
  const around = stop ?? BigInt(form.last);
  const reach = (around * BigInt(market.collar_ppm)) / 1_000_000n;
  const price = side === 'buy' ? around + reach : around > reach ? around - reach : 1n;
  const plain = { ...order, kind: 'market', price: String(price), post_only: 'no' };
  const direction = side === 'buy' ? 'rises' : 'falls';
  return stop === undefined ? plain : { ...plain, trigger: { direction, price: String(stop) } };
}

/** What came of an order, for the person who sent it. */
export function outcome(receipt, order, scale) {
  const size = (lots) => `${scale.size(lots)} ${scale.base.name}`;
  const some = receipt.filled !== '0';
  const tone = some || ['resting', 'filled', 'waiting'].includes(receipt.reason) ? 'good' : 'bad';
  if (receipt.reason === 'unfilled' && !some) {
    const other = order.side === 'buy' ? 'sells' : 'buys';
    const reach = order.kind === 'market' ? 'within reach of the last price' : 'at this price';
    return { tone, text: `Unfilled. Nobody ${other} ${reach} at the moment, so nothing was traded. Try again in a moment, or place a limit order that rests until somebody does.` };
  }
  if (receipt.reason === 'unfilled') return { tone, text: `Filled in part: ${size(receipt.filled)} of ${size(order.lots)}. ${hint(receipt.reason)}` };
  const filled = some ? ` Filled ${size(receipt.filled)}.` : '';
  const rests = receipt.reason === 'resting' ? ` ${scale.size(receipt.remaining)} rests.` : '';
  return { tone, text: `${words(receipt.reason)}.${filled}${rests} ${hint(receipt.reason)}`.trim() };
}

/** The ticket of a market. */
export function ticket(context, market, scale) {
  const { store, stream, keys } = context;
  const input = (id, extra = {}) => h('input', { id, type: 'text', inputmode: 'decimal', autocomplete: 'off', ...extra });
  const [price, size, trigger] = [input('price'), input('size'), input('trigger')];
  const side = (value, text) => h('label', { class: `side ${value}` }, h('input', { type: 'radio', name: 'side', value, checked: value === 'buy' }), h('span', {}, text));
  const force = h('select', { id: 'force' }, options(FORCE));
  const kind = h('select', { id: 'kind', onchange: () => { force.value = kind.value === 'limit' ? 'rest' : 'immediate_or_cancel'; } }, options(KINDS));
  const post = h('select', { id: 'post' }, options(POST));
  const send = h('button', { type: 'submit', class: 'send buy' }, `Buy ${scale.base.name}`);
  const cost = h('p', { class: 'cost num muted' });
  const answer = h('p', { class: 'answer', role: 'status', 'aria-live': 'polite' });
  const fields = { price: field('price', `Price, ${scale.quote.name}`, price), trigger: field('trigger', `Trigger price, ${scale.quote.name}`, trigger) };
  const form = h('form', { novalidate: true, onsubmit: submit, oninput: refresh },
    h('fieldset', { class: 'sides' }, h('legend', { class: 'hidden' }, 'Side'), side('buy', 'Buy'), side('sell', 'Sell')),
    field('kind', 'Order', kind), fields.trigger, fields.price, field('size', `Size, ${scale.base.name}`, size),
    field('force', 'Time in force', force), field('post', 'Taking', post), cost, send);
  let last = market.last;
  let picked = false;

  const chosenSide = () => form.elements.side.value;
  const read = () => ({
    kind: kind.value, side: chosenSide(), price: price.value, size: size.value, trigger: trigger.value, force: force.value, post: post.value, last,
  });

  function refresh() {
    const buys = chosenSide() === 'buy';
    send.textContent = `${buys ? 'Buy' : 'Sell'} ${scale.base.name}`;
    send.className = `send ${chosenSide()}`;
    fields.price.hidden = kind.value !== 'limit';
    fields.trigger.hidden = kind.value !== 'stop';
    post.disabled = kind.value !== 'limit';
    force.options[0].disabled = kind.value !== 'limit';
    let text = '';
    try {
      const order = orderOf(read(), market, scale);
      const total = formatUnits(scale.cost(order.price, order.lots), scale.quote.decimals, 2);
      text = kind.value === 'limit' ? `${total} ${scale.quote.name}` : `At worst ${scale.price(order.price)}: ${total} ${scale.quote.name}`;
    } catch {
      // What is not complete yet has no price; the ticket says what is wrong when it is sent.
    }
    cost.textContent = text;
  }

  function say(text, tone, more) {
    answer.className = `answer ${tone}`;
    answer.replaceChildren(text, ...(more ? [' ', more] : []));
  }

  async function submit(event) {
    event.preventDefault();
    let order;
    for (const control of [price, size, trigger]) control.removeAttribute('aria-invalid');
    try {
      order = orderOf(read(), market, scale);
    } catch (error) {
      const wrong = /[Ss]ize/.test(error.message) || size.value.trim() === '' ? size : kind.value === 'stop' ? trigger : price;
      wrong.setAttribute('aria-invalid', 'true');
      wrong.focus();
      say(error.message, 'bad');
      return;
    }
    send.disabled = true;
    say('Signing and sending…', '');
    try {
      const { receipts: [receipt] } = await keys.trade([{ type: 'place', order }]);
      const { tone, text } = outcome(receipt, order, scale);
      say(text, tone, h('a', { href: `#/proofs/command/${receipt.sequence}` }, `Follow command ${receipt.sequence} to final`));
    } catch (error) {
      say(error.message, 'bad');
    } finally {
      send.disabled = false;
    }
  }

  const place = h('div');
  const ready = h('div', {}, form, answer);
  const begin = setup(context);
  const ends = [
    store.watch('trader', (trader) => {
      const wanted = trader?.session ? ready : begin;
      if (place.firstChild !== wanted) place.replaceChildren(wanted);
    }),
    store.watch('picked', (text) => {
      // The value of an earlier click belongs to another visit of this page.
      if (picked) price.value = text;
      refresh();
    }),
    stream.subscribe({ type: 'ticker', market: market.market }, (told) => {
      if (told.type !== 'ticker') return;
      last = told.last;
      const best = chosenSide() === 'buy' ? told.bid : told.ask;
      if (price.value === '') price.value = scale.price(best?.[0] ?? told.last);
    }),
  ];
  picked = true;
  if (!place.firstChild) place.replaceChildren(begin);
  refresh();
  return { element: panel('Order', { class: 'ticket' }, place), stop: () => ends.forEach((end) => end()) };
}
