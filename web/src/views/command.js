// One command, followed to the end: where it is, what came of it, and its proof recomputed in this browser.

import * as api from '../api.js';
import { fromHex } from '../crypto/bytes.js';
import { empty, h, hex, panel, right, row, table } from '../dom.js';
import { Scale, formatUnits, group, hint, moment, short, words } from '../format.js';
import { isDevelopment } from '../keys.js';
import { HEADER, checkCommand } from '../proof.js';
import { decodeLeaf } from '../wire.js';
import { pipeline, transactions } from './pipeline.js';
import { proven } from './proven.js';

/** Shows the command; what is returned ends it. */
export function command(root, { store }, sequence) {
  const state = h('div', { role: 'status', 'aria-live': 'polite' }, empty('Loading…'));
  const rest = h('div', { class: 'stack' });
  root.append(panel(`Command ${group(sequence)}`, {}, state), rest);
  let stage = null;
  let shown = null;
  let check = null;
  let asking = false;
  let latest = null;

  async function look(tip) {
    latest = tip;
    const venue = store.get('venue');
    if (asking || stage === 'final' || !venue) return;
    if (BigInt(sequence) >= BigInt(tip.next)) {
      state.replaceChildren(empty(`There is no command ${group(sequence)} yet; the next one is ${group(tip.next)}.`));
      return;
    }
    asking = true;
    try {
      // Asking for a proof before there is a batch would be an error; the last batch says whether there is one.
      const last = tip.built === null ? null : await api.get('/v1/batches/last');
      if (!last || BigInt(sequence) >= BigInt(last.next)) {
        state.replaceChildren(h('p', {}, 'Executed and durable. It waits for its batch, which is closed within seconds.'));
      } else {
        const [proof] = await api.many('ashlar_getCommandProof', [Number(sequence)]);
        if (proof === null) {
          state.replaceChildren(empty('This node no longer holds the evidence of this command. It can be made again from the published batch and its state: see ashlar verify.'));
          stage = 'final';
        } else {
          if (proof.batch.stage !== stage) await show(proof, venue);
          stage = proof.batch.stage;
        }
      }
    } catch (error) {
      state.replaceChildren(h('p', { class: 'answer bad' }, error.message));
    }
    asking = false;
    // What was told meanwhile is told once.
    if (latest !== tip) look(latest);
  }

  async function show(proof, venue) {
    const checked = await checkCommand(proof, venue);
    const good = checked.checks.every((check) => check.ok);
    const development = isDevelopment(venue);
    state.replaceChildren(
      verdict(good, proof.batch.stage, development),
      pipeline(proof.batch, development),
      h('p', {}, 'In ', h('a', { href: `#/proofs/batch/${proof.batch.number}` }, `batch ${proof.batch.number}`), '.'));
    shown = proof.batch;
    // Made once: what was checked stays while the batch goes on to the next stage.
    check ??= proven(store, () => shown, async () => (await api.get(`/v1/commands/${sequence}/shown`)).proof);
    rest.replaceChildren(receiptPanel(proof, store), checksPanel(checked), check, pathPanel(proof, checked), l1Panel(proof, venue));
  }
  const ends = [store.watch('tip', look), store.watch('venue', () => store.get('tip') && look(store.get('tip')))];
  return () => ends.forEach((end) => end());
}

function verdict(good, stage, development) {
  if (!good) return h('p', { class: 'verdict bad', 'data-verified': 'no' }, '✗ The proof does not check out. What this node says about the command is not what its batch commits to.');
  const how = development ? 'This chain accepts batches without a zkVM proof, as the notice above says.' : 'L1 accepts a header only with a proof that the guest executed the batch.';
  const where = { final: `Its batch is final on L1. ${how}`, proven: `L1 has accepted its batch. ${how}`, committed: 'Its header is on L1 and waits to be proven.' }[stage] ?? 'Its batch is built and on its way to L1.';
  return h('p', { class: 'verdict good', 'data-verified': 'yes', 'data-stage': stage }, `✓ Checked in this browser: the receipt below is in the batch. ${where}`);
}

