// What the ticket answers to an order, in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scale } from '../src/format.js';
import { outcome } from '../src/views/trade/ticket.js';

const scale = new Scale({ base_per_lot: '1000000', quote_per_tick: '10' }, { decimals: 9, name: 'ETH' }, { decimals: 6, name: 'USDX' });
const said = (reason, filled, order = {}, remaining = '0') => outcome({ reason, filled, remaining }, { kind: 'market', side: 'buy', lots: '10', ...order }, scale);

test('an order that met nothing says so, and what to do', () => {
  assert.deepEqual(said('unfilled', '0'), {
    tone: 'bad',
    text: 'Unfilled. Nobody sells within reach of the last price at the moment, so nothing was traded. Try again in a moment, or place a limit order that rests until somebody does.',
  });
  assert.match(said('unfilled', '0', { side: 'sell', kind: 'limit' }).text, /^Unfilled\. Nobody buys at this price at the moment/);
});

test('an order that met too little says how much it got', () => {
  const { tone, text } = said('unfilled', '4');
  assert.deepEqual([tone, text], ['good', 'Filled in part: 0.004 ETH of 0.010 ETH. Nothing more was to be had at this price, so the rest was cancelled.']);
});

test('other answers begin with their reason', () => {
  assert.deepEqual(said('filled', '10'), { tone: 'good', text: 'Filled. Filled 0.010 ETH.' });
  assert.deepEqual(said('resting', '4', { kind: 'limit' }, '6'), { tone: 'good', text: 'Resting. Filled 0.004 ETH. 0.006 rests.' });
  assert.deepEqual(said('waiting', '0'), { tone: 'good', text: 'Waiting.' });
  assert.match(said('insufficient_funds', '0').text, /^Insufficient funds\. Free funds do not cover it\./);
  assert.equal(said('cannot_fill', '0').tone, 'bad');
});
