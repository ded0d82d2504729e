// A book as the stream tells it, with the checks that show when something was missed (docs/api.md, "Books").

/** Levels of each side that the checksum covers. */
const CHECKED = 25;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of an ASCII text, as zlib has it. */
export function crc32(text) {
  let value = 0xffffffff;
  for (let at = 0; at < text.length; at += 1) value = (value >>> 8) ^ TABLE[(value ^ text.charCodeAt(at)) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}

/** Where a price is or belongs in levels that are sorted best first. */
function position(levels, price, descending) {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const before = descending ? levels[middle][0] > price : levels[middle][0] < price;
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

function change(levels, changes, descending) {
  for (const [text, lots] of changes) {
    const price = Number(text);
    const at = position(levels, price, descending);
    const present = levels[at]?.[0] === price;
    if (lots === '0') {
      if (present) levels.splice(at, 1);
    } else {
      levels.splice(at, present ? 1 : 0, [price, lots]);
    }
  }
}

/** One market's book. Levels are `[ticks, lots]`, best first; prices are below 2^47 and so exact as numbers, lots are as told. */
export class Book {
  constructor() {
    this.bids = [];
    this.asks = [];
    this.update = null;
  }

  /** Takes a snapshot or delta; says `ok`, or why the book has to be asked for again: `gap` or `checksum`. */
  apply(told) {
    if (told.type === 'book_delta') {
      if (told.previous !== this.update) return 'gap';
    } else {
      this.bids = [];
      this.asks = [];
    }
    change(this.bids, told.bids, true);
    change(this.asks, told.asks, false);
    this.update = told.update;
    return this.checksum() === told.checksum ? 'ok' : 'checksum';
  }

  /** The checksum of the best levels. */
  checksum() {
    let text = '';
    for (let at = 0; at < CHECKED; at += 1) {
      for (const levels of [this.bids, this.asks]) if (levels[at]) text += `${levels[at][0]}:${levels[at][1]};`;
    }
    return crc32(text);
  }
}