function receiptPanel(proof, store) {
  let receipt;
  try {
    receipt = decodeLeaf(fromHex(proof.leaf));
  } catch (error) {
    return panel('Receipt', {}, empty(`The receipt cannot be read: ${error.message}.`));
  }
  const facts = [['Came of it', `${words(receipt.reason)}. ${hint(receipt.reason)}`], ['Account', receipt.account], ['Time', `${moment(receipt.time)} UTC`],
    ['Order', receipt.order ? hex(receipt.order) : '–'], ['Client id', receipt.client]];
  return panel('Receipt', {}, h('dl', { class: 'facts' }, facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))),
    receipt.events.length === 0 ? empty('The command caused no events.') : table('Events', ['Event', 'What'], receipt.events.map((event) => row(words(event.type), eventText(event, store)))));
}

/** The market of an order: the first two bytes of its id but for the side's bit (docs/spec/keys.md). */
function scaleOf(order, store) {
  const id = Number.parseInt(order.slice(2, 6), 16);
  const market = store.get('markets').find((one) => one.market === id);
  const asset = (of) => store.get('assets').find((one) => one.asset === of);
  return market ? new Scale(market, asset(market.base), asset(market.quote)) : null;
}

function eventText(event, store) {
  const scale = event.maker || event.order ? scaleOf(event.maker ?? event.order, store) : null;
  const size = (lots) => (scale ? `${scale.size(lots)} ${scale.base.name}` : `${lots} lots`);
  if (event.type === 'trade' && scale) {
    const fee = (units) => `${formatUnits(units, scale.quote.decimals)} ${scale.quote.name}`;
    return `${size(event.lots)} at ${scale.price(event.price)} ${scale.quote.name}; account ${event.maker_account} rested (fee ${fee(event.maker_fee)}, rebate ${fee(event.maker_rebate)}), account ${event.taker_account} took (fee ${fee(event.taker_fee)})`;
  }
  if (event.type === 'removed') return `order ${short(event.order)} of account ${event.account}, ${size(event.lots)} left: ${words(event.reason).toLowerCase()}`;
  if (event.type === 'credited') {
    const asset = store.get('assets').find((one) => String(one.asset) === event.asset);
    return `account ${event.account}: ${formatUnits(event.amount, asset?.decimals ?? 0)} ${asset?.name ?? `of asset ${event.asset}`}`;
  }
  return Object.entries(event).filter(([name]) => name !== 'type').map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`).join(', ');
}

function checksPanel({ checks }) {
  return panel('Checked here, with SHA-256 and nothing else', {}, h('ul', { class: 'checks' }, checks.map((check) => h('li', { class: check.ok ? 'good' : 'bad' },
    h('span', {}, `${check.ok ? '✓' : '✗'} ${check.what}`), h('code', { class: 'muted' }, check.ok ? check.got : `${check.got} is not ${check.expected}`)))));
}

function pathPanel(proof, { steps }) {
  const rows = steps.map((step, level) => {
    const last = level === proof.siblings.length;
    const side = Math.floor(proof.index / 2 ** level) % 2 === 1 ? 'left' : 'right';
    return row(right(level), h('td', {}, hex(step)), last ? 'this is the root' : h('td', {}, hex(proof.siblings[level]), ` on the ${side}`));
  });
  return panel('Path from the leaf to the receipts root', {}, h('p', { class: 'muted' }, `Leaf ${proof.index} of the receipts tree, ${fromHex(proof.leaf).length} bytes.`),
    table('Path', ['>Level', 'Digest computed here', 'Beside it'], rows), h('p', {}, 'Header word ', String(HEADER.receiptsRoot + 1), ': ', hex(proof.batch.header[HEADER.receiptsRoot])));
}

function l1Panel(proof, venue) {
  const { batch } = proof;
  return panel('On L1', {},
    transactions(batch),
    h('p', {}, `Whether L1 holds this header hash is what this page cannot see by itself. Ask any node of chain ${venue.chain_id} for these transactions of contract `,
      hex(venue.settlement), ' and look for ', hex(batch.hash), '.'),
    batch.proof && batch.prove ? h('p', {}, `Accepted under “${batch.proof.kind}”.`) : null);
}
