//! Questions to the contracts, all answered at one block.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use anyhow::{Context as _, Result};
use ashlar_settlement::l1::{BlockAt, Call, L1 as _, L1Error};
use ashlar_settlement::rpc::RpcL1;

/// What a contract answers in the state after a block; nothing if it knows no such question.
pub async fn try_ask<C: SolCall>(l1: &RpcL1, at: BlockAt, to: Address, question: &C) -> Result<Option<C::Return>> {
    let data: Bytes = question.abi_encode().into();
    let call = Call { from: Address::ZERO, to: Some(to), value: U256::ZERO, data };
    match l1.call(&call, at).await {
        Ok(answer) => Ok(C::abi_decode_returns(&answer).ok()),
        Err(L1Error::Revert { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a contract answers in the state after a block.
pub async fn ask<C: SolCall>(l1: &RpcL1, at: BlockAt, to: Address, question: &C) -> Result<C::Return> {
    try_ask(l1, at, to, question)
        .await?
        .with_context(|| format!("the contract at {to} does not answer {}; correct the address", C::SIGNATURE))
}
