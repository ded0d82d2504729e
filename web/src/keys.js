// Who trades in this browser: an owner, its account, and a session key that may trade and cancel but move nothing out.
//
// The owner is an injected wallet, or, on a development chain only, a key that is made here. Keys are kept in the browser's
// storage under the id of the exchange, so deployments never share them.

import * as api from './api.js';
import { concat, fromHex, toHex } from './crypto/bytes.js';
import { keccak256 } from './crypto/keccak.js';
import { ecdsaSign, freshSecret, publicPoint, schnorrSign } from './crypto/secp256k1.js';
import { domain, sha256 } from './crypto/sha256.js';
import { typedData, typedDigest } from './typed.js';
import { encodeMessage } from './wire.js';

const SLOTS = 8;
/** What a session key may be allowed (docs/spec/signatures.md). */
export const SCOPES = { trade: 1, cancel: 2, transfer: 4, withdraw: 8 };
const TRADE_AND_CANCEL = SCOPES.trade | SCOPES.cancel;
const VALID_MS = 60_000;
/** Where an account of a first deposit is waited for. */
const POLL_MS = 700;
const WAIT_MS = 90_000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** The address of a secret key. */
export function addressOf(secret) {
  const { x, y } = publicPoint(secret);
  return toHex(keccak256(concat(x, y)).slice(12));
}

/** The digest that a session key signs (SPEC G-4). */
export function sessionDigest(exchange, message) {
  return sha256(domain('ashlar/session-message/1'), fromHex(exchange), message);
}

/** How many assets an account has more of than before, in orders or free. */
export function grown(before, after) {
  const total = (holdings, asset) => holdings.filter((one) => one.asset === asset).reduce((sum, { free, reserved }) => sum + BigInt(free) + BigInt(reserved), 0n);
  return after.filter(({ asset }) => total(after, asset) > total(before, asset)).length;
}

/** Whether keys and funds of this exchange are worth nothing, so that a key may be made here and a faucet asked. */
export function isDevelopment(venue) {
  return /development/i.test(venue.proofs);
}

export class Keyring {
  constructor(store, stream, storage = globalThis.localStorage) {
    this.store = store;
    this.stream = stream;
    this.storage = storage;
    this.nonces = new Map();
  }

  /** Reads what an earlier visit kept, and follows the account. */
  async open(venue) {
    this.venue = venue;
    this.name = `ashlar/keys/${venue.exchange}`;
    try {
      this.kept = JSON.parse(this.storage.getItem(this.name)) ?? {};
    } catch {
      this.kept = {};
    }
    this.publish();
    if (this.kept.owner) await this.findAccount();
  }

  /** Makes a development owner here. */
  makeOwner() {
    const secret = freshSecret();
    this.keep({ owner: { kind: 'local', address: addressOf(secret), secret: toHex(secret) } });
  }

  /** Asks an injected wallet who the owner is. */
  async connectWallet() {
    const [address] = await this.wallet().request({ method: 'eth_requestAccounts' });
    this.keep({ owner: { kind: 'wallet', address: address.toLowerCase() } });
    await this.findAccount();
  }

  wallet() {
    if (!globalThis.ethereum) throw new Error('There is no wallet in this browser. Install one, or use a development key.');
    return globalThis.ethereum;
  }

