import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { fromHex, toHex } from '../src/crypto/bytes.js';
import { NEVER, REASONS, decodeLeaf, encodeMessage } from '../src/wire.js';
import { messages } from './messages.mjs';
import { vectors } from './vectors.mjs';

const known = vectors('types/encoding.txt');
const order = {
  market: 0x0102, side: 'sell', price: String(0x010203040506n), lots: '1000', client: String(0x1112131415161718n),
};
const stop = {
  ...order, kind: 'market', time_in_force: 'fill_or_kill', post_only: 'slide', self_trade: 'decrement', display: '10',
  expires: 1_800_000_000_000, trigger: { direction: 'rises', price: '77' },
};
const id = '0x01027fffffffff9b0000000000000005';

/** The bytes of a command within a message: what follows the header and the count. */
function commandBytes(command) {
  const message = encodeMessage({ account: 0, signer: { type: 'owner' }, nonce: '1', not_after: null, commands: [command] });
  return toHex(message.slice(4 + 1 + 8 + 6 + 2)).slice(2);
}

test('commands are the bytes of the vectors', () => {
  const commands = {
    place: { type: 'place', order },
    cancel: { type: 'cancel', order: id },
    reduce: { type: 'reduce', order: id, by: '6' },
    replace: { type: 'replace', order: id, price: '101', lots: '7' },
    'cancel-all': { type: 'cancel_all' },
    withdraw: { type: 'withdraw', asset: 0x0304, amount: '123456789' },
    'kill-switch': { type: 'kill_switch', stop: true },
    'revoke-key': { type: 'revoke_key', slot: 7 },
    'open-sub-account': { type: 'open_sub_account' },
  };
  for (const [name, command] of Object.entries(commands)) assert.equal(commandBytes(command), known[`command.${name}`], name);
  assert.equal(commandBytes({ type: 'place', order: stop }), known['command.place-stop']);
  const filter = { market: 0x0102, side: 'sell', prices: ['5', String(2n ** 47n - 2n)] };
  assert.equal(commandBytes({ type: 'cancel_all', filter }), known['command.cancel-all-some']);
});

test('messages are the bytes of the vectors', () => {
  const wallet = vectors('types/eip712.txt');
  for (const [name, words] of Object.entries(messages)) assert.equal(toHex(encodeMessage(words)), `0x${wallet[`${name}.message`]}`, name);
});

test('numbers that do not fit are refused', () => {
  assert.throws(() => commandBytes({ type: 'place', order: { ...order, lots: String(2n ** 48n) } }), RangeError);
  assert.throws(() => commandBytes({ type: 'place', order: { ...order, price: '-1' } }), RangeError);
  assert.throws(() => commandBytes({ type: 'place', order: { ...order, side: 'both' } }), RangeError);
  assert.throws(() => commandBytes({ type: 'sweep', orders: [id] }), RangeError);
  assert.equal(NEVER, 281_474_976_710_655);
});

test('a leaf of the receipts tree is read to its last byte', () => {
  const batch = vectors('batch/receipts.txt');
  const leaf = fromHex(batch['1.receipt'].slice(16) + batch['1.events']);
  const receipt = decodeLeaf(leaf);
  assert.equal(receipt.reason, 'filled');
  assert.equal(receipt.account, '4');
  assert.equal(receipt.order, '0x00017ffffffffc170000000000000003');
  assert.equal(receipt.filled, '1');
  assert.deepEqual(receipt.events.map((event) => event.type), ['trade']);
  assert.deepEqual(
    [receipt.events[0].price, receipt.events[0].lots, receipt.events[0].maker_account, receipt.events[0].taker_account],
    ['1000', '1', '3', '4'],
  );
  assert.throws(() => decodeLeaf(leaf.slice(0, leaf.length - 1)), RangeError);
});

test('every event of the vectors is read', () => {
  const plain = known['receipt.about-none'].slice(16);
  for (const [name, bytes] of Object.entries(known).filter(([of]) => of.startsWith('event.'))) {
    const { events } = decodeLeaf(fromHex(plain + bytes));
    assert.equal(events.length, 1, name);
    assert.equal(events[0].type.replaceAll('_', '-'), name.slice('event.'.length));
  }
});

test('reasons are the ones of the exchange', () => {
  const source = readFileSync(new URL('../../core/types/src/receipt.rs', import.meta.url), 'utf8');
  const named = [...source.matchAll(/^    ([A-Z][A-Za-z]+) = (\d+),$/gm)];
  assert.deepEqual(named.map(([, name]) => name.replace(/(?<!^)[A-Z]/g, '_$&').toLowerCase()), REASONS);
  assert.deepEqual(named.map(([, , code]) => Number(code)), REASONS.map((_, at) => at));
});
