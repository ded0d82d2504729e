import assert from 'node:assert/strict';
import { test } from 'node:test';

import { crc32 } from '../src/book.js';
import { Stream } from '../src/stream.js';

/** A socket whose other end is the test. */
class Line extends EventTarget {
  static all = [];

  constructor() {
    super();
    this.readyState = 0;
    this.said = [];
    Line.all.push(this);
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  send(text) {
    this.said.push(JSON.parse(text));
  }

  tell(words) {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(words) }));
  }

  close() {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }
}

const asked = (line, op) => line.said.filter((words) => words.op === op).map(({ channel }) => channel.type);
const snapshot = (update) => ({ type: 'book_snapshot', market: 0, update, bids: [['9', '1']], asks: [], checksum: crc32('9:1;') });
const delta = (previous, update) => ({ type: 'book_delta', market: 0, previous, update, bids: [['9', '2']], asks: [], checksum: crc32('9:2;') });

test('a gap asks for a new snapshot once, and a lost line is taken up again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const states = [];
  const stream = new Stream('ws://here', (status) => states.push(status.state), Line);
  stream.start();
  const [first] = Line.all;
  const heard = [];
  stream.subscribe({ type: 'book', market: 0 }, (told) => heard.push(told.type === 'book' ? told.book.update : told.type));
  const leave = stream.subscribe({ type: 'trades', market: 0 }, (told) => heard.push(told.type));
  first.open();
  assert.deepEqual(asked(first, 'subscribe'), ['book', 'trades']);
  first.tell(snapshot('1'));
  first.tell(delta('1', '2'));
  first.tell(delta('5', '6'));
  first.tell(delta('6', '7'));
  assert.equal(stream.status.gaps, 1);
  assert.deepEqual(asked(first, 'unsubscribe'), ['book']);
  first.tell(snapshot('8'));
  first.tell({ type: 'trades', market: 0, trades: [] });
  first.tell({ type: 'trades', market: 1, trades: [] });
  assert.deepEqual(heard, ['1', '2', '8', 'trades']);
  const tips = [];
  const still = stream.subscribe({ type: 'tip' }, ({ type, next }) => { if (type === 'tip') tips.push(next); });
  assert.deepEqual(first.said.at(-1).channel, { type: 'tip' });
  first.tell({ type: 'tip', next: '7' });
  assert.deepEqual(tips, ['7']);
  still();
  leave();
  first.close();
  assert.equal(states.at(-1), 'lost');
  t.mock.timers.tick(400);
  const second = Line.all[1];
  second.open();
  assert.deepEqual(asked(second, 'subscribe'), ['book']);
  assert.deepEqual(heard.slice(4), ['again']);
  assert.deepEqual([stream.status.state, stream.status.reconnects], ['live', 1]);
  // What the old line still says counts no more.
  first.tell(snapshot('99'));
  assert.deepEqual(heard.slice(5), []);
  clearInterval(stream.timer);
});
