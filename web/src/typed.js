// What an owner's wallet signs: EIP-712 typed data (docs/spec/signatures.md, G-11 to G-15).

import { concat, fromHex, fromNumber, toHex, utf8 } from './crypto/bytes.js';
import { keccak256 } from './crypto/keccak.js';
import { domain, sha256 } from './crypto/sha256.js';
import { NEVER, encodeMessage } from './wire.js';

const DOMAIN = [['name', 'string'], ['version', 'string'], ['chainId', 'uint256'], ['verifyingContract', 'address']];
const LAST = [['nonce', 'uint64'], ['notAfter', 'uint64']];

/** For each command that has a type of its own: the type's name, its fields, and the values of these. */
const TYPES = {
  register_key: {
    name: 'RegisterKey',
    fields: [['slot', 'uint8'], ['publicKey', 'bytes32'], ['scopes', 'uint8'], ['expires', 'uint64']],
    values: (of) => ({ slot: of.slot, publicKey: of.public, scopes: of.scopes, expires: of.expires ?? NEVER }),
  },
  revoke_key: { name: 'RevokeKey', fields: [['slot', 'uint8']], values: (of) => ({ slot: of.slot }) },
  open_sub_account: { name: 'OpenSubAccount', fields: [], values: () => ({}) },
  kill_switch: { name: 'KillSwitch', fields: [['stop', 'bool']], values: (of) => ({ stop: of.stop }) },
  withdraw: {
    name: 'Withdraw',
    fields: [['asset', 'uint16'], ['amount', 'uint64']],
    values: (of) => ({ asset: of.asset, amount: of.amount }),
  },
  cancel_all: { name: 'CancelAll', fields: [], values: () => ({}) },
};

/** A message in words as typed data, in the shape that `eth_signTypedData_v4` takes. */
export async function typedData(words, venue) {
  const { name, fields, values } = await shape(words, venue);
  const named = (list) => list.map(([of, type]) => ({ name: of, type }));
  return {
    types: { EIP712Domain: named(DOMAIN), [name]: named([['account', 'uint32'], ...fields, ...LAST]) },
    primaryType: name,
    domain: { name: 'Ashlar', version: '1', chainId: venue.chain_id, verifyingContract: venue.settlement },
    message: { account: words.account, ...values, nonce: words.nonce, notAfter: String(words.not_after ?? NEVER) },
  };
}

async function shape(words, venue) {
  const [only, ...more] = words.commands;
  const filtered = only.type === 'cancel_all' && Object.keys(only.filter ?? {}).length > 0;
  const type = more.length === 0 && !filtered ? TYPES[only.type] : undefined;
  if (type) return { name: type.name, fields: type.fields, values: type.values(only) };
  const digest = await sha256(domain('ashlar/wallet-commands/1'), fromHex(venue.exchange), encodeMessage(words));
  return {
    name: 'Commands',
    fields: [['count', 'uint16'], ['digest', 'bytes32']],
    values: { count: words.commands.length, digest: toHex(digest) },
  };
}

function word(type, value) {
  if (type === 'string') return keccak256(utf8(value));
  if (type === 'bytes32') return fromHex(value);
  if (type === 'address') return fromNumber(BigInt(value), 32);
  return fromNumber(BigInt(value === true ? 1 : value === false ? 0 : value), 32);
}

function structHash(name, fields, values) {
  const written = `${name}(${fields.map((of) => `${of.type} ${of.name}`).join(',')})`;
  return keccak256(concat(keccak256(utf8(written)), ...fields.map((of) => word(of.type, values[of.name]))));
}

/** The digest that a wallet signs for typed data. */
export function typedDigest(data) {
  const separator = structHash('EIP712Domain', data.types.EIP712Domain, data.domain);
  const message = structHash(data.primaryType, data.types[data.primaryType], data.message);
  return keccak256(concat(Uint8Array.of(0x19, 0x01), separator, message));
}
