//! Receipts and events, read one by one.
//!
//! Once ethrex's store has moved a block out of its buffer, its in-memory backend finds only the first of the block's receipts when it is
//! asked for all of them. So whatever is made of a block's receipts is made here, each of them asked for by its place.

use ethrex_common::H256;
use ethrex_common::types::{Block, calculate_base_fee_per_blob_gas};
use ethrex_rpc::types::receipt::{RpcLog, RpcReceipt, RpcReceiptBlockInfo, RpcReceiptTxInfo};
use serde_json::{Value, json};

use super::control::bytes;
use super::{Answer, Endpoint};
use crate::error::{DevnetError, ethrex};

/// Blocks that one question about events may be about.
const LOG_BLOCKS_MAX: u64 = 100_000;
/// Events in one answer.
const LOGS_MAX: usize = 100_000;

impl Endpoint {
    /// Answers what is made of receipts.
    pub(super) async fn receipts(&self, asked: &Value) -> Answer {
        let params = &asked["params"];
        let outcome = match asked["method"].as_str().unwrap_or_default() {
            "eth_getTransactionReceipt" => self.transaction_receipt(&params[0]).await,
            "eth_getBlockReceipts" => self.block_receipts(&params[0]).await,
            "eth_getLogs" => self.logs(&params[0]).await,
            _ => return Answer::Ethrex,
        };
        outcome.map_or_else(Answer::from, Answer::Result)
    }

    async fn transaction_receipt(&self, named: &Value) -> Result<Value, DevnetError> {
        let takes = DevnetError::Parameters { method: "eth_getTransactionReceipt", takes: "the hash of a transaction" };
        let hash = hash(named).ok_or(takes)?;
        let location =
            self.chain.store.get_transaction_location(hash).await.map_err(ethrex("finding a transaction"))?;
        let Some((_, block, index)) = location else { return Ok(Value::Null) };
        let Some(block) = self.canonical_block(block).await? else { return Ok(Value::Null) };
        let receipts = self.of_block(block).await?;
        let found = usize::try_from(index).ok().and_then(|index| receipts.get(index));
        found.map_or(Ok(Value::Null), shown)
    }

