// The dashboard in a real browser, on a real node: what a person does, and what a person sees.
//
// Run by .ci/web, which sets ASHLAR_BIN, ASHLAR_NODE_MODULES, ASHLAR_CHROMIUM and ASHLAR_SHOTS. With ASHLAR_WEB=disk, the
// files come from the disk by serve.mjs instead of out of the binary.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { fromHex } from '../src/crypto/bytes.js';
import { Exchange } from './node.mjs';
import { PROGRAM, PROOF, VALUES } from './shown.mjs';

const require = createRequire(join(process.env.ASHLAR_NODE_MODULES, 'none.js'));
const { chromium } = require('playwright-core');
const axe = require('axe-core');
const SHOTS = process.env.ASHLAR_SHOTS;
const PATIENCE_MS = 90_000;
const PAGES = ['trade', 'proofs', 'l1', 'da', 'health'];

let exchange;
let files;
let browser;
let base;
let desk;
// A command since the node's last start, which it holds the evidence of.
let recent;

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  exchange = await Exchange.start();
  base = `${exchange.url}/`;
  if (process.env.ASHLAR_WEB === 'disk') {
    files = spawn(process.execPath, [fileURLToPath(new URL('serve.mjs', import.meta.url)), exchange.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    base = await new Promise((done) => files.stdout.once('data', (text) => done(String(text).trim())));
  }
  browser = await chromium.launch({ executablePath: process.env.ASHLAR_CHROMIUM, args: ['--no-sandbox'] });
  desk = await open(1440, 'light');
});

after(async () => {
  await browser?.close();
  files?.kill();
  await exchange?.clear();
});

/** A page of its own, with what its console complains about. */
async function open(width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.complaints.push(`${message.text()} ${message.location().url}`); });
  page.on('pageerror', (error) => page.complaints.push(error.stack));
  page.on('request', (request) => { if (!request.url().startsWith(base)) page.complaints.push(`asked elsewhere: ${request.url()}`); });
  return page;
}

const visit = async (page, path) => {
  await page.goto(`${base}#/${path}`);
  await page.locator('#line.live').waitFor();
};
const shot = (page, name) => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
const SENDING = /^Signing and sending/;
/** How often a market order is sent until it is filled: what the demo's traders offer at a moment is drawn by lot. */
const TAKES_MAX = 20;

/** What the ticket answers in the end to the order that was just sent. */
async function answered(page) {
  const place = page.locator('.ticket .answer');
  try {
    await place.filter({ hasText: /\S/ }).filter({ hasNotText: SENDING }).waitFor();
  } catch (error) {
    throw new Error(`the ticket gave no final answer and says “${await place.innerText()}”`, { cause: error });
  }
  return place.innerText();
}

/** The ticket's final answer has to be this one; another is in the message. */
async function answer(page, pattern) {
  assert.match(await answered(page), pattern);
}

async function fund(page) {
  await visit(page, 'trade');
  await page.getByRole('button', { name: 'Start with development funds' }).click();
  await page.locator('#size').waitFor();
}

async function order(page, { side = 'Buy', kind = 'limit', price, size }) {
  await page.locator(`.side.${side.toLowerCase()} input`).check({ force: true });
  await page.locator('#kind').selectOption(kind);
  if (price) await page.locator('#price').fill(price);
  await page.locator('#size').fill(size);
  await page.getByRole('button', { name: `${side} ETH` }).click();
}

/** Waits until the ladder shows something that an order of this side can take. */
const offered = (page, side) => page.locator(`.ladder tr.${side === 'Buy' ? 'sell' : 'buy'} .price`).filter({ hasText: /\d/ }).first().waitFor({ state: 'attached' });

