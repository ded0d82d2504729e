// A batch's way, drawn: the same on every page that shows one.

import { STAGES, reached } from '../batches.js';
import { h, hex, right, row, table } from '../dom.js';
import { duration, ether, formatUnits, group, short } from '../format.js';

const NAMES = { built: 'Sequenced', published: 'Published', committed: 'Committed', proven: 'Proven', final: 'Final' };
const TRANSACTIONS = { committed: 'commit', proven: 'prove', final: 'finalize' };

/** Where a batch stands, one step after the other; `after` says how long a stage took, if known. */
export function pipeline(batch, development, after = () => null) {
  return h('ol', { class: 'pipeline', 'aria-label': `Batch ${batch.number} is ${batch.stage}` }, STAGES.map((stage) => {
    const done = reached(batch, stage);
    const transaction = batch[TRANSACTIONS[stage]];
    const took = after(stage);
    const name = stage === 'proven' && development ? 'Executed again' : NAMES[stage];
    return h('li', { class: done ? 'done' : '' },
      h('span', { class: 'stage' }, `${done ? '✓ ' : ''}${name}`),
      transaction ? h('span', { class: 'muted num' }, `L1 block ${transaction.block}`) : null,
      transaction ? h('code', { class: 'muted', title: transaction.hash }, short(transaction.hash, 4)) : null,
      transaction?.cost ? h('span', { class: 'muted num', title: `${ether(transaction.cost.total)} for all batches of this transaction` }, `${group(transaction.cost.gas_used)} gas`) : null,
      took === null ? null : h('span', { class: 'muted num' }, `after ${duration(took)}`));
  }));
}

/** The transactions of a batch on L1 with what they cost, as far as the node knows that. */
export function transactions(batch) {
  const steps = [['Header committed', batch.commit], ['Proof accepted', batch.prove], ['Final', batch.finalize]];
  const cost = (of, show) => right(of?.cost ? show(of.cost) : '–');
  return table('Transactions on L1', ['Step', '>L1 block', '>Gas', '>A unit, gwei', '>Paid', 'Transaction'], steps.map(([name, of]) => row(name, right(of ? group(of.block) : '–'),
    cost(of, ({ gas_used: gas }) => group(gas)), cost(of, ({ gas_price: price }) => gwei(price)), cost(of, ({ total }) => ether(total)), of ? hex(of.hash) : 'not yet')));
}

/** Wei as gwei, which is what people call the price of gas. */
const gwei = (wei) => formatUnits(wei, 9);
