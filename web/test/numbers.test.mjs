import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Book, crc32 } from '../src/book.js';
import { Scale, bytes, duration, formatUnits, parseUnits, short, words } from '../src/format.js';

const ether = { decimals: 9 };
const dollar = { decimals: 6 };
const scale = new Scale({ base_per_lot: '1000000', quote_per_tick: '10' }, ether, dollar);

test('prices and sizes read as people write them, exactly', () => {
  assert.deepEqual([scale.priceDigits, scale.sizeDigits], [2, 3]);
  assert.equal(scale.price('300209'), '3,002.09');
  assert.equal(scale.price('1'), '0.01');
  assert.equal(scale.size('277'), '0.277');
  assert.equal(scale.ticks('3,002.09'), 300_209n);
  assert.equal(scale.ticks('.01'), 1n);
  assert.equal(scale.lots('1.5'), 1_500n);
  assert.equal(formatUnits(scale.cost('300209', '1000'), 6), '3,002.09');
  for (let ticks = 1n; ticks < 2n ** 47n; ticks = ticks * 7n + 3n) assert.equal(scale.ticks(scale.price(ticks)), ticks);
});

test('what lies between two steps is refused in words', () => {
  assert.throws(() => scale.ticks('1.001'), /steps of 0\.01/);
  assert.throws(() => scale.lots('0.0001'), /steps of 0\.001/);
  for (const text of ['', '.', '-1', '1e3', 'ten', '0', '0x10']) assert.throws(() => scale.ticks(text), RangeError, text);
});

test('steps that are no power of ten are still exact', () => {
  const coarse = new Scale({ base_per_lot: '100000000', quote_per_tick: '250' }, ether, dollar);
  assert.equal(coarse.price('3'), '0.0075');
  assert.equal(coarse.ticks('0.0075'), 3n);
  assert.throws(() => coarse.ticks('0.001'), /steps of 0\.0025/);
});

test('units and other figures', () => {
  assert.equal(formatUnits('1234567890123', 6), '1,234,567.890123');
  assert.equal(formatUnits('1000000', 6), '1');
  assert.equal(formatUnits('1000000', 6, 2), '1.00');
  assert.equal(formatUnits('5', 9), '0.000000005');
  assert.equal(formatUnits('18446744073709551615', 0), '18,446,744,073,709,551,615');
  assert.equal(parseUnits('1.50', 1), 15n);
  assert.throws(() => parseUnits('1.55', 1), /At most 1 digits/);
  assert.equal(duration(950), '950 ms');
  assert.equal(duration(61_000), '1 min 1 s');
  assert.equal(words('insufficient_funds'), 'Insufficient funds');
  assert.equal(short(`0x${'ab'.repeat(32)}`), '0xababab…ababab');
  assert.equal(bytes('7641'), '7.5 KiB');
});

test('CRC-32 is zlib\'s', () => {
  assert.equal(crc32('123456789'), 0xcbf43926);
  assert.equal(crc32(''), 0);
});

test('a book follows its deltas and notices what was missed', () => {
  const book = new Book();
  const told = (type, parts) => ({ type, market: 0, bids: [], asks: [], ...parts });
  const bids = [['1249', '5'], ['1248', '2']];
  const snapshot = told('book_snapshot', { update: '90', bids, asks: [['1251', '7']], checksum: crc32('1249:5;1251:7;1248:2;') });
  assert.equal(book.apply(snapshot), 'ok');
  const delta = told('book_delta', {
    previous: '90', update: '91', bids: [['1249', '0'], ['1250', '4'], ['1248', '3']], checksum: crc32('1250:4;1251:7;1248:3;'),
  });
  assert.equal(book.apply(delta), 'ok');
  assert.deepEqual(book.bids, [[1250, '4'], [1248, '3']]);
  assert.equal(book.apply(delta), 'gap');
  assert.equal(book.apply(told('book_delta', { previous: '91', update: '92', asks: [['1252', '1']], checksum: 1 })), 'checksum');
  assert.equal(book.apply(snapshot), 'ok');
  assert.deepEqual(book.asks, [[1251, '7']]);
});
