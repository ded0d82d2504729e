// From nothing to trading: an owner, a deposit, a session key. Each step says what it does before it is done.

import { h } from '../../dom.js';
import { short } from '../../format.js';
import { isDevelopment } from '../../keys.js';

/** What stands in the ticket's place until this browser can sign. */
export function setup(context) {
  const { store, keys } = context;
  const steps = h('div', { class: 'setup' });
  const word = h('p', { class: 'answer', role: 'status', 'aria-live': 'polite' });
  let busy = false;

  const act = (work) => async () => {
    if (busy) return;
    busy = true;
    draw();
    const say = (text) => { word.className = 'answer'; word.textContent = text; };
    try {
      await work(say);
      say('');
    } catch (error) {
      word.className = 'answer bad';
      word.textContent = error.message ?? String(error);
    }
    busy = false;
    draw();
  };

  const button = (text, work, main) => h('button', { type: 'button', class: main ? 'send' : '', disabled: busy, onclick: act(work) }, text);

  async function register(say) {
    say('The owner signs for a session key…');
    const { receipts: [receipt] } = await keys.registerSession();
    if (receipt.reason !== 'done') throw new Error(`The key was refused: ${receipt.reason}.`);
  }

  async function everything(say) {
    if (!store.get('trader')?.owner) keys.makeOwner();
    await keys.fund(say);
    await register(say);
  }

  function draw() {
    const [venue, trader] = [store.get('venue'), store.get('trader')];
    if (!venue) {
      steps.replaceChildren(h('p', { class: 'empty' }, 'Loading…'));
      return;
    }
    const development = isDevelopment(venue);
    const parts = [];
    if (!trader?.owner) {
      parts.push(h('p', {}, 'To trade, this browser needs an owner (a wallet) and a session key of its own, which may trade and cancel but never withdraw.'));
      if (development) parts.push(button('Start with development funds', everything, true), h('p', { class: 'muted' }, 'Makes an owner key in this browser, asks the faucet for a deposit on L1, and registers a session key.'));
      parts.push(button('Connect a wallet', () => keys.connectWallet(), !development));
    } else if (!trader.account) {
      parts.push(h('p', {}, `Owner ${short(trader.owner.address)} has no account yet: the first deposit on L1 opens it.`));
      parts.push(development ? button('Ask the faucet', everything, true) : button('Look again', () => keys.findAccount(), true));
    } else {
      parts.push(h('p', {}, `Account ${trader.account.account} has no session key in this browser.`), button('Make a session key', register, true));
    }
    steps.replaceChildren(...parts);
  }

  store.watch('venue', draw);
  store.watch('trader', draw);
  draw();
  return h('div', {}, steps, word);
}