/** A market order until one is filled in full. Somebody else may be quicker, or too little may be there: then it is sent again, as a person would. */
async function take(page, { side = 'Buy', size }) {
  const heard = [];
  while (heard.length < TAKES_MAX) {
    await offered(page, side);
    await order(page, { side, kind: 'market', size });
    const text = await answered(page);
    if (/^Filled\. /.test(text)) return;
    // Any other answer is no matter of luck.
    assert.match(text, /^(Unfilled|Filled in part)/);
    heard.push(text);
    await page.waitForTimeout(250);
  }
  assert.fail(`none of ${TAKES_MAX} market orders was filled: ${heard.join(' | ')}`);
}

/** Presses a button of the account's panel and waits until it is done, since the panel does one thing at a time. */
async function press(page, button) {
  await button.click();
  await page.locator('.account[aria-busy=false]').waitFor();
}

test('a fresh browser gets funds and a key, and an order of it matches', async () => {
  await fund(desk);
  // Whoever starts has every coin that the faucet gives, whichever block of L1 each came in.
  await desk.getByRole('region', { name: 'Balances' }).locator('tbody tr').nth(2).waitFor();
  await take(desk, { size: '0.01' });
  await desk.getByRole('tab', { name: 'Fills' }).click();
  await desk.locator('#own tbody tr').first().waitFor();
  assert.match(await desk.locator('#own tbody').innerText(), /Taker/);
  assert.match(await desk.locator('.account').innerText(), /USDX/);
});

test('what is signed is what the node would encode', async () => {
  const same = await desk.evaluate(async () => {
    const { encodeMessage } = await import('/src/wire.js');
    const { toHex } = await import('/src/crypto/bytes.js');
    const { sessionDigest } = await import('/src/keys.js');
    const { typedData, typedDigest } = await import('/src/typed.js');
    const venue = await (await fetch('/v1/venue')).json();
    const ask = async (words) => (await fetch('/v1/messages/digest', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(words) })).json();
    const order = { market: 0, side: 'sell', price: '300000', lots: '5', post_only: 'slide', display: '2', client: '77', trigger: { direction: 'rises', price: '9' } };
    const session = { account: 3, signer: { type: 'session', slot: 1, epoch: 4 }, nonce: '18446744073709551615', not_after: 1_700_000_000_000, commands: [{ type: 'place', order }, { type: 'cancel_all', filter: { market: 0 } }] };
    const owner = { account: 3, signer: { type: 'owner' }, nonce: '7', not_after: null, commands: [{ type: 'register_key', slot: 2, public: `0x${'ab'.repeat(32)}`, scopes: 3, expires: null }] };
    const [one, two] = [await ask(session), await ask(owner)];
    return [
      one.message === toHex(encodeMessage(session)), one.digest === toHex(await sessionDigest(venue.exchange, encodeMessage(session))),
      two.message === toHex(encodeMessage(owner)), two.digest === toHex(typedDigest(await typedData(owner, venue))),
    ];
  });
  assert.deepEqual(same, [true, true, true, true]);
});

test('an order rests, is seen, and is cancelled', async () => {
  await desk.getByRole('tab', { name: 'Open orders' }).click();
  await order(desk, { price: '2500.00', size: '0.1' });
  await answer(desk, /^Resting/);
  const cancel = desk.getByRole('button', { name: 'Cancel Buy 0.100 at 2,500.00', exact: false }).or(desk.getByRole('button', { name: /Cancel buy 0\.100 at 2,500\.00/ }));
  await cancel.waitFor();
  await shot(desk, 'trade-1440-light');
  await cancel.click();
  await desk.locator('.orders .answer').filter({ hasText: /Done|Cancelled/ }).waitFor();
  await desk.getByText('No open order.').waitFor();
});

test('what is wrong is said beside the field, and nothing is sent', async () => {
  await order(desk, { price: '2500.001', size: '0.1' });
  await answer(desk, /steps of 0\.01/);
  assert.equal(await desk.locator('#price').getAttribute('aria-invalid'), 'true');
  await order(desk, { price: '2500', size: '1000' });
  await answer(desk, /Insufficient funds/);
});

