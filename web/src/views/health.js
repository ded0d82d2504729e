// How the node does: its services, what is late, and how fast it answers.

import * as api from '../api.js';
import { empty, h, mark, panel, right, row, table } from '../dom.js';
import { duration, group, words } from '../format.js';
import { quantile, readMetrics } from '../metrics.js';

const EVERY_MS = 3_000;
const LATENCIES = [['answer', 'Message, from door to answer'], ['check', 'Signature check'], ['execute', 'Execution'], ['sync', 'Durable write'], ['seal', 'Sealing a batch'],
  ['publish', 'Publishing data, after closing'], ['commit', 'Commitment on L1'], ['prove', 'Acceptance on L1'], ['final', 'Final on L1'],
  ['accepted_committed', 'From accepted to committed'], ['accepted_proven', 'From accepted to proven'], ['accepted_final', 'From accepted to final']];
/** A difference in batches from which a stage counts as late. */
const LATE = 20;

const times = (count) => (count === 1 ? 'once' : `${count} times`);

/** Shows the page; what is returned ends it. */
export function health(root, { store }) {
  const verdict = h('p', { class: 'verdict', role: 'status' }, 'Asking the node…');
  const alerts = h('ul', { class: 'checks' });
  const services = h('div', {}, empty('Loading…'));
  const figures = h('dl', { class: 'figures' });
  const latencies = h('div', {}, empty('Loading…'));
  root.append(h('h1', {}, 'Health'), panel('State', {}, verdict, alerts), panel('Services', {}, services), panel('Load and lag', {}, figures), panel('Latencies since the start', {}, latencies));
  let timer;
  let ended = false;

  function say(ok, text) {
    verdict.textContent = text;
    mark(verdict, 'good', ok);
    mark(verdict, 'bad', !ok);
  }

  function warn(state, metrics) {
    const lag = (from, to) => (metrics[from]?.value ?? 0) - (metrics[to]?.value ?? 0);
    const line = store.get('line') ?? {};
    const list = [
      ...state.services.filter((of) => of.state !== 'running').map((of) => `${of.name} is ${of.state}: ${of.note}`),
      !state.following && 'This server does not follow the exchange; what it shows may be old.',
      lag('ashlar_batch_built', 'ashlar_batch_committed') > LATE && 'Commitments on L1 are late. Look at l1-committer and at L1 itself.',
      lag('ashlar_batch_committed', 'ashlar_batch_proven') > LATE && 'Proofs are late. Look at proof-coordinator.',
      (metrics.ashlar_alerts_firing?.value ?? 0) > 0 && `${metrics.ashlar_alerts_firing.value} alerts are firing; the watchman below says which.`,
      line.gaps > 0 && `This page missed something of a book ${times(line.gaps)} and asked for it again.`,
      line.reconnects > 0 && `This page lost its connection ${times(line.reconnects)}.`,
    ].filter(Boolean);
    alerts.replaceChildren(...list.map((text) => h('li', { class: 'bad' }, `! ${text}`)));
  }

  function show(state, metrics) {
    say(state.ok, state.ok ? '✓ All is well: every service runs.' : '✗ Something is not well. The services below say what.');
    services.replaceChildren(table('Services', ['Service', 'State', 'Note'], state.services.map((of) => row(of.name, h('td', { class: of.state === 'running' ? 'buy' : 'sell' }, words(of.state)), of.note))));
    const value = (name) => metrics[name]?.value;
    const number = (name) => (value(name) === undefined ? '–' : group(value(name)));
    const lag = (from, to) => (value(from) === undefined ? '–' : group(Math.max(0, value(from) - (value(to) ?? 0))));
    const line = store.get('line');
    const list = [['Commands', number('ashlar_commands_total')], ['Not yet in a batch', number('ashlar_uncaptured_commands')], ['Not yet proven', number('ashlar_unproven_commands')],
      ['Batches not committed', lag('ashlar_batch_built', 'ashlar_batch_committed')], ['Batches not proven', lag('ashlar_batch_built', 'ashlar_batch_proven')],
      ['Batches not final', lag('ashlar_batch_built', 'ashlar_batch_final')], ['Open orders', number('ashlar_api_open_orders')], ['Streams', number('ashlar_api_streams')],
      ['Failures of services', number('ashlar_service_failures_total')],
      ['Proven a second', number('ashlar_proven_commands_per_second')], ['Refused above, unproven', number('ashlar_unproven_commands_max')],
      ['Answers in time, of 1000', number('ashlar_answers_within_permille')], ['This line, there and back', line?.rttMs ? duration(line.rttMs) : '–']];
    figures.replaceChildren(...list.map(([name, text]) => h('div', {}, h('dt', {}, name), h('dd', { class: 'num' }, text))));
    const rows = LATENCIES.map(([name, title]) => [title, metrics[`ashlar_${name}_seconds`]]).filter(([, of]) => of?.count > 0);
    const time = (seconds) => (seconds === null ? 'beyond' : `≤ ${duration(seconds * 1_000)}`.replace('≤ 0 ms', '< 1 ms'));
    latencies.replaceChildren(rows.length === 0 ? empty('Nothing measured yet.') : table('Latencies', ['What', '>Half', '>99 of 100', '>Mean', '>Times'], rows.map(([title, of]) => row(
      title, right(time(quantile(of, 0.5))), right(time(quantile(of, 0.99))), right(mean(of)), right(group(of.count))))));
  }

  async function follow() {
    try {
      const [state, text] = await Promise.all([api.health(), api.text('/metrics')]);
      const metrics = readMetrics(text);
      if (!ended) {
        show(state, metrics);
        warn(state, metrics);
      }
    } catch {
      if (!ended) say(false, '✗ The node cannot be reached. Trying again…');
    }
    if (!ended) timer = setTimeout(follow, EVERY_MS);
  }
  follow();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

const mean = (of) => {
  const ms = (of.sum / of.count) * 1_000;
  return ms < 1 ? `${(ms * 1_000).toFixed(0)} µs` : duration(ms);
};
