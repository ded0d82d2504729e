// The dashboard: what is shown everywhere, which page is shown, and what all pages read.

import * as api from './api.js';
import { h, mark, write } from './dom.js';
import { Keyring, isDevelopment } from './keys.js';
import { Store } from './store.js';
import { Stream } from './stream.js';
import { themeButton } from './theme.js';
import { da } from './views/da.js';
import { health } from './views/health.js';
import { l1 } from './views/l1.js';
import { proofs } from './views/proofs.js';
import { trade } from './views/trade.js';

const TIP_MS = 1_000;
const PAGES = { trade, proofs, l1, da, health };

const store = new Store();
const line = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/stream`;
const stream = new Stream(line, (status) => store.set('line', status));
const keys = new Keyring(store, stream);
const context = { store, stream, keys, go: (path) => { location.hash = path; } };

const main = document.querySelector('main');
let leave = () => {};

function show() {
  const [, page = 'trade', ...rest] = location.hash.split('/');
  const name = PAGES[page] ? page : 'trade';
  leave();
  main.replaceChildren();
  leave = PAGES[name](main, context, rest) ?? (() => {});
  for (const link of document.querySelectorAll('nav a')) {
    const here = link.getAttribute('href') === `#/${name}`;
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${name === 'l1' || name === 'da' ? name.toUpperCase() : name[0].toUpperCase() + name.slice(1)} · Ashlar`;
}

const LINE = { connecting: 'Connecting', live: 'Live', lost: 'Disconnected' };

function showLine(status) {
  const state = document.querySelector('#line');
  write(state, status.state === 'live' && status.rttMs !== null ? `Live · ${status.rttMs.toFixed(0)} ms` : LINE[status.state]);
  mark(state, 'live', status.state === 'live');
  mark(state, 'lost', status.state === 'lost');
  mark(document.body, 'stale', status.state === 'lost');
  const notice = document.querySelector('#disconnected');
  notice.hidden = status.state !== 'lost';
}

function showPolicy(venue) {
  const notice = document.querySelector('#policy');
  notice.hidden = !isDevelopment(venue);
  if (notice.hidden) return;
  notice.replaceChildren(
    h('strong', {}, 'Development: nothing here is proven by a zkVM. '),
    `The proof policy is “${venue.proofs}”: batches are executed a second time instead, L1 is a development chain, and its keys are public. `,
    'Funds here are worth nothing.',
  );
}

/** Reads what does not change while a page is open; a node that is still starting is asked again. */
async function begin() {
  for (;;) {
    try {
      const [venue, assets, markets] = await Promise.all(['/v1/venue', '/v1/assets', '/v1/markets'].map(api.get));
      store.set('failure', null);
      store.set('assets', assets);
      store.set('markets', markets);
      store.set('venue', venue);
      showPolicy(venue);
      await keys.open(venue);
      return;
    } catch (error) {
      store.set('failure', error);
      await new Promise((done) => setTimeout(done, 1_000));
    }
  }
}

/** How far everything has come is told over the stream; only where that cannot be opened is the node asked for it again and again. */
async function followTip() {
  if (!document.hidden && store.get('line')?.state === 'connecting') {
    try {
      store.set('tip', await api.get('/v1/tip'));
    } catch {
      // The line's state already says that the node is away.
    }
  }
  setTimeout(followTip, TIP_MS);
}

stream.subscribe({ type: 'tip' }, ({ type, ...tip }) => {
  if (type === 'tip') store.set('tip', tip);
});

/** A node that comes back may be another deployment, whose markets and keys are others. */
async function returned() {
  try {
    const venue = await api.get('/v1/venue');
    const before = store.get('venue');
    if (before && venue.exchange !== before.exchange) location.reload();
    else store.set('markets', await api.get('/v1/markets'));
  } catch {
    // It went away again; the stream will tell.
  }
}

document.querySelector('#theme').replaceWith(themeButton());
let reconnects = 0;
store.watch('line', (status) => {
  showLine(status);
  if (status.reconnects !== reconnects) {
    reconnects = status.reconnects;
    returned();
  }
});
addEventListener('hashchange', () => {
  show();
  scrollTo(0, 0);
});
stream.start();
show();
begin();
followTip();
