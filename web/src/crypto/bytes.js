// Bytes, and the ways they are written down.

/** Bytes of hexadecimal digits, with or without `0x`. */
export function fromHex(text) {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) throw new Error(`not hexadecimal: ${text.slice(0, 80)}`);
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** Lower-case hexadecimal digits after `0x`. */
export function toHex(bytes) {
  let text = '0x';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** One array out of several. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two arrays hold the same bytes. */
export function equal(left, right) {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

/** A big-endian number. */
export function toNumber(bytes) {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** A number as big-endian bytes; one that does not fit is an error. */
export function fromNumber(number, length) {
  const digits = number.toString(16).padStart(2 * length, '0');
  if (number < 0n || digits.length > 2 * length) throw new RangeError(`${number} does not fit ${length} bytes`);
  return fromHex(digits);
}

/** The bytes of a text in UTF-8. */
export function utf8(text) {
  return new TextEncoder().encode(text);
}
