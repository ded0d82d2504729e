// What passes between L1 and the exchange: messages in, withdrawals out, and how far L1 has come.

import * as api from '../api.js';
import { empty, h, hex, panel, right, row, table } from '../dom.js';
import { duration, formatUnits, group, short, words } from '../format.js';
import { readMetrics } from '../metrics.js';
import { HEADER } from '../proof.js';
import { submissions } from './submissions.js';

const SHOWN = 25;

/** Shows the page; what is returned ends it. */
export function l1(root, { store }) {
  const figures = h('dl', { class: 'figures' });
  const inbox = h('div', {}, empty('Loading the inbox…'));
  const withdrawals = h('div', {}, empty('Loading withdrawals…'));
  const sent = submissions(store);
  root.append(h('h1', {}, 'L1'), panel('L1 and the exchange', {}, figures),
    panel('Inbox: from L1 to the exchange', {}, h('p', { class: 'muted' }, 'Deposits, forced operations, keys and parameters. What an owner sends here the exchange has to do, in this order.'), inbox),
    panel('Withdrawals: from the exchange to L1', {}, withdrawals), panel('Submissions: what this node sends to L1', {}, sent.element));
  let seen = '';
  let busy = false;
  let latest = null;
  // How long the contract gives a batch, and the first entry that no final batch has consumed.
  let deadlineMs = 0;
  let finalNext = 0n;

  async function read(method, next) {
    const last = Number(next) - 1;
    const found = await api.many(method, Array.from({ length: Math.min(SHOWN, last + 1) }, (_, at) => last - at));
    return found.filter((one) => one !== null);
  }

  async function follow(tip) {
    latest = tip;
    const venue = store.get('venue');
    const figure = (name, value) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, value));
    figures.replaceChildren(figure('L1 block seen', group(tip.l1_block)), figure('Chain', venue?.chain_id ?? '–'), figure('Entries consumed', group(tip.inbox_next)),
      figure('Withdrawals made', group(tip.withdrawal_next)), figure('Committed batch', tip.committed ?? 'none yet'), figure('Final batch', tip.final ?? 'none yet'),
      figure('Reorgs seen since the start', tip.l1_reorgs === '0' ? 'none' : `${group(tip.l1_reorgs)}, of at most ${group(tip.l1_reorg_deepest)} ${tip.l1_reorg_deepest === '1' ? 'block' : 'blocks'}`),
      h('div', { class: 'wide' }, h('dt', {}, 'Settlement contract'), h('dd', {}, venue ? hex(venue.settlement) : '–')));
    // The stage of withdrawals moves with the batches.
    const state = `${tip.inbox_next}/${tip.withdrawal_next}/${tip.final}`;
    if (state === seen || busy || !store.get('assets')) return;
    busy = true;
    try {
      const [entries, leaving, [final], metrics] = await Promise.all([read('ashlar_getL1Message', tip.inbox_next), read('ashlar_getL1MessageProof', tip.withdrawal_next),
        api.many('ashlar_getBatchByNumber', tip.final ? [Number(tip.final)] : []), api.text('/metrics')]);
      deadlineMs = 1_000 * (readMetrics(metrics).ashlar_settlement_deadline_seconds?.value ?? 0);
      if (final) finalNext = BigInt(final.header[HEADER.inboxNext]);
      show(tip, [entries, leaving]);
      seen = state;
    } catch {
      // The next tip asks again, and the state of the line says that the node is away.
    }
    busy = false;
    // What was told meanwhile is told once.
    if (latest !== tip) follow(latest);
  }

  const none = (count, nothing) => empty(Number(count) === 0 ? nothing : 'This node holds none of them: it tells those that came since it started.');

  function show(tip, [entries, leaving]) {
    inbox.replaceChildren(entries.length === 0 ? none(tip.inbox_next, 'No message has come from L1 yet.') : table('Messages from L1', ['>Index', 'Kind', 'What', '>L1 block', 'Transaction', 'Command', 'Deadline'],
      entries.map((entry) => row(right(entry.index), words(entry.kind === 'param' ? 'parameter' : entry.kind), content(entry), right(group(entry.l1_block)), hex(entry.transaction, short(entry.transaction)),
        entry.sequence === null ? 'consumed' : h('a', { href: `#/proofs/command/${entry.sequence}` }, group(entry.sequence)), due(entry)))));
    withdrawals.replaceChildren(leaving.length === 0 ? none(tip.withdrawal_next, 'Nobody has withdrawn yet.') : table('Withdrawals', ['>Index', 'To', '>Amount', 'Stage', 'Claimed', 'Command'],
      leaving.map((one) => row(right(one.index), hex(one.to, short(one.to)), right(amount(one.asset, one.amount)), words(one.stage ?? 'not in a batch yet'), one.claimed ? 'Yes' : 'No',
        h('a', { href: `#/proofs/command/${one.sequence}` }, group(one.sequence))))));
  }

  /** When an entry has to be in a final batch; whatever comes from L1 has this deadline, and a forced operation has nothing else. */
  function due({ index, kind, time }) {
    if (BigInt(index) < finalNext) return 'Met: final';
    if (!deadlineMs || !time) return 'Not final yet';
    const left = time + deadlineMs - Date.now();
    const forced = kind.startsWith('forced');
    return left > 0 ? h('td', { class: forced ? 'bad' : '' }, `In ${duration(left)}`) : h('td', { class: 'bad' }, 'Missed: anyone may now prove, or leave by the bridge');
  }

  function amount(id, units) {
    const asset = store.get('assets').find((one) => one.asset === id);
    return `${formatUnits(units, asset?.decimals ?? 0)} ${asset?.name ?? `of asset ${id}`}`;
  }

  /** What an entry says, out of its canonical bytes (docs/spec/encoding.md). */
  function content({ kind, entry }) {
    const little = (at, length) => BigInt(`0x${entry.slice(2 + 2 * at, 2 + 2 * (at + length)).match(/../g).reverse().join('')}`);
    const owner = short(`0x${entry.slice(4, 44)}`);
    if (kind === 'deposit') {
      const named = entry.slice(44, 46) === '01';
      const at = named ? 26 : 22;
      return `${amount(Number(little(at, 2)), little(at + 2, 8))} for ${named ? `account ${little(22, 4)}` : owner}`;
    }
    if (kind === 'param') return 'Decided by governance';
    return `account ${little(21, 4)} of ${owner}`;
  }

  const ends = [store.watch('tip', follow), store.watch('assets', () => latest && follow(latest)), sent.stop];
  return () => ends.forEach((end) => end());
}
