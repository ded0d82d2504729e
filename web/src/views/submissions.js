// What this node sends to L1: what is on its way, and what the last batches cost.

import * as api from '../api.js';
import { Batches } from '../batches.js';
import { empty, h, hex, right, row, table } from '../dom.js';
import { clock, ether, group, short, words } from '../format.js';
import { readMetrics } from '../metrics.js';

const STEPS = [['Commit', 'commit'], ['Proof', 'prove'], ['Finalization', 'finalize']];

/** The content of the panel. */
export function submissions(store) {
  const figures = h('dl', { class: 'figures' });
  const waiting = h('div', {}, empty('Loading…'));
  const done = h('div', {}, empty('Loading batches…'));
  let busy = false;
  let again = false;

  async function look() {
    // What comes while the node is asked is looked at once more afterwards.
    again = busy;
    if (busy) return;
    busy = true;
    try {
      const [outbox, metrics] = await Promise.all([api.get('/v1/outbox'), api.text('/metrics')]);
      const value = (name) => readMetrics(metrics)[name]?.value;
      const figure = (name, text) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, text));
      figures.replaceChildren(figure('On their way', outbox.length === 0 ? 'none' : group(outbox.length)), figure('Gas used since the start', group(value('ashlar_l1_gas_used') ?? 0)),
        figure('Paid since the start', ether(BigInt(value('ashlar_l1_paid_gwei') ?? 0) * 10n ** 9n)));
      waiting.replaceChildren(outbox.length === 0 ? empty('Nothing is on its way to L1.') : table('On their way', ['What', 'State', '>Nonce', '>Tries', 'Last sent', 'Transaction'],
        outbox.map((one) => row(words(one.label), state(one), right(one.nonce ?? '–'), right(String(one.transactions.length)), one.offered === null ? '–' : clock(one.offered),
          one.transactions.length === 0 ? '–' : hex(one.transactions.at(-1), short(one.transactions.at(-1)))))));
    } catch {
      // The next batch asks again, and the state of the line says that the node is away.
    }
    busy = false;
    if (again) look();
  }

  const batches = new Batches(store, function draw() {
    const rows = this.list().flatMap((batch) => STEPS.filter(([, step]) => batch[step]).map(([name, step]) => [batch, name, batch[step]])).slice(0, 24);
    done.replaceChildren(rows.length === 0 ? empty('No batch is on L1 yet.') : table('Transactions of the last batches', ['Batch', 'Step', '>L1 block', '>Gas', '>Paid', 'Transaction'],
      rows.map(([batch, name, of]) => row(h('a', { href: `#/proofs/batch/${batch.number}` }, batch.number), name, right(group(of.block)), right(of.cost ? group(of.cost.gas_used) : '–'),
        right(of.cost ? ether(of.cost.total) : '–'), hex(of.hash, short(of.hash))))));
    look();
  });
  const stop = store.watch('tip', () => { if (waiting.querySelector('.empty')?.textContent === 'Loading…') look(); });
  return {
    element: h('div', { class: 'stack' }, figures, h('h3', {}, 'On their way'), waiting, h('h3', {}, 'Of the last batches'), done),
    stop() {
      stop();
      batches.leave();
    },
  };
}

const state = ({ state: of, block }) => ({ waiting: 'Waits to be sent', sent: 'Sent' }[of] ?? `In block ${group(block)}, not final`);
