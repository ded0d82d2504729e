// Numbers for people. The exchange counts ticks, lots and units; nothing here rounds unless it says so.

const ten = (exponent) => 10n ** BigInt(exponent);
/** Digits after the point that a price or size may have on the screen. */
const DIGITS_MAX = 12;

/** Whole units with a point `decimals` digits from the right; trailing zeros go down to `least` digits. */
export function formatUnits(units, decimals, least = 0) {
  const value = BigInt(units);
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const whole = group(digits.slice(0, digits.length - decimals));
  let rest = decimals === 0 ? '' : digits.slice(digits.length - decimals);
  while (rest.length > least && rest.endsWith('0')) rest = rest.slice(0, -1);
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`;
}

/** Wei as ether, cut to billionths. */
export function ether(wei) {
  return `${formatUnits(BigInt(wei) / ten(9), 9)} ether`;
}

/** Digits in groups of three. */
export function group(digits) {
  return String(digits).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The whole units of a text such as `1,234.5`; an error says what is wrong with it. */
export function parseUnits(text, decimals) {
  const cleaned = text.trim().replaceAll(',', '');
  if (!/^\d*\.?\d*$/.test(cleaned) || !/\d/.test(cleaned)) throw new RangeError('Write a number, such as 12.5.');
  const [whole, rest = ''] = cleaned.split('.');
  const kept = rest.replace(/0+$/, '');
  if (kept.length > decimals) throw new RangeError(`At most ${decimals} digits after the point.`);
  return BigInt(`${whole || '0'}${kept.padEnd(decimals, '0')}`);
}

/** How a market's ticks and lots read as prices and sizes. */
export class Scale {
  constructor(market, base, quote) {
    this.market = market;
    this.base = base;
    this.quote = quote;
    // One tick is `numerator / denominator` whole quote assets per whole base asset.
    this.numerator = BigInt(market.quote_per_tick) * ten(base.decimals);
    this.denominator = BigInt(market.base_per_lot) * ten(quote.decimals);
    this.priceDigits = digitsFor(this.numerator, this.denominator);
    this.sizeDigits = digitsFor(BigInt(market.base_per_lot), ten(base.decimals));
  }

  /** A price in ticks. */
  price(ticks) {
    return formatUnits((BigInt(ticks) * this.numerator * ten(this.priceDigits)) / this.denominator, this.priceDigits, this.priceDigits);
  }

  /** A size in lots. */
  size(lots) {
    const units = BigInt(lots) * BigInt(this.market.base_per_lot);
    return formatUnits((units * ten(this.sizeDigits)) / ten(this.base.decimals), this.sizeDigits, this.sizeDigits);
  }

  /** The ticks of a price as a person writes it. */
  ticks(text) {
    const written = parseUnits(text, DIGITS_MAX) * this.denominator;
    const tick = this.numerator * ten(DIGITS_MAX);
    if (written % tick !== 0n) throw new RangeError(`Prices come in steps of ${this.price(1)}.`);
    if (written === 0n) throw new RangeError('A price is above zero.');
    return written / tick;
  }

  /** The lots of a size as a person writes it. */
  lots(text) {
    const units = parseUnits(text, DIGITS_MAX) * ten(this.base.decimals);
    const lot = BigInt(this.market.base_per_lot) * ten(DIGITS_MAX);
    if (units % lot !== 0n) throw new RangeError(`Sizes come in steps of ${this.size(1)}.`);
    if (units === 0n) throw new RangeError('A size is above zero.');
    return units / lot;
  }

  /** What so many lots cost at a price, in units of the quote asset. */
  cost(ticks, lots) {
    return BigInt(ticks) * BigInt(lots) * BigInt(this.market.quote_per_tick);
  }
}

/** The fewest digits after the point that write a step exactly. */
function digitsFor(numerator, denominator) {
  for (let digits = 0; digits < DIGITS_MAX; digits += 1) if ((numerator * ten(digits)) % denominator === 0n) return digits;
  return DIGITS_MAX;
}

/** A moment as its time of day. */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString('en-GB', { hour12: false });
}

/** A moment with its day, for histories. */
export function moment(ms) {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}

/** A length of time, rounded to what one reads. */
export function duration(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

/** A word of the protocol, such as `insufficient_funds`, as people write it. */
export function words(name) {
  const text = String(name).replaceAll('_', ' ').replaceAll('-', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The two ends of a long hexadecimal text. */
export function short(hex, kept = 6) {
  return hex.length <= 2 * kept + 3 ? hex : `${hex.slice(0, kept + 2)}…${hex.slice(-kept)}`;
}

/** A number of bytes. */
export function bytes(count) {
  const value = Number(count);
  if (value < 1_024) return `${value} B`;
  return value < 1_048_576 ? `${(value / 1_024).toFixed(1)} KiB` : `${(value / 1_048_576).toFixed(1)} MiB`;
}

/** Why something was not done, as a sentence that says what to do. */
const HINTS = {
  insufficient_funds: 'Free funds do not cover it. Cancel an order, deposit, or make it smaller.',
  outside_band: 'The price is too far from the market\'s reference price. Choose one nearer to the last trade.',
  bad_size: 'The size is below or above what this market takes.',
  would_trade: 'A post-only order would have traded at once. Choose a price that rests, or allow taking.',
  unfilled: 'Nothing more was to be had at this price, so the rest was cancelled.',
  cannot_fill: 'It cannot be filled in full, so nothing was traded.',
  unknown_key: 'The session key is gone: it was revoked or replaced. Make a new one.',
  key_expired: 'The session key has ended. Make a new one.',
  market_state: 'The market does not take this now.',
  trigger_due: 'The trigger\'s condition already holds; place the order directly.',
  unknown_order: 'The order is already gone.',
  account_frozen: 'Trading of this account is stopped.',
};

/** What a reason means for the person who gave the command. */
export function hint(reason) {
  return HINTS[reason] ?? '';
}
