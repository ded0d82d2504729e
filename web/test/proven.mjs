// 'Was the batch proven?' in a real browser: the committed proof of vectors/sp1, whole, altered, of other kinds, and on browsers that cannot check it.
//
// Run by .ci/web, with the variables that browser.mjs has. The files come from the disk, with the headers that a node gives them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { PROGRAM, PROOF, altered, fileOf } from './shown.mjs';
import { ShownNode } from './shownnode.mjs';

const require = createRequire(join(process.env.ASHLAR_NODE_MODULES, 'none.js'));
const { chromium } = require('playwright-core');
const axe = require('axe-core');
const SHOTS = process.env.ASHLAR_SHOTS;
const RELEASED = readFileSync(new URL('../src/program.js', import.meta.url), 'utf8');

let node;
let files;
let browser;
let base;

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  node = await ShownNode.start();
  files = spawn(process.execPath, [fileURLToPath(new URL('serve.mjs', import.meta.url)), node.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  base = await new Promise((done) => files.stdout.once('data', (text) => done(String(text).trim())));
  browser = await chromium.launch({ executablePath: process.env.ASHLAR_CHROMIUM, args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  files?.kill();
  node?.stop();
});

/** The page of the batch. The vector is of its own program, which takes the place of the release's unless a test wants that one. */
async function look({ file = fileOf(), program = RELEASED.replace(/(PROGRAM = ')\w+/, `$1${PROGRAM}`), prepare = () => {}, colorScheme = 'light', width = 1440 } = {}) {
  node.file = file;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.asked = [];
  page.complaints = [];
  context.on('request', (request) => page.asked.push(new URL(request.url()).pathname));
  page.on('pageerror', (error) => page.complaints.push(error.stack));
  page.on('console', (message) => { if (message.type() === 'error') page.complaints.push(`${message.text()} ${message.location().url}`); });
  await page.routeWebSocket(/\/v1\/stream$/, (socket) => socket.onMessage((text) => { if (JSON.parse(text).op === 'ping') socket.send('{"type":"pong"}'); }));
  await context.route('**/src/program.js', (route) => route.fulfill({ body: program, contentType: 'text/javascript' }));
  await prepare(context, page);
  await page.goto(`${base}#/proofs/batch/${node.batch.number}`);
  await page.getByRole('button', { name: 'Check the proof in this browser' }).waitFor();
  return page;
}

/** Presses the button; what is said of the whole, of each step, and of the STARK. */
async function checked(page) {
  await page.getByRole('button', { name: 'Check the proof in this browser' }).click();
  const verdict = page.locator('.verdict[data-proven]');
  await verdict.and(page.locator(':visible')).waitFor();
  const steps = await page.locator('[data-step]').evaluateAll((items) => items.map(({ dataset }) => [dataset.step, dataset.state, dataset.word]));
  return { proven: await verdict.getAttribute('data-proven'), word: await verdict.getAttribute('data-word'), steps, stark: await page.locator('[data-step=STARK]').innerText() };
}

/** Looks, checks, and goes away. */
async function outcome(options) {
  const page = await look(options);
  const { proven, word, stark } = await checked(page);
  await page.context().close();
  return { said: `${proven}, ${word}`, stark };
}

test('a real proof is checked in the browser, down to its STARK', async () => {
  const page = await look();
  assert.ok(!page.asked.includes('/light.wasm') && !page.asked.includes('/src/starkworker.js'), 'nothing is fetched before somebody asks');
  const times = [];
  for (const turn of ['first', 'second', 'third']) {
    const { proven, steps, stark } = await checked(page);
    assert.equal(proven, 'verified', stark);
    assert.deepEqual(steps.filter(([name]) => name !== 'L1').map(([, state]) => state), Array(5).fill('verified'), turn);
    times.push(Number(stark.match(/checked in this browser in (\d+) ms/)[1]));
  }
  assert.equal(page.asked.filter((path) => path === '/light.wasm').length, 1, 'the verifier is fetched once');
  console.log(`STARK checked by Chromium in ${times.join(', ')} ms`);
  await page.screenshot({ path: join(SHOTS, 'proven-1440-light.png'), fullPage: true });
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test('an altered proof is refused, and the page goes on', async () => {
  const page = await look({ file: fileOf({ proof: altered(PROOF, 700_000) }) });
  const refused = await checked(page);
  assert.deepEqual([refused.proven, refused.word], ['failed', 'invalid_proof'], refused.stark);
  await page.screenshot({ path: join(SHOTS, 'proven-altered-1440-light.png'), fullPage: true });
  node.file = fileOf();
  assert.equal((await checked(page)).proven, 'verified');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
  assert.equal((await outcome({ file: fileOf({ proof: PROOF.slice(0, -1) }) })).said, 'failed, malformed_proof');
  assert.equal((await outcome({ file: altered(fileOf(), 100) })).said, 'failed, no_file_of_a_proof');
});

test('a proof of another program than the release\'s is refused, whatever its file says', async () => {
  const other = PROGRAM.replace(/..$/, PROGRAM.endsWith('01') ? '02' : '01');
  const release = RELEASED.replace(/(PROGRAM = ')\w+/, `$1${other}`);
  assert.equal((await outcome({ program: release })).said, 'failed, wrong_program');
  const { said, stark } = await outcome({ program: release, file: fileOf({ program: other }) });
  assert.equal(said, 'failed, wrong_program');
  assert.match(stark, /The proof is of another program/);
});

test('what this page does not check is said in words', async () => {
  assert.equal((await outcome({ file: fileOf({ kind: 0, backend: 'execute', proof: new Uint8Array() }) })).said, 'absent, execution_only');
  assert.equal((await outcome({ file: fileOf({ kind: 7 }) })).said, 'absent, no_verifier');
  assert.equal((await outcome({ file: null })).said, 'absent, no_file');
});

test('a browser or a node that cannot check says so, and nothing else', async () => {
  const cannot = async (prepare, why) => {
    const { said, stark } = await outcome({ prepare });
    assert.equal(said, 'absent, could_not_be_checked', stark);
    assert.match(stark, why);
  };
  // Whoever turns WebAssembly off turns it off on every thread.
  await cannot((context) => context.route('**/src/starkworker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `delete globalThis.WebAssembly;\n${await response.text()}` });
  }), /runs no WebAssembly/);
  await cannot((context) => context.route('**/light.wasm', (route) => route.fulfill({ status: 404, body: '' })), /answered 404/);
  await cannot((context) => context.route('**/light.wasm', (route) => route.fulfill({ body: 'another one', contentType: 'application/wasm' })), /sent another one/);
  await cannot((context) => context.route('**/src/starkworker.js', (route) => route.fulfill({ status: 404, body: '' })), /thread stopped/);
  await cannot((_, page) => page.addInitScript(() => { delete globalThis.Worker; }), /thread could not be started/);
});

test('it fits a phone and has no serious finding of axe', async () => {
  const page = await look({ width: 375, colorScheme: 'dark' });
  assert.equal((await checked(page)).proven, 'verified');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  await page.screenshot({ path: join(SHOTS, 'proven-375-dark.png'), fullPage: true });
  await page.context().close();
});
