use std::fmt;
use std::time::Duration;

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::network::Ethereum;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy::rpc::types::{Filter, TransactionInput, TransactionRequest};
use alloy::transports::http::reqwest::{Client, Url};

use crate::l1::{Block, BlockAt, Call, FeeMarket, L1, L1Error, Log, Receipt};
use crate::limits::LOGS_PER_BLOCK_MAX;

use super::errors::sort;

/// Blocks over which tips are looked at, and which of a block's tips: most of its transactions paid less.
const TIP_BLOCKS: u64 = 10;
const TIP_PERCENTILE: f64 = 60.0;

/// One HTTP endpoint.
#[derive(Clone)]
pub struct Endpoint {
    name: String,
    provider: RootProvider<Ethereum>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// An endpoint by its address, with a bound on how long an answer may take. Its name in errors is the host only: the path of a
    /// paid endpoint often is its password.
    pub fn new(url: &str, timeout: Duration) -> Result<Endpoint, L1Error> {
        let broken =
            |name: &str, reason: String| L1Error::Transport { endpoint: name.to_owned(), what: "its address", reason };
        let parsed: Url = url.parse().map_err(|error| broken("with an unreadable address", format!("{error}")))?;
        let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
        let name = format!("{}{port}", parsed.host_str().unwrap_or("without a host"));
        let client = Client::builder().timeout(timeout).build().map_err(|error| broken(&name, error.to_string()))?;
        let transport = alloy::transports::http::Http::with_client(client, parsed);
        let provider = RootProvider::new(RpcClient::new(transport, false));
        Ok(Endpoint { name, provider })
    }

    /// An account's transactions, with those that are on their way as far as this endpoint knows.
    pub async fn pending_nonce(&self, of: Address) -> Result<u64, L1Error> {
        let asked = self.provider.get_transaction_count(of).pending().await;
        asked.map_err(|error| sort(&self.name, "what is on its way", error))
    }

    fn differs(&self, what: &'static str, asked: impl fmt::Display, got: impl fmt::Display) -> L1Error {
        L1Error::Inconsistent { endpoint: self.name.clone(), what, asked: asked.to_string(), got: got.to_string() }
    }
}

fn request(call: &Call) -> TransactionRequest {
    TransactionRequest {
        from: Some(call.from),
        to: Some(call.to.map_or(TxKind::Create, TxKind::Call)),
        value: Some(call.value),
        input: TransactionInput::new(call.data.clone()),
        ..TransactionRequest::default()
    }
}

fn id(at: BlockAt) -> BlockId {
    match at {
        BlockAt::Hash(hash) => BlockId::hash_canonical(hash),
        BlockAt::Number(number) => BlockId::number(number),
        BlockAt::Latest => BlockId::latest(),
        BlockAt::Safe => BlockId::safe(),
        BlockAt::Finalized => BlockId::finalized(),
    }
}

