//! What a user sends to L1: deposits, claims, forced operations, and the way out. Each is an [`Intent`] or what to put into one.
//!
//! Nothing here needs the operator: proofs come from L1 and the published data.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall;
use ashlar_batch::{NO_ACCOUNT, Withdrawal, WithdrawalProof};
use ashlar_contracts::abi::IBridge;
use ashlar_types::{AccountId, AssetId, BatchNumber, InboxIndex, KeyGrant, KeySlot};

use crate::fees::Urgency;
use crate::l1::L1;
use crate::outbox::{GasLimit, Intent, IntentId};
use crate::service::{SetupError, ask};

/// What a transaction of a user does, before it has a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserCall {
    /// For people.
    pub label: String,
    /// To whom.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// The input.
    pub input: Bytes,
}

impl UserCall {
    /// As an intent under the caller's own name for it: the same name is done once.
    pub fn intent(self, name: &[u8]) -> Intent {
        Intent {
            id: IntentId(keccak256([b"user".as_slice(), name].concat())),
            label: self.label,
            to: Some(self.to),
            value: self.value,
            input: self.input,
            blob_content: Bytes::new(),
            gas: GasLimit::Estimate,
            urgency: Urgency::NextBlock,
        }
    }
}

fn call(bridge: Address, label: String, value: U256, input: impl SolCall) -> UserCall {
    UserCall { label, to: bridge, value, input: input.abi_encode().into() }
}

/// Deposits ether, in wei, for an owner.
pub fn deposit_ether(
    bridge: Address,
    asset: AssetId,
    owner: Address,
    account: Option<AccountId>,
    wei: U256,
) -> UserCall {
    let (asset, account) = (asset.get(), account.map_or(NO_ACCOUNT, AccountId::get));
    let input = IBridge::depositCall { asset, owner, account, amount: wei };
    call(bridge, format!("deposit {wei} wei for {owner}"), wei, input)
}

/// Allows the bridge to take so many tokens.
pub fn allow_token(bridge: Address, token: Address, amount: U256) -> UserCall {
    alloy::sol! { function approve(address spender, uint256 amount) external returns (bool); }
    let allow = approveCall { spender: bridge, amount };
    call(token, format!("allow the bridge to take {amount} of {token}"), U256::ZERO, allow)
}

/// Deposits tokens that the bridge may take.
pub fn deposit_token(
    bridge: Address,
    token: Address,
    asset: AssetId,
    owner: Address,
    account: Option<AccountId>,
    amount: U256,
) -> UserCall {
    let (asset, account) = (asset.get(), account.map_or(NO_ACCOUNT, AccountId::get));
    let input = IBridge::depositCall { asset, owner, account, amount };
    call(bridge, format!("deposit {amount} of {token} for {owner}"), U256::ZERO, input)
}

/// What a forced operation costs now, in wei. It rises with every other one; what is paid beyond it comes back.
pub async fn forced_fee<L: L1>(l1: &L, bridge: Address) -> Result<U256, SetupError> {
    let wrong = |reason| SetupError::WrongContract { name: "bridge", address: bridge, reason };
    ask(l1, bridge, &IBridge::forcedFeeCall {}).await.map_err(wrong)?
}

/// Cancels every order of an account, whether the operator likes it or not.
pub fn force_cancel_all(bridge: Address, account: AccountId, fee: U256) -> UserCall {
    let input = IBridge::forceCancelAllCall { account: account.get() };
    call(bridge, format!("force cancel-all of account {}", account.get()), fee, input)
}

/// Cancels likewise and pays out up to so many internal units.
pub fn force_withdraw(bridge: Address, account: AccountId, asset: AssetId, amount: u64, fee: U256) -> UserCall {
    let input = IBridge::forceWithdrawCall { account: account.get(), asset: asset.get(), amount };
    call(bridge, format!("force a withdrawal of {amount} from account {}", account.get()), fee, input)
}

/// Registers a session key, as a contract wallet must.
pub fn register_key(bridge: Address, account: AccountId, grant: &KeyGrant, fee: U256) -> UserCall {
    let input = IBridge::registerKeyCall {
        account: account.get(),
        slot: grant.slot.get(),
        publicKey: grant.public.into(),
        scopes: grant.scopes.0,
        expires: alloy::primitives::aliases::U48::from(grant.expires.get()),
    };
    call(bridge, format!("register a key for account {}", account.get()), fee, input)
}

/// Revokes a session key.
pub fn revoke_key(bridge: Address, account: AccountId, slot: KeySlot, fee: U256) -> UserCall {
    let input = IBridge::revokeKeyCall { account: account.get(), slot: slot.get() };
    call(bridge, format!("revoke key {} of account {}", slot.get(), account.get()), fee, input)
}

/// Claims a withdrawal of a batch that is final in the contract. Anyone may; only the payee may name another recipient.
pub fn claim(
    bridge: Address,
    batch: BatchNumber,
    withdrawal: &Withdrawal,
    proof: &WithdrawalProof,
    recipient: Address,
) -> UserCall {
    let index = withdrawal.index.get();
    let words = IBridge::Withdrawal {
        batch: batch.get(),
        index,
        to: withdrawal.to.0.into(),
        asset: withdrawal.asset.get(),
        amount: withdrawal.amount.get(),
    };
    let path: Vec<B256> = proof.path().siblings().iter().map(|sibling| sibling.to_word().into()).collect();
    let input = IBridge::claimCall { withdrawal: words, path, recipient };
    call(bridge, format!("claim withdrawal {index}"), U256::ZERO, input)
}

/// Shows that an inbox entry missed its deadline, which freezes the exchange.
pub fn freeze(bridge: Address, index: InboxIndex, entry: Bytes) -> UserCall {
    let input = IBridge::freezeCall { index: index.get(), entry };
    call(bridge, format!("freeze: entry {} missed its deadline", index.get()), U256::ZERO, input)
}

/// Fixes the last final state for ever, once the grace after a freeze is over.
pub fn fix_root(bridge: Address) -> UserCall {
    call(bridge, "fix the root".into(), U256::ZERO, IBridge::fixRootCall {})
}

/// Leaves with one balance from the fixed state. The proofs are the state map's lookup proofs of the account's leaf and the balance's.
pub fn escape(
    bridge: Address,
    account: AccountId,
    asset: AssetId,
    owner_proof: Bytes,
    balance_proof: Bytes,
    recipient: Address,
) -> UserCall {
    let input = IBridge::escapeCall {
        account: account.get(),
        asset: asset.get(),
        ownerProof: owner_proof,
        balanceProof: balance_proof,
        recipient,
    };
    call(bridge, format!("leave with asset {} of account {}", asset.get(), account.get()), U256::ZERO, input)
}

/// Takes back a deposit that no final batch consumed before the exchange ended.
pub fn refund(bridge: Address, index: InboxIndex, entry: Bytes, recipient: Address) -> UserCall {
    let input = IBridge::refundCall { index: index.get(), entry, recipient };
    call(bridge, format!("take back deposit {}", index.get()), U256::ZERO, input)
}