test('a command is followed to final and its proof checked in the browser', async () => {
  await take(desk, { side: 'Sell', size: '0.01' });
  await desk.locator('.ticket .answer a').click();
  await desk.locator('[data-verified=yes][data-stage=final]').waitFor();
  const text = await desk.locator('main').innerText();
  assert.match(text, /The leaf and its path lead to the receipts root/);
  assert.match(text, /Trade\s+0\.0\d+ ETH at/);
  assert.equal(await desk.locator('.checks li.good').count(), 6);
  await shot(desk, 'command-1440-light');
});

test('a proof that was tampered with is refused', async () => {
  const path = desk.url().split('#')[1];
  await desk.route('**/rpc', async (route) => {
    const answers = await (await route.fetch()).json();
    for (const { result } of answers) {
      if (result?.leaf) result.leaf = result.leaf.replace(/^0x../, (byte) => `0x${(Number.parseInt(byte.slice(2), 16) ^ 1).toString(16).padStart(2, '0')}`);
    }
    await route.fulfill({ json: answers });
  });
  await desk.goto(`${base}#/proofs`);
  await desk.goto(`${base}#${path}`);
  await desk.locator('[data-verified=no]').waitFor();
  await desk.unroute('**/rpc');
});

test('the page is used by keyboard alone', async () => {
  await desk.goto('about:blank');
  await visit(desk, 'trade');
  await desk.locator('#size').waitFor();
  await desk.keyboard.press('Tab');
  assert.equal(await desk.evaluate(() => document.activeElement.id), 'skip');
  await desk.locator('.side.buy input').focus();
  await desk.keyboard.press('ArrowRight');
  await desk.getByRole('button', { name: 'Sell ETH' }).waitFor();
  await desk.keyboard.press('ArrowLeft');
  await desk.locator('#price').fill('2400');
  await desk.locator('#size').focus();
  await desk.keyboard.type('0.05');
  await desk.keyboard.press('Enter');
  await answer(desk, /^Resting/);
  await desk.getByRole('tab', { name: 'Open orders' }).focus();
  await desk.keyboard.press('ArrowRight');
  assert.equal(await desk.evaluate(() => document.activeElement.textContent), 'Fills');
  await desk.getByRole('button', { name: 'Cancel all' }).click();
  await desk.locator('.orders .answer').filter({ hasText: /Done|Cancelled/ }).waitFor();
  assert.deepEqual(desk.complaints, []);
});

test('the node serves the verifier of proofs, which checks a real one under the policy that the node sets', async () => {
  const said = await desk.evaluate(async (sent) => {
    const { checkStark } = await import('/src/stark.js');
    const of = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const [program, values, proof] = sent.map(of);
    const type = (await fetch('/light.wasm', { method: 'HEAD' })).headers.get('content-type');
    const whole = await checkStark(program, values, proof);
    proof[proof.length >> 1] ^= 1;
    const late = await checkStark(program, values, proof, 0);
    return [type, whole.word, (await checkStark(program, values, proof)).word, late.word, late.reason];
  }, [fromHex(PROGRAM), VALUES, PROOF].map((bytes) => Buffer.from(bytes).toString('base64')));
  assert.deepEqual(said, ['application/wasm', 'proven', 'invalid_proof', 'could_not_be_checked', 'the verifier did not answer within 0 s']);
});

test('the data of a batch is sampled in the browser', async () => {
  await visit(desk, 'da');
  const button = desk.getByRole('button', { name: 'Sample it yourself' });
  await desk.locator('tbody tr', { hasText: 'Available' }).first().waitFor();
  await button.click();
  await desk.locator('.verdict').filter({ hasText: /^✓ Batch \d+: \d+ of its \d+ rows came/ }).waitFor();
  await shot(desk, 'da-sampled-1440-light');
  // Where the tests after this one go on.
  await visit(desk, 'trade');
});