impl L1 for Endpoint {
    async fn chain_id(&self) -> Result<u64, L1Error> {
        self.provider.get_chain_id().await.map_err(|error| sort(&self.name, "the chain id", error))
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, L1Error> {
        let fail = |error| sort(&self.name, "a block", error);
        let found = match at {
            BlockAt::Hash(hash) => self.provider.get_block_by_hash(hash).await.map_err(fail),
            BlockAt::Number(number) => self.provider.get_block_by_number(number.into()).await.map_err(fail),
            BlockAt::Latest => self.provider.get_block_by_number(BlockNumberOrTag::Latest).await.map_err(fail),
            // A young chain has no such block yet, and some endpoints call that an error.
            BlockAt::Safe | BlockAt::Finalized => {
                let tag = if at == BlockAt::Safe { BlockNumberOrTag::Safe } else { BlockNumberOrTag::Finalized };
                match self.provider.get_block_by_number(tag).await.map_err(fail) {
                    Err(L1Error::Missing { .. }) => Ok(None),
                    other => other,
                }
            }
        }?;
        let Some(found) = found else { return Ok(None) };
        let header = found.header;
        let block = Block {
            hash: header.hash,
            parent: header.inner.parent_hash,
            number: header.inner.number,
            time: header.inner.timestamp,
            base_fee: header.inner.base_fee_per_gas.unwrap_or_default().into(),
        };
        // Some servers answer for an orphan with its canonical sibling; a header that hashes to something else is no answer either.
        let computed = header.inner.hash_slow();
        match at {
            BlockAt::Hash(asked) if asked != block.hash => Err(self.differs("a block", asked, block.hash)),
            BlockAt::Number(asked) if asked != block.number => Err(self.differs("a block", asked, block.number)),
            _ if computed != block.hash => Err(self.differs("the hash of a header", block.hash, computed)),
            _ => Ok(Some(block)),
        }
    }

    async fn logs(&self, block: B256, of: &[Address]) -> Result<Vec<Log>, L1Error> {
        if of.is_empty() {
            // To JSON-RPC, no address means all of them.
            let known = self.block(BlockAt::Hash(block)).await?;
            return known.map(|_| Vec::new()).ok_or(L1Error::Missing { what: "the block" });
        }
        let filter = Filter::new().at_block_hash(block).address(of.to_vec());
        let found = self.provider.get_logs(&filter).await.map_err(|error| sort(&self.name, "logs", error))?;
        if found.len() > LOGS_PER_BLOCK_MAX {
            return Err(self.differs("logs", format!("at most {LOGS_PER_BLOCK_MAX}"), found.len()));
        }
        let mut logs = Vec::with_capacity(found.len());
        for log in found {
            if log.block_hash != Some(block) || log.removed {
                return Err(self.differs("logs", block, format!("{:?}", log.block_hash)));
            }
            let (Some(tx), Some(index)) = (log.transaction_hash, log.log_index) else {
                return Err(self.differs("logs", "mined ones", "pending ones"));
            };
            let topics = log.inner.data.topics().to_vec();
            logs.push(Log { address: log.inner.address, topics, data: log.inner.data.data, tx, index });
        }
        if let Some(stray) = logs.iter().find(|log| !of.contains(&log.address)) {
            return Err(self.differs("logs", "certain contracts", stray.address));
        }
        logs.sort_by_key(|log| log.index);
        Ok(logs)
    }

    async fn call(&self, call: &Call, at: BlockAt) -> Result<Bytes, L1Error> {
        let result = self.provider.call(request(call)).block(id(at)).await;
        result.map_err(|error| sort(&self.name, "a call", error))
    }

    async fn estimate(&self, call: &Call) -> Result<u64, L1Error> {
        self.provider.estimate_gas(request(call)).await.map_err(|error| sort(&self.name, "an estimate", error))
    }

    async fn nonce(&self, of: Address, at: BlockAt) -> Result<u64, L1Error> {
        let result = self.provider.get_transaction_count(of).block_id(id(at)).await;
        result.map_err(|error| sort(&self.name, "a nonce", error))
    }

    async fn balance(&self, of: Address) -> Result<U256, L1Error> {
        self.provider.get_balance(of).await.map_err(|error| sort(&self.name, "a balance", error))
    }

    async fn code(&self, of: Address) -> Result<Bytes, L1Error> {
        self.provider.get_code_at(of).await.map_err(|error| sort(&self.name, "code", error))
    }

    async fn fees(&self) -> Result<FeeMarket, L1Error> {
        let asked = self.provider.get_fee_history(TIP_BLOCKS, BlockNumberOrTag::Latest, &[TIP_PERCENTILE]);
        let history = asked.await.map_err(|error| sort(&self.name, "the fee history", error))?;
        let tips = history.reward.unwrap_or_default().iter().filter_map(|row| row.first().copied()).collect();
        let last = |fees: &[u128]| fees.last().copied();
        let base_fee = last(&history.base_fee_per_gas)
            .ok_or_else(|| self.differs("the fee history", "the next block's base fee", "nothing"))?;
        Ok(FeeMarket { base_fee, blob_fee: last(&history.base_fee_per_blob_gas).unwrap_or(1), tips })
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, L1Error> {
        let pending = self.provider.send_raw_transaction(raw).await;
        let got = *pending.map_err(|error| sort(&self.name, "send", error))?.tx_hash();
        let asked = transaction_hash(raw);
        if got == asked { Ok(got) } else { Err(self.differs("send", asked, got)) }
    }

    async fn receipt(&self, tx: B256) -> Result<Option<Receipt>, L1Error> {
        let found = self.provider.get_transaction_receipt(tx).await;
        let Some(receipt) = found.map_err(|error| sort(&self.name, "a receipt", error))? else { return Ok(None) };
        if receipt.transaction_hash != tx {
            return Err(self.differs("a receipt", tx, receipt.transaction_hash));
        }
        // Without a block it is not mined.
        let (Some(block_hash), Some(block_number)) = (receipt.block_hash, receipt.block_number) else {
            return Ok(None);
        };
        let blob_cost = receipt.blob_gas_price.unwrap_or(0).saturating_mul(receipt.blob_gas_used.unwrap_or(0).into());
        Ok(Some(Receipt {
            tx,
            block_hash,
            block_number,
            succeeded: receipt.status(),
            gas_used: receipt.gas_used,
            gas_price: receipt.effective_gas_price,
            blob_cost,
            created: receipt.contract_address,
        }))
    }
}

/// The hash by which a chain knows the bytes that were handed to a pool: blobs are not part of it.
pub(crate) fn transaction_hash(raw: &[u8]) -> B256 {
    use alloy::consensus::TxEnvelope;
    use alloy::eips::eip2718::Decodable2718;
    match TxEnvelope::decode_2718(&mut &raw[..]) {
        Ok(envelope) => *envelope.tx_hash(),
        Err(_) => keccak256(raw),
    }
}
