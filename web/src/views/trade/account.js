// Funds and session keys of the trader.

import { empty, h, panel, right, row, table } from '../../dom.js';
import { formatUnits, moment, short, words } from '../../format.js';
import { SCOPES, isDevelopment } from '../../keys.js';

const HOUR_MS = 3_600_000;
/** How long a session key may live, by name. */
const LIVES = [['never', null], ['in an hour', HOUR_MS], ['in a day', 24 * HOUR_MS], ['in 30 days', 720 * HOUR_MS]];
const MAY = { trade: 'Trade', cancel: 'Cancel', transfer: 'Move between own accounts', withdraw: 'Withdraw to the owner' };

/** What a new session key may do, and for how long; `make` is given both. */
function keyForm(now, make) {
  const boxes = Object.keys(SCOPES).map((name) => h('input', { type: 'checkbox', name, id: `may-${name}`, checked: name === 'trade' || name === 'cancel' }));
  const life = h('select', { id: 'life' }, LIVES.map(([name], at) => h('option', { value: at }, name)));
  const submit = (event) => {
    event.preventDefault();
    const scopes = boxes.filter((box) => box.checked).reduce((all, box) => all | SCOPES[box.name], 0);
    const ms = LIVES[life.value][1];
    make({ scopes, expires: ms === null ? null : now() + ms });
  };
  return h('form', { class: 'stack', hidden: true, onsubmit: submit },
    h('fieldset', { class: 'may' }, h('legend', {}, 'A new session key may'), h('div', { class: 'bar' }, boxes.map((box) => h('label', { for: box.id }, box, ` ${MAY[box.name]}`)))),
    h('div', { class: 'bar' }, h('label', { for: 'life' }, 'It ends'), life, h('button', { type: 'submit' }, 'New session key')));
}

/** The account's panel. */
export function account(context) {
  const { store, keys } = context;
  const body = h('div', { class: 'stack' });
  const word = h('p', { class: 'answer', role: 'status', 'aria-live': 'polite' });
  let busy = false;

  const act = (work, done) => async () => {
    if (busy) return;
    hold(true);
    word.className = 'answer';
    try {
      const answer = await work((text) => { word.textContent = text; });
      word.textContent = answer?.secret ? `Done. This browser keeps no key that may not trade. Its secret is shown here and nowhere else: ${answer.secret}` : answer?.receipts ? `${words(answer.receipts[0].reason)}.` : done;
    } catch (error) {
      word.className = 'answer bad';
      word.textContent = error.message ?? String(error);
    }
    hold(false);
  };

  /** One thing at a time: what is clicked meanwhile is not done, and who cannot see the panel is told that it is busy. */
  function hold(on) {
    busy = on;
    element.setAttribute('aria-busy', String(on));
  }

  function balances(of) {
    return table('Balances', ['Asset', '>Free', '>In orders'], of.holdings.map((holding) => {
      const asset = store.get('assets').find((one) => one.asset === holding.asset);
      const text = (units) => formatUnits(units, asset?.decimals ?? 0, 2);
      return row(asset?.name ?? String(holding.asset), right(text(holding.free)), right(text(holding.reserved)));
    }));
  }

  function sessions(of, mine) {
    const live = of.keys.filter((key) => !key.revoked);
    if (live.length === 0) return empty('No session key.');
    return table('Session keys', ['Slot', 'Key', 'May', ''], live.map((key) => row(
      String(key.slot), h('code', { title: key.public }, `${short(key.public, 4)}${mine?.slot === key.slot ? ' (here)' : ''}`), `${key.scopes.join(', ')}${key.expires ? ` until ${moment(key.expires)}` : ''}`,
      h('button', { type: 'button', class: 'quiet', 'aria-label': `Revoke the key in slot ${key.slot}`, onclick: act(() => keys.asOwner([{ type: 'revoke_key', slot: key.slot }])) }, 'Revoke'),
    )));
  }

  const form = keyForm(() => Math.max(Date.now(), store.get('tip')?.time ?? 0), (wanted) => act(() => {
    if (wanted.scopes === 0) throw new Error('A key that may do nothing is of no use. Choose what it may do.');
    return keys.registerSession(wanted);
  })());

  let shown = '';
  function draw() {
    const trader = store.get('trader');
    const of = trader?.account;
    const state = JSON.stringify([of?.holdings, of?.keys.map((key) => [key.public, key.revoked]), of?.stopped, trader?.session?.slot, trader?.owner, store.get('venue')?.proofs]);
    // The nonce changes with every command; what is on the screen does not.
    if (state === shown) return;
    shown = state;
    form.hidden = !of;
    if (!of) {
      body.replaceChildren(empty(trader?.owner ? `Owner ${short(trader.owner.address)}; no account yet.` : 'No account in this browser.'));
      return;
    }
    const development = isDevelopment(store.get('venue'));
    const standing = of.stopped ? h('p', { class: 'answer bad' }, 'Trading of this account is stopped by its owner.') : null;
    body.replaceChildren(
      h('p', { class: 'muted' }, `Account ${of.account}, owner `, h('code', { title: of.owner }, short(of.owner, 5)), trader.owner.kind === 'local' ? ', a development key in this browser' : ''),
      ...(standing ? [standing] : []),
      of.holdings.length > 0 ? balances(of) : empty('No funds.'),
      h('h3', {}, 'Session keys'), sessions(of, trader.session),
      h('div', { class: 'bar' },
        development ? h('button', { type: 'button', onclick: act((say) => keys.fund(say), 'Credited.') }, 'Faucet') : null,
        h('button', { type: 'button', class: 'quiet', onclick: forget }, 'Forget keys')),
    );
  }

  function forget() {
    const local = store.get('trader').owner.kind === 'local';
    const lost = local ? 'The owner key exists in this browser only: its account will be out of reach for good.' : 'Your wallet keeps the account.';
    if (confirm(`Forget the keys that this browser keeps for this exchange? ${lost}`)) keys.forget();
  }

  const element = panel('Account', { class: 'account', 'aria-busy': 'false' }, body, form, word);
  const ends = [store.watch('trader', draw), store.watch('venue', draw)];
  draw();
  return { element, stop: () => ends.forEach((end) => end()) };
}