test('a session key is made with what it may do and for how long, and one that may not trade is shown and not kept', async () => {
  const rows = desk.getByRole('region', { name: 'Session keys' }).locator('tbody tr');
  const made = desk.getByRole('button', { name: 'New session key' });
  await desk.getByLabel('Withdraw to the owner').check();
  await desk.getByLabel('It ends').selectOption('in an hour');
  await press(desk, made);
  const limited = rows.filter({ hasText: 'trade, cancel, withdraw until' });
  await limited.waitFor();
  assert.match(await limited.innerText(), /\(here\)/);
  await desk.getByLabel('Withdraw to the owner').uncheck();
  await desk.getByLabel('Trade', { exact: true }).uncheck();
  await desk.getByLabel('It ends').selectOption('never');
  await press(desk, made);
  const shown = desk.locator('.account .answer').filter({ hasText: /Its secret is shown here and nowhere else: 0x[0-9a-f]{64}/ });
  await shown.waitFor();
  const secret = /0x[0-9a-f]{64}/.exec(await shown.innerText())[0];
  assert.equal(await desk.evaluate((text) => Object.values(localStorage).some((kept) => kept.includes(text)), secret), false, 'it is kept nowhere');
  await rows.locator('td', { hasText: /^cancel$/ }).waitFor();
  // The key that trades is still the one from before.
  await order(desk, { price: '2410', size: '0.05' });
  await answer(desk, /^Resting/);
  await desk.getByLabel('Cancel', { exact: true }).uncheck();
  await press(desk, made);
  await desk.locator('.account .answer.bad').filter({ hasText: 'may do nothing' }).waitFor();
  for (const name of ['Trade', 'Cancel']) await desk.getByLabel(name, { exact: true }).check();
  for (const slot of [1, 2]) {
    const revoke = desk.getByRole('button', { name: `Revoke the key in slot ${slot}` });
    if (slot === 1) await shot(desk, 'keys-1440-light');
    await press(desk, revoke);
    await revoke.waitFor({ state: 'detached' });
  }
  await desk.getByRole('button', { name: 'Make a session key' }).click();
  await desk.locator('#size').waitFor();
});

