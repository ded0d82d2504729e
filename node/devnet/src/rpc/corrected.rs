//! Where ethrex would answer another question than the one it was asked: about a block's canonical sibling, or without the overrides.

use ethrex_common::H256;
use ethrex_rpc::types::block::RpcBlock;
use serde_json::Value;

use super::{Answer, Endpoint};
use crate::error::{DevnetError, ethrex};

/// Methods that read state or results and may name a block by its hash.
const BY_HASH: [&str; 10] = [
    "eth_getBalance",
    "eth_getCode",
    "eth_call",
    "eth_estimateGas",
    "eth_createAccessList",
    "eth_getStorageAt",
    "eth_getProof",
    "eth_getTransactionCount",
    "eth_getBlockTransactionCountByHash",
    "eth_getTransactionByBlockHashAndIndex",
];

impl Endpoint {
    /// Answers what ethrex would answer about another block.
    pub(super) async fn correct(&self, asked: &Value) -> Answer {
        let method = asked["method"].as_str().unwrap_or_default();
        if let Some(refused) = Self::refuse_overrides(method, &asked["params"]) {
            return refused;
        }
        let outcome = if method == "eth_getBlockByHash" {
            self.block_by_hash(&asked["params"]).await
        } else if BY_HASH.contains(&method) {
            self.refuse_orphan(&asked["params"]).await
        } else {
            return Answer::Ethrex;
        };
        outcome.unwrap_or_else(Answer::from)
    }

    async fn block_by_hash(&self, params: &Value) -> Result<Answer, DevnetError> {
        let doing = "reading a block";
        let Some(hash) = hash(&params[0]) else { return Ok(Answer::Ethrex) };
        let Some(block) = self.chain.store.get_block_by_hash(hash).await.map_err(ethrex(doing))? else {
            return Ok(Answer::Result(Value::Null));
        };
        let whole = params[1].as_bool().unwrap_or(false);
        let shown = RpcBlock::build(block.header, block.body, hash, whole)
            .map_err(|error| ethrex(doing)(format!("{error:?}")))?;
        serde_json::to_value(shown).map(Answer::Result).map_err(ethrex(doing))
    }

    /// ethrex knows no overrides, neither of the state nor of the block; an answer without them would look like one with them.
    fn refuse_overrides(method: &str, params: &Value) -> Option<Answer> {
        let mut overrides = params.as_array().into_iter().flatten().skip(2);
        let overridden = ["eth_call", "eth_estimateGas"].contains(&method) && overrides.any(|one| !one.is_null());
        overridden.then(|| Answer::Error {
            code: -32_602,
            message: format!("{method} takes no overrides here; leave out what follows the block"),
        })
    }

    /// A block's state and results are only kept for the canonical chain: about any other, a refusal is the honest answer.
    async fn refuse_orphan(&self, params: &Value) -> Result<Answer, DevnetError> {
        for param in params.as_array().into_iter().flatten() {
            let Some(named) = hash(param.get("blockHash").unwrap_or(param)) else { continue };
            if self.chain.is_canonical(named).await? == Some(false) {
                return Ok(Answer::Error {
                    code: -32_000,
                    message: format!("block {named:#x} is not on the canonical chain"),
                });
            }
        }
        Ok(Answer::Ethrex)
    }
}

/// A block hash, unless it is something else.
fn hash(param: &Value) -> Option<H256> {
    let digits = param.as_str()?.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    super::control::bytes(digits).map(|bytes| H256::from_slice(&bytes))
}
