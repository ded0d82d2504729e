// A batch's way, drawn: the same on every page that shows one.

import { STAGES, reached } from '../batches.js';
import { h } from '../dom.js';
import { duration, short } from '../format.js';

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
      took === null ? null : h('span', { class: 'muted num' }, `after ${duration(took)}`));
  }));
}
