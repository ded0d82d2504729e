// The node's WebSocket: subscriptions that outlive connections, books that are checked, and a word on how the line does.

import { Book } from './book.js';

const PING_MS = 5_000;
const SILENCE_MS = 12_000;
const BACKOFF_MS = [250, 500, 1_000, 2_000, 4_000, 8_000];

const nameOf = (channel) => [channel.type, channel.market ?? channel.account, channel.interval].filter((part) => part !== undefined).join(':');

function channelOf(told) {
  switch (told.type) {
    case 'book_snapshot':
    case 'book_delta': return `book:${told.market}`;
    case 'trades': return `trades:${told.market}`;
    case 'ticker': return `ticker:${told.market}`;
    case 'candle': return `candles:${told.market}:${told.interval}`;
    case 'account':
    case 'standing': return `account:${told.account}`;
    case 'tip': return 'tip';
    default: return null;
  }
}

/**
 * One connection. `onState` hears `{ state: 'connecting' | 'live' | 'lost', attempt, rttMs, gaps, reconnects }` whenever it changes.
 * Listeners hear what is told on their channel, and `{ type: 'again' }` when something may have been missed.
 */
export class Stream {
  constructor(url, onState, Socket = globalThis.WebSocket) {
    this.url = url;
    this.onState = onState;
    this.Socket = Socket;
    this.channels = new Map();
    this.status = { state: 'connecting', attempt: 0, rttMs: null, gaps: 0, reconnects: 0 };
    this.nextId = 1;
    this.everLive = false;
  }

  /** Connects, and again whenever the connection ends. */
  start() {
    this.connect();
    this.timer = setInterval(() => this.beat(), PING_MS);
  }

  /** Listens to a channel until the returned function is called. */
  subscribe(channel, listener) {
    const name = nameOf(channel);
    let entry = this.channels.get(name);
    if (!entry) {
      entry = { channel, listeners: new Set(), book: channel.type === 'book' ? new Book() : null };
      this.channels.set(name, entry);
      this.say({ op: 'subscribe', channel });
    } else if (entry.book?.update) {
      listener({ type: 'book', book: entry.book });
    }
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size > 0 || this.channels.get(name) !== entry) return;
      this.channels.delete(name);
      this.say({ op: 'unsubscribe', channel });
    };
  }

  connect() {
    this.change({ state: this.everLive ? 'lost' : 'connecting' });
    const socket = new this.Socket(this.url);
    this.socket = socket;
    this.heard = Date.now();
    socket.addEventListener('open', () => this.opened(socket));
    socket.addEventListener('message', (event) => this.heardText(socket, event.data));
    socket.addEventListener('close', () => this.closed(socket));
  }

  opened(socket) {
    if (socket !== this.socket) return;
    const again = this.everLive;
    this.everLive = true;
    this.heard = Date.now();
    this.change({ state: 'live', attempt: 0, reconnects: this.status.reconnects + (again ? 1 : 0) });
    for (const entry of this.channels.values()) this.say({ op: 'subscribe', channel: entry.channel });
    if (again) this.tellAll({ type: 'again' });
    this.beat();
  }

  closed(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    const wait = BACKOFF_MS[Math.min(this.status.attempt, BACKOFF_MS.length - 1)];
    this.change({ state: this.everLive ? 'lost' : 'connecting', attempt: this.status.attempt + 1, rttMs: null });
    // Nodes that restart should not meet all of their readers in the same moment.
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
  }

  beat() {
    if (this.socket?.readyState !== 1) return;
    if (Date.now() - this.heard > SILENCE_MS) {
      const silent = this.socket;
      silent.close();
      this.closed(silent);
      return;
    }
    this.pinged = performance.now();
    this.say({ op: 'ping' });
  }

  say(words) {
    if (this.socket?.readyState !== 1) return;
    this.socket.send(JSON.stringify({ ...words, id: String(this.nextId) }));
    this.nextId += 1;
  }

  heardText(socket, text) {
    if (socket !== this.socket) return;
    this.heard = Date.now();
    const told = JSON.parse(text);
    if (told.type === 'pong') this.change({ rttMs: performance.now() - this.pinged });
    else if (told.type === 'restarted') this.tellAll({ type: 'again' });
    else {
      const entry = this.channels.get(channelOf(told));
      if (entry?.book) this.heardBook(entry, told);
      else if (entry) for (const listener of entry.listeners) listener(told);
    }
  }

  heardBook(entry, told) {
    const outcome = entry.book.apply(told);
    if (outcome === 'ok') {
      entry.waiting = false;
      for (const listener of entry.listeners) listener({ type: 'book', book: entry.book });
      return;
    }
    // Deltas that were on their way while a new snapshot is asked for lead nowhere, and say nothing new.
    if (entry.waiting) return;
    entry.waiting = true;
    entry.book.update = null;
    this.change({ gaps: this.status.gaps + 1 });
    this.say({ op: 'unsubscribe', channel: entry.channel });
    this.say({ op: 'subscribe', channel: entry.channel });
  }

  tellAll(told) {
    for (const entry of this.channels.values()) for (const listener of entry.listeners) listener(told);
  }

  change(parts) {
    this.status = { ...this.status, ...parts };
    this.onState(this.status);
  }
}
