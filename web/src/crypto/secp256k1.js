// The curve secp256k1: BIP-340 signatures of session keys, and ECDSA with recovery for the owner keys of development.
//
// The arithmetic takes a time that depends on its numbers. A key here lives in one tab, signs when a person clicks, and can
// trade but not withdraw, so nobody is placed to measure that time; a wallet's key never comes here.

import { concat, fromNumber, toNumber, utf8 } from './bytes.js';
import { hmac, sha256 } from './sha256.js';

const P = 2n ** 256n - 2n ** 32n - 977n;
/** The order of the group. */
export const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const G = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};

const mod = (value, modulus = P) => {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
};

function invert(value, modulus) {
  let [low, high, x, y] = [mod(value, modulus), modulus, 1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high, x, y] = [high % low, low, y - quotient * x, x];
  }
  if (low === 0n) throw new RangeError('zero has no inverse');
  return mod(x, modulus);
}

function power(base, exponent) {
  let result = 1n;
  for (let [square, left] = [mod(base), exponent]; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

// Points are { x, y, z } with x/z² and y/z³ their coordinates; z = 0 is the point at infinity.
const INFINITY = { x: 1n, y: 1n, z: 0n };

function double({ x, y, z }) {
  if (z === 0n) return INFINITY;
  const square = mod(y * y);
  const s = mod(4n * x * square);
  const m = mod(3n * x * x);
  const x3 = mod(m * m - 2n * s);
  return { x: x3, y: mod(m * (s - x3) - 8n * square * square), z: mod(2n * y * z) };
}

function add(left, right) {
  if (left.z === 0n) return right;
  if (right.z === 0n) return left;
  const leftSquare = mod(left.z * left.z);
  const rightSquare = mod(right.z * right.z);
  const u = mod(left.x * rightSquare);
  const s = mod(left.y * rightSquare * right.z);
  const h = mod(right.x * leftSquare - u);
  const r = mod(right.y * leftSquare * left.z - s);
  if (h === 0n) return r === 0n ? double(left) : INFINITY;
  const h2 = mod(h * h);
  const h3 = mod(h2 * h);
  const x = mod(r * r - h3 - 2n * u * h2);
  return { x, y: mod(r * (u * h2 - x) - s * h3), z: mod(h * left.z * right.z) };
}

function multiply(point, scalar) {
  let sum = INFINITY;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    sum = double(sum);
    if ((scalar >> bit) & 1n) sum = add(sum, point);
  }
  return sum;
}

function affine(point) {
  if (point.z === 0n) throw new RangeError('the point at infinity has no coordinates');
  const inverse = invert(point.z, P);
  const square = mod(inverse * inverse);
  return { x: mod(point.x * square), y: mod(point.y * square * inverse) };
}

const base = (scalar) => affine(multiply({ ...G, z: 1n }, scalar));

function scalarOf(secret) {
  const scalar = toNumber(secret);
  if (secret.length !== 32 || scalar === 0n || scalar >= N) throw new RangeError('not a secret key');
  return scalar;
}

/** A fresh secret key. */
export function freshSecret() {
  for (;;) {
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const scalar = toNumber(secret);
    if (scalar > 0n && scalar < N) return secret;
  }
}

/** The coordinates of a secret's point, 32 bytes each. */
export function publicPoint(secret) {
  const { x, y } = base(scalarOf(secret));
  return { x: fromNumber(x, 32), y: fromNumber(y, 32) };
}

async function tagged(tag, ...parts) {
  const hash = await sha256(utf8(tag));
  return sha256(hash, hash, ...parts);
}

/** A BIP-340 signature of 32 bytes, 64 bytes long; it was verified before it is returned. */
export async function schnorrSign(secret, message, aux = crypto.getRandomValues(new Uint8Array(32))) {
  const scalar = scalarOf(secret);
  const point = base(scalar);
  const even = point.y % 2n === 0n ? scalar : N - scalar;
  const x = fromNumber(point.x, 32);
  const mask = toNumber(await tagged('BIP0340/aux', aux));
  const masked = fromNumber(even ^ mask, 32);
  const drawn = toNumber(await tagged('BIP0340/nonce', masked, x, message)) % N;
  if (drawn === 0n) throw new Error('the nonce is zero; sign again');
  const nonce = base(drawn);
  const k = nonce.y % 2n === 0n ? drawn : N - drawn;
  const r = fromNumber(nonce.x, 32);
  const e = toNumber(await tagged('BIP0340/challenge', r, x, message)) % N;
  const signature = concat(r, fromNumber(mod(k + e * even, N), 32));
  if (!(await schnorrVerify(x, message, signature))) throw new Error('a signature made here does not verify');
  return signature;
}

/** Whether a BIP-340 signature is valid for a key's x coordinate (SPEC G-7). */
export async function schnorrVerify(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const x = toNumber(key);
  const [r, s] = [toNumber(signature.slice(0, 32)), toNumber(signature.slice(32))];
  if (x >= P || r >= P || s >= N) return false;
  const square = mod(x * x * x + 7n);
  const root = power(square, (P + 1n) / 4n);
  if (mod(root * root) !== square) return false;
  const y = root % 2n === 0n ? root : P - root;
  const e = toNumber(await tagged('BIP0340/challenge', signature.slice(0, 32), key, message)) % N;
  const sum = add(multiply({ ...G, z: 1n }, s), multiply({ x, y, z: 1n }, mod(N - e, N)));
  if (sum.z === 0n) return false;
  const point = affine(sum);
  return point.y % 2n === 0n && point.x === r;
}

/** An ECDSA signature `r ‖ s ‖ v` of a digest, with the nonce of RFC 6979 and a low `s` (SPEC G-13). */
export async function ecdsaSign(secret, digest) {
  const scalar = scalarOf(secret);
  const reduced = toNumber(digest) % N;
  for await (const k of nonces(secret, fromNumber(reduced, 32))) {
    const point = base(k);
    const r = point.x % N;
    const s = mod(invert(k, N) * (reduced + r * scalar), N);
    // A point beyond the group's order cannot be told by `v`; another nonce can.
    if (r === 0n || s === 0n || point.x >= N) continue;
    const high = s > N / 2n;
    const odd = (point.y % 2n === 1n) !== high;
    return concat(fromNumber(r, 32), fromNumber(high ? N - s : s, 32), Uint8Array.of(odd ? 28 : 27));
  }
  throw new Error('no nonce fits');
}

async function* nonces(secret, digest) {
  let key = new Uint8Array(32);
  let value = new Uint8Array(32).fill(1);
  for (const byte of [0, 1]) {
    key = await hmac(key, value, Uint8Array.of(byte), secret, digest);
    value = await hmac(key, value);
  }
  for (let tries = 0; tries < 64; tries += 1) {
    value = await hmac(key, value);
    const k = toNumber(value);
    if (k > 0n && k < N) yield k;
    key = await hmac(key, value, Uint8Array.of(0));
    value = await hmac(key, value);
  }
}