test('a wallet is connected, signs for a session key as EIP-712 has it, and its owner trades', async () => {
  const page = await open(1440, 'light');
  // As wallets are: it shows itself before the page begins, knows one account, and signs typed data alone.
  await page.addInitScript((secret) => {
    const own = async () => {
      const [{ addressOf }, { fromHex }] = await Promise.all([import('/src/keys.js'), import('/src/crypto/bytes.js')]);
      return addressOf(fromHex(secret));
    };
    globalThis.asked = [];
    globalThis.refuses = true;
    globalThis.ethereum = {
      async request({ method, params }) {
        globalThis.asked.push({ method, params });
        if (globalThis.refuses) throw Object.assign(new Error('User rejected the request.'), { code: 4001 });
        if (method === 'eth_requestAccounts') return [await own()];
        if (method !== 'eth_signTypedData_v4') throw Object.assign(new Error(`${method} is not supported`), { code: 4200 });
        const [address, text] = params;
        if (address !== await own()) throw Object.assign(new Error('another account'), { code: 4100 });
        const [{ typedDigest }, { ecdsaSign }, { fromHex, toHex }] = await Promise.all(['/src/typed.js', '/src/crypto/secp256k1.js', '/src/crypto/bytes.js'].map((path) => import(path)));
        return toHex(await ecdsaSign(fromHex(secret), typedDigest(JSON.parse(text))));
      },
    };
  }, `0x${randomBytes(32).toString('hex')}`);
  await visit(page, 'trade');
  await page.getByRole('button', { name: 'Connect a wallet' }).click();
  await page.locator('.setup + .answer.bad').filter({ hasText: 'User rejected the request.' }).waitFor();
  await page.evaluate(() => { globalThis.refuses = false; });
  await page.getByRole('button', { name: 'Connect a wallet' }).click();
  await page.getByRole('button', { name: 'Ask the faucet' }).click();
  await page.locator('#size').waitFor();
  await take(page, { size: '0.01' });
  assert.doesNotMatch(await page.locator('.account').innerText(), /development key/);
  const asked = await page.evaluate(() => globalThis.asked);
  assert.deepEqual(asked.map(({ method }) => method), ['eth_requestAccounts', 'eth_requestAccounts', 'eth_signTypedData_v4'], 'it is asked for nothing else');
  const data = JSON.parse(asked.at(-1).params[1]);
  const venue = await page.evaluate(async () => (await fetch('/v1/venue')).json());
  assert.deepEqual([data.primaryType, data.domain.name, data.domain.chainId, data.domain.verifyingContract, data.message.scopes], ['RegisterKey', 'Ashlar', venue.chain_id, venue.settlement, 3]);
  assert.equal(await page.evaluate(() => Object.values(localStorage).some((kept) => /"kind":"wallet"/.test(kept) && !/"owner":\{[^}]*"secret"/.test(kept))), true, 'the page keeps no key of the wallet');
  await shot(page, 'wallet-1440-light');
  // Another visit knows whose wallet it is, and trades by the same key.
  await page.reload();
  await page.locator('#line.live').waitFor();
  await order(page, { price: '2400', size: '0.05' });
  await answer(page, /^Resting/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test('what L1 cost, what is on its way there and who keeps the data is shown', async () => {
  const page = await open(1440, 'light');
  await visit(page, 'l1');
  const costs = page.getByRole('region', { name: 'Transactions of the last batches' });
  // What the newest transaction cost may be known a moment after it.
  assert.match(await costs.locator('tbody tr', { hasText: /\d+ ether/ }).first().innerText(), /\d{2,3},\d{3}/, 'gas');
  assert.match(await page.locator('.figures').first().textContent(), /Reorgs seen since the start\s*none/);
  await page.getByText('Gas used since the start').waitFor();
  await shot(page, 'l1-submissions-1440-light');
  await page.goto(`${base}#/proofs/batch/1`);
  const steps = page.getByRole('region', { name: 'Transactions on L1' });
  await steps.locator('tbody tr', { hasText: /Final.*ether/ }).waitFor();
  await visit(page, 'da');
  const stores = page.getByRole('region', { name: 'Stores' });
  await stores.locator('tbody tr', { hasText: '✓ Good' }).first().waitFor();
  assert.equal(await stores.locator('tbody tr').count(), 4);
  await shot(page, 'da-custody-1440-light');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test('the tip comes over the stream, and the node is not asked for it again and again', async () => {
  const page = await open(1440, 'light');
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await visit(page, 'proofs');
  const next = () => page.locator('.figures dd').first().innerText();
  const before = await next();
  await page.waitForFunction((text) => document.querySelector('.figures dd').innerText !== text, before);
  asked.length = 0;
  await page.waitForTimeout(3_000);
  assert.deepEqual(asked.filter((path) => path === '/v1/tip'), []);
  await page.context().close();
});

test('session keys are made and revoked', async () => {
  const revoke = desk.getByRole('button', { name: 'Revoke the key in slot 0' });
  const keys = desk.getByRole('button', { name: /^Revoke the key in slot/ });
  const before = await keys.count();
  await press(desk, desk.getByRole('button', { name: 'New session key' }));
  await keys.nth(before).waitFor();
  await press(desk, revoke);
  await revoke.waitFor({ state: 'detached' });
  await order(desk, { price: '2400', size: '0.05' });
  await answer(desk, /^Resting/);
});

test('a node that restarts is found again, with the account and the book as they were', async () => {
  await exchange.stop();
  await desk.locator('#disconnected').waitFor();
  await shot(desk, 'disconnected-1440-light');
  await exchange.run();
  await desk.locator('#line.live').waitFor();
  await desk.locator('#disconnected').waitFor({ state: 'hidden' });
  // What a browser says about a node that is away is not a fault of the page.
  desk.complaints.length = 0;
  await order(desk, { price: '2450', size: '0.02' });
  await answer(desk, /^Resting/);
  // One side may be empty for a moment: traders who come back cancel and quote by chance.
  await desk.locator('.ladder .middle').filter({ hasText: /^Spread/ }).waitFor();
  recent = (await desk.locator('.ticket .answer a').getAttribute('href')).split('/').at(-1);
  assert.deepEqual(desk.complaints, []);
});

test('every page fits a phone, where orders are placed too', async () => {
  const phone = await open(375, 'dark');
  await fund(phone);
  await take(phone, { size: '0.01' });
  for (const name of PAGES) {
    await visit(phone, name);
    await phone.waitForTimeout(1_500);
    const [wide, room] = await phone.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${name} is ${wide} wide on ${room}`);
    await shot(phone, `${name}-375-dark`);
  }
  assert.deepEqual(phone.complaints, []);
  await phone.context().close();
});

test('no page has a serious finding of axe, in light or dark', async () => {
  for (const scheme of ['light', 'dark']) {
    await desk.emulateMedia({ colorScheme: scheme });
    for (const name of [...PAGES, 'proofs/batch/1', `proofs/command/${recent}`]) {
      await visit(desk, name);
      await desk.waitForTimeout(1_500);
      if (name.includes('command')) await desk.locator('[data-verified=yes]').waitFor();
      await desk.evaluate(axe.source);
      const { violations } = await desk.evaluate(() => globalThis.axe.run());
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      const said = serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      assert.deepEqual(said, [], `${name}, ${scheme}`);
      await shot(desk, `${name.replace(`/${recent}`, '').replaceAll('/', '-')}-1440-${scheme}`);
    }
  }
});

test('the first paint is under a second, and book updates leave room in their frames', async () => {
  const page = await open(1440, 'light');
  await visit(page, 'trade');
  await offered(page, 'Buy');
  await page.waitForTimeout(1_000);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
  const cost = await page.evaluate(async () => {
    const { Book } = await import('/src/book.js');
    const { ladder } = await import('/src/views/trade/ladder.js');
    const { Scale } = await import('/src/format.js');
    const { Store } = await import('/src/store.js');
    const market = { market: 0, name: 'A/B', base_per_lot: '1000000', quote_per_tick: '10' };
    let tell;
    const stream = { subscribe: (_, listener) => { tell = listener; return () => {}; } };
    const { element } = ladder({ stream, store: new Store() }, market, new Scale(market, { decimals: 9, name: 'A' }, { decimals: 6, name: 'B' }));
    document.body.append(element);
    const book = new Book();
    const levels = (from, step) => Array.from({ length: 500 }, (_, at) => [String(from + step * at), '100']);
    const side = { bids: levels(300_000, -1), asks: levels(300_001, 1) };
    book.apply({ type: 'book_snapshot', update: '0', ...side });
    const frames = [];
    let spent = 0;
    for (let at = 1; at <= 120; at += 1) {
      const begun = performance.now();
      const change = (of) => of.slice(0, 20).map(([price], level) => [price, String(100 + ((at * 7 + level) % 90))]);
      book.apply({ type: 'book_delta', previous: String(at - 1), update: String(at), bids: change(side.bids), asks: change(side.asks) });
      tell({ type: 'book', book });
      spent += performance.now() - begun;
      await new Promise(requestAnimationFrame);
      const drawn = performance.now();
      element.getBoundingClientRect();
      spent += performance.now() - drawn;
      frames.push(drawn);
    }
    element.remove();
    return { ms: spent / 120, rate: (1_000 * (frames.length - 1)) / (frames.at(-1) - frames[0]) };
  });
  console.log(`first contentful paint ${paint.toFixed(0)} ms; a book update of 40 levels with layout ${cost.ms.toFixed(2)} ms; ${cost.rate.toFixed(0)} frames a second drawn`);
  // The figures are for people: a machine that is shared by many cannot promise times, so only nonsense fails.
  assert.ok(paint > 0 && cost.ms > 0 && cost.rate > 0, `paint ${paint} ms, update ${cost.ms} ms, ${cost.rate} frames a second`);
  await page.context().close();
});
