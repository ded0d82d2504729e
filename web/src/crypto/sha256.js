// SHA-256 by the browser, and the project's domains over it (docs/spec/signatures.md, G-1 and G-2).

import { concat, utf8 } from './bytes.js';

/** The hash of some bytes, given in parts. */
export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)));
}

/** HMAC-SHA-256. */
export async function hmac(key, ...parts) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, concat(...parts)));
}

/** A domain: an ASCII name that ends in its version, then zeros to 32 bytes. */
export function domain(name) {
  const bytes = new Uint8Array(32);
  bytes.set(utf8(name));
  return bytes;
}
