// The project's frozen vectors, as tables of bytes in hexadecimal.

import { readFileSync } from 'node:fs';

/** The values of a file under `vectors/`, by name. */
export function vectors(path) {
  const text = readFileSync(new URL(`../../vectors/${path}`, import.meta.url), 'utf8');
  const pairs = text.split('\n').filter((line) => line.includes('=') && !line.startsWith('#'));
  return Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
