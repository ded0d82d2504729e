// Messages as their canonical bytes, and receipts out of theirs (docs/spec/encoding.md).
//
// A message is written in the words of docs/api.md and encoded here, so that nobody signs bytes a server made.

import { concat, fromHex, toHex } from './crypto/bytes.js';

/** The time that never comes. */
export const NEVER = 2 ** 48 - 1;

const SIDES = ['buy', 'sell'];
const KINDS = ['limit', 'market'];
const TIMES = ['rest', 'immediate_or_cancel', 'fill_or_kill'];
const POST_ONLY = ['no', 'reject', 'slide'];
const SELF_TRADE = ['cancel_newest', 'cancel_oldest', 'cancel_both', 'decrement'];
const DIRECTIONS = ['falls', 'rises'];
/** What came of a command, by its number. */
export const REASONS = `done unknown_account not_owner unknown_key key_expired out_of_scope nonce_used nonce_too_far not_after
  account_frozen unknown_market unknown_asset market_state cascade_pending bad_size outside_band too_large insufficient_funds
  too_many_orders book_full would_trade no_price_to_slide cannot_fill trigger_due bad_combination expired_on_arrival
  unknown_order not_your_order dead_man_fired zero_amount not_dead nothing_to_do already_listed bad_parameter above_cap
  inbox_order too_many_accounts unfilled self_trade match_bound expired cancelled delisted other_leg forced replaced waiting
  resting filled returned unwound bad_message`.split(/\s+/);

const number = (value, length) => {
  const whole = BigInt(value);
  if (whole < 0n || whole >> BigInt(8 * length) !== 0n) throw new RangeError(`${value} does not fit ${length} bytes`);
  return Uint8Array.from({ length }, (_, at) => Number((whole >> BigInt(8 * at)) & 0xffn));
};
const word = (list, name) => {
  const at = list.indexOf(name);
  if (at < 0) throw new RangeError(`${name} is none of ${list.join(', ')}`);
  return number(at, 1);
};
const option = (value, write) => (value === undefined || value === null ? number(0, 1) : concat(number(1, 1), write(value)));
const fixed = (text, length) => {
  const bytes = fromHex(text);
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`);
  return bytes;
};

function order(words) {
  const trigger = (of) => concat(word(DIRECTIONS, of.direction), number(of.price, 6));
  return concat(
    number(words.market, 2),
    word(SIDES, words.side),
    word(KINDS, words.kind ?? 'limit'),
    word(TIMES, words.time_in_force ?? 'rest'),
    word(POST_ONLY, words.post_only ?? 'no'),
    word(SELF_TRADE, words.self_trade ?? 'cancel_newest'),
    number(words.price, 6),
    number(words.lots, 6),
    number(words.display ?? 0, 6),
    number(words.expires ?? NEVER, 6),
    option(words.trigger, trigger),
    number(words.client ?? 0, 8),
  );
}

function filter(words = {}) {
  return concat(
    option(words.market, (market) => number(market, 2)),
    option(words.side, (side) => word(SIDES, side)),
    option(words.prices, ([low, high]) => concat(number(low, 6), number(high, 6))),
  );
}

const COMMANDS = {
  place: (words) => [0, order(words.order)],
  cancel: (words) => [1, fixed(words.order, 16)],
  reduce: (words) => [2, fixed(words.order, 16), number(words.by, 6)],
  replace: (words) => [3, fixed(words.order, 16), number(words.price, 6), number(words.lots, 6)],
  cancel_all: (words) => [5, filter(words.filter)],
  withdraw: (words) => [10, number(words.asset, 2), number(words.amount, 8)],
  kill_switch: (words) => [11, number(words.stop ? 1 : 0, 1)],
  register_key: (words) => [
    12, number(words.slot, 1), fixed(words.public, 32), number(words.scopes, 1), number(words.expires ?? NEVER, 6),
  ],
  revoke_key: (words) => [13, number(words.slot, 1)],
  open_sub_account: () => [14],
};

function command(words) {
  const encode = COMMANDS[words.type];
  if (!encode) throw new RangeError(`the dashboard does not sign ${words.type}`);
  const [tag, ...fields] = encode(words);
  return concat(number(tag, 1), ...fields);
}

function signer(words) {
  return words.type === 'owner' ? number(1, 1) : concat(number(0, 1), number(words.slot, 1), number(words.epoch, 4));
}

/** The canonical bytes of a message in words. */
export function encodeMessage(words) {
  return concat(
    number(words.account, 4),
    signer(words.signer),
    number(words.nonce, 8),
    number(words.not_after ?? NEVER, 6),
    number(words.commands.length, 2),
    ...words.commands.map(command),
  );
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(length) {
    if (this.at + length > this.bytes.length) throw new RangeError(`ends ${this.at + length - this.bytes.length} bytes early`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A number in words: exact, whatever its width. */
  number(length) {
    return this.take(length).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n).toString();
  }

  word(list) {
    const at = Number(this.number(1));
    if (at >= list.length) throw new RangeError(`${at} is none of ${list.length} choices`);
    return list[at];
  }

  hex(length) {
    return toHex(this.take(length));
  }

  option(read) {
    return this.word([false, true]) ? read() : null;
  }
}

const FIELDS = {
  order: (reader) => reader.hex(16),
  account: (reader) => reader.number(4),
  lots: (reader) => reader.number(6),
  price: (reader) => reader.number(6),
  amount: (reader) => reader.number(8),
  asset: (reader) => reader.number(2),
  address: (reader) => reader.hex(20),
  reason: (reader) => reader.word(REASONS),
};

const EVENTS = [
  ['trade', { maker: 'order', taker: 'order', maker_account: 'account', taker_account: 'account', price: 'price', lots: 'lots',
    maker_remaining: 'lots', maker_fee: 'amount', maker_rebate: 'amount', taker_fee: 'amount' }],
  ['removed', { order: 'order', account: 'account', lots: 'lots', reason: 'reason' }],
  ['reduced', { order: 'order', remaining: 'lots' }],
  ['refilled', { order: 'order', rank: 'amount', visible: 'lots' }],
  ['fired', { order: 'order', account: 'account' }],
  ['placed', { order: 'order', account: 'account', client: 'amount', filled: 'lots', remaining: 'lots', reason: 'reason' }],
  ['refused', { account: 'account', client: 'amount', reason: 'reason' }],
  ['credited', { account: 'account', asset: 'asset', amount: 'amount' }],
  ['withdrawn', { index: 'amount', to: 'address', asset: 'asset', amount: 'amount' }],
  ['opened', { account: 'account', owner: 'address' }],
  ['cascade_pending', { market: 'asset' }],
];

/** A leaf of the receipts tree (SPEC B-34) in words: the receipt without its number, then its events. */
export function decodeLeaf(bytes) {
  const reader = new Reader(bytes);
  const receipt = {
    time: Number(reader.number(6)),
    account: reader.number(4),
    reason: reader.word(REASONS),
    order: reader.option(() => reader.hex(16)),
    client: reader.number(8),
    filled: reader.number(6),
    remaining: reader.number(6),
    events: [],
  };
  while (reader.at < bytes.length) {
    const [type, fields] = reader.word(EVENTS);
    const event = { type };
    for (const [name, kind] of Object.entries(fields)) event[name] = FIELDS[kind](reader);
    receipt.events.push(event);
  }
  return receipt;
}
