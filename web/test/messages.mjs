// The messages of vectors/types/eip712.txt in the words of docs/api.md, as far as the dashboard signs them.

const header = { account: 0x0a0b0c0d, signer: { type: 'owner' }, nonce: String(0x2122232425262728n), not_after: 1_700_000_000_000 };
const message = (...commands) => ({ ...header, commands });

export const messages = {
  'register-key': message({
    type: 'register_key', slot: 3, public: `0x${Array.from({ length: 32 }, (_, at) => at.toString(16).padStart(2, '0')).join('')}`,
    scopes: 15, expires: 1_900_000_000_000,
  }),
  'revoke-key': message({ type: 'revoke_key', slot: 7 }),
  'open-sub-account': message({ type: 'open_sub_account' }),
  'kill-switch-stop': message({ type: 'kill_switch', stop: true }),
  'kill-switch-resume': message({ type: 'kill_switch', stop: false }),
  withdraw: message({ type: 'withdraw', asset: 772, amount: '9223372036854775808' }),
  'cancel-all': message({ type: 'cancel_all' }),
  'commands-one': message({ type: 'cancel', order: '0x01027fffffffff9b0000000000000005' }),
};
