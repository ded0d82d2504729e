// The faucet's deposits, which may come in different blocks of L1.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Keyring, grown } from '../src/keys.js';
import { Store } from '../src/store.js';

const holding = (asset, free, reserved = '0') => ({ asset, free, reserved });

test('what is in an order is still there', () => {
  assert.equal(grown([], []), 0);
  assert.equal(grown([], [holding(0, '5'), holding(1, '7')]), 2);
  assert.equal(grown([holding(0, '5')], [holding(0, '2', '3'), holding(1, '7')]), 1);
  assert.equal(grown([holding(0, '5')], [holding(0, '2', '4')]), 1);
});

test('whoever asks the faucet waits for every deposit, not for the first', async (t) => {
  // The first look finds no account, the next one ether alone, and the last one all of it.
  const looks = [null, [holding(0, '25')], [holding(0, '25'), holding(1, '100')]];
  let look = -1;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(globalThis, 'fetch', async (path) => {
    if (path.startsWith('/faucet')) return Response.json({ deposits: 2 });
    if (path.endsWith('/accounts')) look = Math.min(look + 1, looks.length - 1);
    if (path.endsWith('/accounts')) return Response.json(looks[look] ? [3] : []);
    return Response.json({ account: 3, holdings: looks[look], keys: [] });
  });
  const store = new Store();
  const keys = new Keyring(store, { subscribe: () => () => {} }, { setItem: () => {} });
  keys.kept = {};
  keys.name = 'here';
  keys.makeOwner();
  let done = false;
  const funded = keys.fund(() => {}).finally(() => { done = true; });
  while (!done) {
    await new Promise(setImmediate);
    t.mock.timers.tick(1_000);
  }
  await funded;
  assert.equal(look, 2);
  assert.equal(store.get('account').holdings.length, 2);
});
