import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Batches } from '../src/batches.js';
import { ether } from '../src/format.js';
import { Store } from '../src/store.js';

const tip = (built, final) => ({ next: '9', built, published: built, committed: built, proven: final, final });
const settled = () => new Promise((done) => setTimeout(done, 5));
/** Waits as long as a slow machine needs; what does not come at all fails at what is asserted next. */
const until = async (holds) => { for (let turn = 0; turn < 1_000 && !holds(); turn += 1) await settled(); };

test('wei read as ether', () => {
  assert.equal(ether('318517500131072'), '0.000318517 ether');
  assert.equal(ether('340282366920938463463374607431768211455'), '340,282,366,920,938,463,463.374607431 ether');
  assert.equal(ether(0), '0 ether');
});

test('batches are asked for when a stage moves, and a cost that is not known a few times more', async (t) => {
  const asked = [];
  let cost = null;
  t.mock.method(globalThis, 'fetch', async (_, { body }) => {
    const calls = JSON.parse(body);
    asked.push(calls.map(({ params: [number] }) => number));
    const result = (number) => ({ number: String(number), stage: 'final', last_time: 0, finalize: { hash: '0x01', block: '3', cost } });
    await settled();
    return new Response(JSON.stringify(calls.map(({ id, params: [number] }) => ({ id, result: result(number) }))));
  });
  const store = new Store();
  let drawn = 0;
  const batches = new Batches(store, () => { drawn += 1; });
  store.set('tip', tip('1', '1'));
  // Only commands moved, and then a batch was built while the node was still asked.
  store.set('tip', { ...tip('1', '1'), next: '12' });
  store.set('tip', tip('2', '1'));
  await until(() => batches.list().length === 2);
  assert.deepEqual(asked, [[1], [2, 1]], 'what came meanwhile is asked for once');
  cost = { gas_used: '5' };
  store.set('tip', tip('2', '2'));
  await until(() => batches.list().every((batch) => batch.finalize.cost));
  assert.deepEqual(asked.at(-1), [2, 1]);
  store.set('tip', tip('3', '2'));
  await until(() => batches.list().length === 3);
  assert.deepEqual(asked.at(-1), [3], 'what is final and has its cost is known for good');
  assert.equal(batches.list().length, 3);
  assert.ok(drawn >= 4);
  batches.leave();
});