  /** Asks the faucet, and waits until every deposit is credited: each asset is one of its own, and L1 may have them in different blocks. */
  async fund(say) {
    say('Depositing on L1…');
    const before = this.store.get('account')?.holdings ?? [];
    const { deposits } = await api.post(`/faucet?owner=${this.kept.owner.address}`, undefined, WAIT_MS);
    say('Deposited. Waiting until L1 calls the block safe…');
    for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(POLL_MS)) {
      await this.findAccount();
      if (grown(before, this.store.get('account')?.holdings ?? []) >= deposits) return;
    }
    throw new Error('Not all of the deposits have arrived yet. They are on L1; look at the L1 page, and go on when they are there.');
  }

  /** Looks up the owner's first account. */
  async findAccount() {
    const [account] = await api.get(`/v1/owners/${this.kept.owner.address}/accounts`);
    if (account === undefined) return;
    if (this.following !== account) this.follow(account);
    this.store.set('account', await api.get(`/v1/accounts/${account}`));
    this.publish();
  }

  follow(account) {
    this.unfollow?.();
    this.following = account;
    this.unfollow = this.stream.subscribe({ type: 'account', account }, (told) => {
      if (told.type === 'standing') {
        const { type: _, ...standing } = told;
        this.store.set('account', standing);
        this.publish();
      } else if (told.type === 'account') {
        this.store.set('news', told.lines);
      } else if (told.type === 'again') {
        this.findAccount().then(() => this.store.set('news', []), () => {});
      }
    });
  }

  /**
   * Registers a fresh session key in a free slot, signed by the owner. One that may trade becomes the key of this browser; the secret of any
   * other is given with the answer and kept nowhere.
   */
  async registerSession({ scopes = TRADE_AND_CANCEL, expires = null } = {}) {
    const account = this.store.get('account');
    const used = new Set(account.keys.filter((key) => !key.revoked).map((key) => key.slot));
    const slot = Array.from({ length: SLOTS }, (_, at) => at).find((at) => !used.has(at));
    if (slot === undefined) throw new Error(`All ${SLOTS} slots hold a session key. Revoke one first.`);
    const secret = freshSecret();
    const key = toHex(publicPoint(secret).x);
    const answer = await this.asOwner([{ type: 'register_key', slot, public: key, scopes, expires }]);
    if (answer.receipts[0].reason !== 'done') return answer;
    if ((scopes & SCOPES.trade) === 0) {
      await this.findAccount();
      return { ...answer, secret: toHex(secret) };
    }
    this.keep({ session: { account: account.account, slot, public: key, secret: toHex(secret) } });
    await this.findAccount();
    return answer;
  }

  /** The registered key whose secret is here, if there is one. */
  session() {
    const account = this.store.get('account');
    const mine = this.kept?.session;
    if (!account || !mine || mine.account !== account.account) return null;
    return account.keys.find((key) => key.slot === mine.slot && key.public === mine.public && !key.revoked) ?? null;
  }

  /** Hands in commands signed by the session key. */
  async trade(commands) {
    const key = this.session();
    if (!key) throw new Error('There is no session key in this browser. Make one first.');
    const sign = async () => {
      const words = this.words({ type: 'session', slot: key.slot, epoch: key.epoch }, key.nonce, commands);
      const message = encodeMessage(words);
      const digest = await sessionDigest(this.venue.exchange, message);
      return this.hand(message, await schnorrSign(fromHex(this.kept.session.secret), digest));
    };
    try {
      return await sign();
    } catch (error) {
      // Messages from L1 can move the exchange's clock; nothing was done, so the message is made anew by its present time.
      if (error.reason !== 'not_after') throw error;
      await this.refreshTime();
      return sign();
    }
  }

  async refreshTime() {
    this.store.set('tip', await api.get('/v1/tip'));
  }

  /** Hands in commands signed by the owner. */
  async asOwner(commands) {
    const { owner } = this.kept;
    await this.refreshTime();
    const words = this.words({ type: 'owner' }, this.store.get('account').owner_nonce, commands);
    const data = await typedData(words, this.venue);
    const signature = owner.kind === 'local'
      ? await ecdsaSign(fromHex(owner.secret), typedDigest(data))
      : fromHex(await this.wallet().request({ method: 'eth_signTypedData_v4', params: [owner.address, JSON.stringify(data)] }));
    return this.hand(encodeMessage(words), signature);
  }

  words(signer, highest, commands) {
    const name = JSON.stringify(signer);
    // The account's standing may come later than the next click.
    const last = this.nonces.get(name) ?? 0n;
    const nonce = (BigInt(highest) > last ? BigInt(highest) : last) + 1n;
    this.nonces.set(name, nonce);
    // The exchange's clock is what counts, and it is ahead of ours where ours is slow or L1 is ahead of both.
    const now = Math.max(Date.now(), this.store.get('tip')?.time ?? 0);
    return { account: this.store.get('account').account, signer, nonce: nonce.toString(), not_after: now + VALID_MS, commands };
  }

  async hand(message, signature) {
    const body = { message: toHex(message), signature: toHex(signature) };
    try {
      return await api.post('/v1/messages', body);
    } catch (error) {
      // The same bytes are given the same answer, so asking once more is safe (docs/api.md).
      if (!['unreachable', 'lost', 'overloaded'].includes(error.code)) throw error;
      await sleep(error.retryMs ?? 500);
      return api.post('/v1/messages', body);
    }
  }

  /** Forgets every key that is kept for this exchange. */
  forget() {
    this.unfollow?.();
    this.following = undefined;
    this.kept = {};
    this.storage.removeItem(this.name);
    this.store.set('account', null);
    this.publish();
  }

  keep(parts) {
    this.kept = { ...this.kept, ...parts };
    this.storage.setItem(this.name, JSON.stringify(this.kept));
    this.publish();
  }

  publish() {
    const owner = this.kept.owner ? { kind: this.kept.owner.kind, address: this.kept.owner.address } : null;
    this.store.set('trader', { owner, account: this.store.get('account') ?? null, session: this.session() });
  }
}