    async fn block_receipts(&self, named: &Value) -> Result<Value, DevnetError> {
        let block = match hash(named) {
            Some(hash) => {
                let orphan = || DevnetError::UnknownBlock(format!("{hash:#x}, which is not on the canonical chain,"));
                self.canonical_block(hash).await?.ok_or_else(orphan)?
            }
            None => match self.number(named).await? {
                Some(number) => self.block_at(number).await?,
                None => return Ok(Value::Null),
            },
        };
        self.of_block(block).await?.iter().map(shown).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    async fn logs(&self, filter: &Value) -> Result<Value, DevnetError> {
        let mut found = Vec::new();
        if let Some(hash) = hash(&filter["blockHash"]) {
            let orphan = || DevnetError::UnknownBlock(format!("{hash:#x}, which is not on the canonical chain,"));
            let block = self.canonical_block(hash).await?.ok_or_else(orphan)?;
            self.logs_of(block, filter, &mut found).await?;
        } else {
            let takes =
                || DevnetError::Parameters { method: "eth_getLogs", takes: "blockHash, or fromBlock and toBlock" };
            let bound = |name: &str| if filter[name].is_null() { json!("latest") } else { filter[name].clone() };
            let from = self.number(&bound("fromBlock")).await?.ok_or_else(takes)?;
            let to = self.number(&bound("toBlock")).await?.ok_or_else(takes)?;
            if from > to || to - from > LOG_BLOCKS_MAX {
                return Err(takes());
            }
            for number in from..=to {
                let block = self.block_at(number).await?;
                self.logs_of(block, filter, &mut found).await?;
            }
        }
        found.iter().map(shown).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    async fn logs_of(&self, block: Block, filter: &Value, found: &mut Vec<RpcLog>) -> Result<(), DevnetError> {
        for receipt in self.of_block(block).await? {
            let fitting = receipt.logs.into_iter().filter(|log| fits(log, filter));
            found.extend(fitting.take(LOGS_MAX.saturating_sub(found.len())));
        }
        Ok(())
    }

    /// The receipts of a block on the canonical chain.
    async fn of_block(&self, block: Block) -> Result<Vec<RpcReceipt>, DevnetError> {
        let doing = "reading receipts";
        let config = self.chain.store.get_chain_config();
        let fraction =
            config.get_fork_blob_schedule(block.header.timestamp).map(|schedule| schedule.base_fee_update_fraction);
        let blob_fee = calculate_base_fee_per_blob_gas(
            block.header.excess_blob_gas.unwrap_or_default(),
            fraction.unwrap_or_default(),
        );
        let blob_fee = u64::try_from(blob_fee).map_err(|_| ethrex(doing)("the blob fee is out of range"))?;
        let (base_fee, number) = (block.header.base_fee_per_gas, block.header.number);
        let place = RpcReceiptBlockInfo::from_block_header(block.header);
        let (mut receipts, mut gas_before, mut logs_before) = (Vec::new(), 0, 0);
        for (transaction, index) in block.body.transactions.into_iter().zip(0..) {
            let receipt = self.chain.store.get_receipt(number, index).await.map_err(ethrex(doing))?;
            let receipt = receipt.ok_or_else(|| ethrex(doing)(format!("block {number} has no receipt {index}")))?;
            let gas = receipt.cumulative_gas_used.saturating_sub(gas_before);
            (gas_before, logs_before) = (receipt.cumulative_gas_used, logs_before + receipt.logs.len() as u64);
            let first_log = logs_before - receipt.logs.len() as u64;
            let about = RpcReceiptTxInfo::from_transaction(transaction, index, gas, blob_fee, base_fee)
                .map_err(|error| ethrex(doing)(format!("{error:?}")))?;
            receipts.push(RpcReceipt::new(receipt, about, place.clone(), first_log));
        }
        Ok(receipts)
    }

    async fn canonical_block(&self, hash: H256) -> Result<Option<Block>, DevnetError> {
        if self.chain.is_canonical(hash).await? != Some(true) {
            return Ok(None);
        }
        self.chain.store.get_block_by_hash(hash).await.map_err(ethrex("reading a block"))
    }

    async fn block_at(&self, number: u64) -> Result<Block, DevnetError> {
        let block = self.chain.store.get_block_by_number(number).await.map_err(ethrex("reading a block"))?;
        block.ok_or_else(|| DevnetError::UnknownBlock(number.to_string()))
    }

    /// The height that a number or a tag means; `None` if there is no such block.
    async fn number(&self, named: &Value) -> Result<Option<u64>, DevnetError> {
        let (doing, store) = ("reading a tag", &self.chain.store);
        let latest = store.get_latest_block_number().await.map_err(ethrex(doing))?;
        let number = match named.as_str().unwrap_or_default() {
            "latest" | "pending" => Some(latest),
            "earliest" => Some(0),
            "safe" => store.get_safe_block_number().await.map_err(ethrex(doing))?,
            "finalized" => store.get_finalized_block_number().await.map_err(ethrex(doing))?,
            digits => digits.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()),
        };
        Ok(number.filter(|number| *number <= latest))
    }
}

fn shown(value: &impl serde::Serialize) -> Result<Value, DevnetError> {
    serde_json::to_value(value).map_err(ethrex("writing an answer"))
}

fn hash(param: &Value) -> Option<H256> {
    let digits = param.as_str()?.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    bytes(digits).map(|bytes| H256::from_slice(&bytes))
}

/// Whether an event is by one of the named contracts and has the named topics; what is left out fits all.
fn fits(log: &RpcLog, filter: &Value) -> bool {
    let by = format!("{:#x}", log.log.address);
    let is = |wanted: &Value, got: &str| wanted.as_str().is_some_and(|wanted| wanted.eq_ignore_ascii_case(got));
    let one_of = |wanted: &Value, got: &str| match wanted {
        Value::Null => true,
        Value::Array(several) => several.is_empty() || several.iter().any(|one| one.is_null() || is(one, got)),
        one => is(one, got),
    };
    let topics = filter["topics"].as_array().map_or(&[][..], Vec::as_slice);
    one_of(&filter["address"], &by)
        && topics.len() <= log.log.topics.len()
        && topics.iter().zip(&log.log.topics).all(|(wanted, got)| one_of(wanted, &format!("{got:#x}")))
}
