use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use ashlar_contracts::abi::{IBridge, ISettlement};
use ashlar_types::{BatchNumber, Deployment, InboxIndex};
use thiserror::Error;

use crate::contract::Addresses;
use crate::l1::{BlockAt, Call, L1, L1Error};

/// What is wrong with the configuration, found before anything is sent.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SetupError {
    /// L1 gave no answer.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// It is another chain.
    #[error("the L1 endpoint serves chain {got}, and chain {expected} is configured; correct one of the two")]
    WrongChain {
        /// What is configured.
        expected: u64,
        /// What it is.
        got: u64,
    },
    /// There is no contract.
    #[error("there is no contract at {address}, where {name} should be; correct the address or deploy first")]
    NoContract {
        /// Which contract.
        name: &'static str,
        /// Where it was looked for.
        address: Address,
    },
    /// It is another contract.
    #[error("the contract at {address} is not the {name} of this exchange: {reason}; correct the addresses")]
    WrongContract {
        /// Which contract it should be.
        name: &'static str,
        /// Where.
        address: Address,
        /// What is different.
        reason: String,
    },
    /// The account may not do it.
    #[error("{account} is not the {role}, which is {holder}; use that key, or let governance change the {role}")]
    MissingRole {
        /// Whose key it is.
        account: Address,
        /// Which role.
        role: &'static str,
        /// Who has it.
        holder: Address,
    },
    /// The account cannot pay.
    #[error("{account} has {wei} wei and needs at least {needed} to pay for transactions; send it ether")]
    EmptyBalance {
        /// Whose.
        account: Address,
        /// How much it has.
        wei: U256,
        /// How much it needs.
        needed: U256,
    },
}

/// Checks chain and contracts; nothing is sent.
pub async fn check_contracts<L: L1>(l1: &L, chain_id: u64, addresses: &Addresses) -> Result<(), SetupError> {
    let got = l1.chain_id().await?;
    if got != chain_id {
        return Err(SetupError::WrongChain { expected: chain_id, got });
    }
    for (name, address) in [("settlement contract", addresses.settlement), ("bridge", addresses.bridge)] {
        if l1.code(address).await?.is_empty() {
            return Err(SetupError::NoContract { name, address });
        }
    }
    let address = addresses.settlement;
    let wrong = |reason: String| SetupError::WrongContract { name: "settlement contract", address, reason };
    let settlement = ashlar_types::Address(address.into_array());
    let expected = B256::from(Deployment { chain_id, settlement }.exchange_id().0);
    let id: B256 = ask(l1, address, &ISettlement::exchangeIdCall {}).await.map_err(&wrong)??;
    if id != expected {
        return Err(wrong(format!("its exchange id is {id}, expected {expected}")));
    }
    let bridge: Address = ask(l1, address, &ISettlement::bridgeCall {}).await.map_err(&wrong)??;
    if bridge != addresses.bridge {
        return Err(wrong(format!("its bridge is {bridge}, and {} is configured", addresses.bridge)));
    }
    Ok(())
}

/// Checks that the account is the operator and can pay.
pub async fn check_operator<L: L1>(
    l1: &L,
    addresses: &Addresses,
    account: Address,
    needed: U256,
) -> Result<(), SetupError> {
    let address = addresses.settlement;
    let wrong = |reason: String| SetupError::WrongContract { name: "settlement contract", address, reason };
    let holder: Address = ask(l1, address, &ISettlement::operatorCall {}).await.map_err(&wrong)??;
    if holder != account {
        return Err(SetupError::MissingRole { account, role: "operator", holder });
    }
    check_balance(l1, account, needed).await
}

/// Checks that the account can pay.
pub async fn check_balance<L: L1>(l1: &L, account: Address, needed: U256) -> Result<(), SetupError> {
    let wei = l1.balance(account).await?;
    if wei < needed || wei.is_zero() {
        return Err(SetupError::EmptyBalance { account, wei, needed });
    }
    Ok(())
}

/// The chained hash over so many entries of a bridge's inbox, at L1's last safe block; none if there are not so many.
pub async fn safe_inbox_hash<L: L1>(
    l1: &L,
    bridge: Address,
    entries: InboxIndex,
) -> Result<Option<ashlar_batch::Hash>, L1Error> {
    if entries.get() == 0 {
        return Ok(Some(ashlar_batch::Hash::ZERO));
    }
    let data = IBridge::inboxHashCall { count: entries.get() }.abi_encode().into();
    let call = Call { from: Address::ZERO, to: Some(bridge), value: U256::ZERO, data };
    let answer = l1.call(&call, BlockAt::Safe).await?;
    let hash = IBridge::inboxHashCall::abi_decode_returns(&answer);
    let hash = hash.map_err(|_| L1Error::Missing { what: "the hash of the bridge's inbox" })?;
    // The contract answers zero for an entry that is not there yet.
    Ok((!hash.is_zero()).then_some(ashlar_batch::Hash(hash.0)))
}

/// The last batch that the settlement contract has committed at a block.
pub async fn committed_at<L: L1>(l1: &L, settlement: Address, at: B256) -> Result<BatchNumber, L1Error> {
    answer_at(l1, settlement, at, &ISettlement::committedCall {}).await.map(BatchNumber::new)
}

/// The hash that the settlement contract keeps at a block for a batch; none if it has no such batch there.
pub async fn header_hash_at<L: L1>(
    l1: &L,
    settlement: Address,
    at: B256,
    batch: BatchNumber,
) -> Result<Option<ashlar_batch::Hash>, L1Error> {
    let hash: B256 = answer_at(l1, settlement, at, &ISettlement::headerHashCall { number: batch.get() }).await?;
    // The contract answers zero for what it does not have.
    Ok((!hash.is_zero()).then_some(ashlar_batch::Hash(hash.0)))
}

async fn answer_at<L: L1, C: SolCall>(l1: &L, to: Address, at: B256, question: &C) -> Result<C::Return, L1Error> {
    let call = Call { from: Address::ZERO, to: Some(to), value: U256::ZERO, data: question.abi_encode().into() };
    let answer = l1.call(&call, BlockAt::Hash(at)).await?;
    C::abi_decode_returns(&answer).map_err(|_| L1Error::Missing { what: "an answer of the settlement contract" })
}

/// Asks a contract for one value; the outer error is what a person should know if it is not such a contract.
pub(crate) async fn ask<L: L1, C: SolCall>(
    l1: &L,
    to: Address,
    question: &C,
) -> Result<Result<C::Return, SetupError>, String> {
    let data: Bytes = question.abi_encode().into();
    let call = Call { from: Address::ZERO, to: Some(to), value: U256::ZERO, data };
    match l1.call(&call, BlockAt::Latest).await {
        Ok(bytes) => C::abi_decode_returns(&bytes).map(Ok).map_err(|_| format!("it does not answer {}", C::SIGNATURE)),
        Err(L1Error::Revert { .. }) => Err(format!("it does not know {}", C::SIGNATURE)),
        Err(error) => Ok(Err(SetupError::L1(error))),
    }
}
