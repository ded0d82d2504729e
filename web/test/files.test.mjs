import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const sources = readdirSync(new URL('../src/', import.meta.url), { recursive: true }).filter((name) => name.endsWith('.js')).map((name) => `/src/${name}`).sort();

test('the binary embeds every file, and no other', () => {
  const listed = [...read('app/src/dashboard.rs').matchAll(/^ {4}"(\/[^"]+)",$/gm)].map(([, path]) => path).sort();
  assert.deepEqual(listed, [...sources, '/favicon.svg', '/light.wasm', '/style.css'].sort());
});

/** What is fetched only once a proof is to be checked, by a thread of its own. */
const LATER = ['/src/starkworker.js', '/src/verifier.js'];

test('the page asks for every module at once, and for nothing from elsewhere', () => {
  const page = read('web/index.html');
  const preloaded = [...page.matchAll(/modulepreload" href="([^"]+)"/g)].map(([, path]) => path);
  assert.deepEqual([...preloaded, ...LATER, '/src/main.js'].sort(), sources);
  for (const path of ['/index.html', '/style.css', ...sources]) {
    const outside = [...read(`web${path}`).matchAll(/https?:\/\/[a-z0-9.-]+/gi)].map(([url]) => url).filter((url) => url !== 'http://www.w3.org');
    assert.deepEqual(outside, [], path);
  }
});

test('files stay short', () => {
  for (const path of sources) assert.ok(read(`web${path}`).split('\n').length < 300, path);
});

/** What a page may weigh, compressed file by file as a server sends it; the verifier's WebAssembly comes only when a proof is checked. */
const BYTES_MAX = 500_000;

test('everything that a page loads is below 500 KB compressed', () => {
  const bytes = ['/index.html', '/style.css', '/favicon.svg', ...sources].map((path) => gzipSync(readFileSync(new URL(`../../web${path}`, import.meta.url)), { level: 9 }).length);
  const sum = bytes.reduce((all, one) => all + one, 0);
  assert.ok(sum > 10_000 && sum < BYTES_MAX, `${sum} bytes`);
});
