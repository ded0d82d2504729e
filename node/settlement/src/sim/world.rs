use std::collections::{BTreeMap, VecDeque};

use alloy::consensus::{SignableTransaction, Transaction, TxEnvelope};
use alloy::eips::eip2718::Decodable2718;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use ashlar_types::InboxEntry;

use crate::l1::{Block, L1Error, Log, Receipt};
use crate::versions::Activation;

use super::contracts::Contracts;
use super::dice::Dice;
use super::weather::{Climate, Weather};

/// Blocks whose state is kept.
const STATES: usize = 1_024;
/// Seconds between blocks.
pub const BLOCK_SECONDS: u64 = 12;

/// A transaction as the chain sees it.
#[derive(Clone, Debug)]
pub(super) struct SimTx {
    pub hash: B256,
    pub from: Address,
    pub nonce: u64,
    pub to: Option<Address>,
    pub input: Bytes,
    pub fee_max: u128,
    pub tip: u128,
    pub blob_fee_max: Option<u128>,
    pub blobs: u64,
}

/// What is put into a block.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Tx(SimTx),
    /// Somebody else's entry in the inbox.
    Entry(InboxEntry),
    /// Somebody else uses a nonce of an account.
    Foreign(Address),
    /// Governance announces a version.
    Version(Activation),
    /// Governance takes the latest version back.
    Cancel(u32),
}

/// A block with all that came of it.
#[derive(Clone, Debug)]
pub(super) struct SimBlock {
    pub block: Block,
    pub items: Vec<Item>,
    pub logs: Vec<Log>,
    pub receipts: BTreeMap<B256, Receipt>,
    /// What is known of the newest blocks alone.
    pub state: Option<Contracts>,
    pub nonces: BTreeMap<Address, u64>,
}

/// What becomes of the content of blocks that a reorg leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orphans {
    /// It is mined again in the new blocks, in the same order.
    Kept,
    /// Inbox entries are mined again in the opposite order; transactions go back to the pool.
    Reordered,
    /// Inbox entries are gone; transactions go back to the pool.
    EntriesDropped,
    /// Everything is gone, and the pool is empty.
    AllDropped,
}

/// The whole simulated chain.
pub(super) struct World {
    pub chain_id: u64,
    pub weather: Weather,
    pub climate: Climate,
    pub dice: Dice,
    pub blocks: BTreeMap<B256, SimBlock>,
    pub canonical: Vec<B256>,
    pub pool: BTreeMap<(Address, u64), SimTx>,
    pub waiting: VecDeque<Item>,
    pub tips: VecDeque<u128>,
    pub marks: (u64, u64),
    pub floor: u64,
    pub balance: u128,
    pub calls: u64,
    pub replaced: u64,
    pub crash_at: Option<(u64, bool)>,
    pub crashed: bool,
    salt: u64,
}

impl World {
    pub fn new(chain_id: u64, seed: u64, endpoints: usize, weather: Weather, state: Contracts, time: u64) -> World {
        let block = Block { hash: keccak256(seed.to_be_bytes()), parent: B256::ZERO, number: 0, time, base_fee: 1 };
        let genesis = SimBlock {
            block,
            items: Vec::new(),
            logs: Vec::new(),
            receipts: BTreeMap::new(),
            state: Some(state),
            nonces: BTreeMap::new(),
        };
        World {
            chain_id,
            climate: Climate::new(&weather, endpoints),
            weather,
            dice: Dice::new(seed),
            blocks: BTreeMap::from([(block.hash, genesis)]),
            canonical: vec![block.hash],
            pool: BTreeMap::new(),
            waiting: VecDeque::new(),
            tips: VecDeque::new(),
            marks: (32, 64),
            floor: 0,
            balance: u128::MAX,
            calls: 0,
            replaced: 0,
            crash_at: None,
            crashed: false,
            salt: 0,
        }
    }

    pub fn head(&self) -> Option<&SimBlock> {
        self.blocks.get(self.canonical.last()?)
    }

    pub fn is_canonical(&self, block: &Block) -> bool {
        usize::try_from(block.number).is_ok_and(|number| self.canonical.get(number) == Some(&block.hash))
    }

    /// Takes a transaction as a pool does.
    pub fn take(&mut self, raw: &Bytes) -> Result<B256, L1Error> {
        let tx = decode(raw, self.chain_id)?;
        let next = self.head().and_then(|head| head.nonces.get(&tx.from).copied()).unwrap_or(0);
        if tx.nonce < next {
            return Err(L1Error::NonceTooLow { reason: format!("next nonce {next}, tx nonce {}", tx.nonce) });
        }
        if let Some(old) = self.pool.get(&(tx.from, tx.nonce)) {
            if old.hash == tx.hash {
                return Err(L1Error::AlreadyKnown);
            }
            let percent = if old.blob_fee_max.is_some() { 200 } else { 110 };
            let enough = |new: u128, old: u128| new.saturating_mul(100) >= old.saturating_mul(percent);
            let blobs = enough(tx.blob_fee_max.unwrap_or(0), old.blob_fee_max.unwrap_or(0));
            if !enough(tx.fee_max, old.fee_max) || !enough(tx.tip, old.tip) || !blobs {
                return Err(L1Error::Underpriced { reason: "replacement transaction underpriced".into() });
            }
        }
        let hash = tx.hash;
        let old = self.pool.insert((tx.from, tx.nonce), tx);
        self.replaced += u64::from(old.is_some());
        Ok(hash)
    }

    /// Mines a block on the head, of what waits and what the pool offers enough for.
    pub fn mine(&mut self, time: u64) -> Option<Block> {
        let mut items: Vec<Item> = self.waiting.drain(..).collect();
        items.extend(self.chosen().into_iter().map(Item::Tx));
        let parent = *self.canonical.last()?;
        let block = self.build(parent, items, time)?;
        self.canonical.push(block.hash);
        self.clean();
        let (weather, mut dice) = (self.weather, self.dice.clone());
        self.tips.push_back(self.climate.tip);
        while self.tips.len() > 10 {
            self.tips.pop_front();
        }
        self.climate.next(&weather, &mut dice);
        self.dice = dice;
        Some(block)
    }

    /// Of each sender, the transactions from its next nonce on that pay what this block asks.
    fn chosen(&self) -> Vec<SimTx> {
        let Some(head) = self.head() else { return Vec::new() };
        let mut nonces = head.nonces.clone();
        for item in &self.waiting {
            if let Item::Foreign(account) = item {
                *nonces.entry(*account).or_insert(0) += 1;
            }
        }
        let mut chosen = Vec::new();
        for tx in self.pool.values() {
            let next = nonces.entry(tx.from).or_insert(0);
            let tip = tx.tip.min(tx.fee_max.saturating_sub(self.climate.base_fee));
            let pays = tx.fee_max >= self.climate.base_fee && tip >= self.climate.tip;
            let blobs = tx.blob_fee_max.is_none_or(|fee| fee >= self.climate.blob_fee);
            if tx.nonce == *next && pays && blobs {
                *next += 1;
                chosen.push(tx.clone());
            }
        }
        chosen
    }

    /// Executes a block on any parent; it becomes part of the chain only where the caller says so.
    fn build(&mut self, parent: B256, items: Vec<Item>, time: u64) -> Option<Block> {
        let before = self.blocks.get(&parent)?;
        let (mut state, mut nonces) = (before.state.clone()?, before.nonces.clone());
        let number = before.block.number + 1;
        let time = time.max(before.block.time + 1);
        self.salt += 1;
        let hash = keccak256([parent.as_slice(), &self.salt.to_be_bytes(), &time.to_be_bytes()].concat());
        let block = Block { hash, parent, number, time, base_fee: self.climate.base_fee };
        let (mut logs, mut receipts) = (Vec::new(), BTreeMap::new());
        let mut kept = Vec::new();
        for (place, item) in items.into_iter().enumerate() {
            let place_hash = keccak256([hash.as_slice(), &place.to_be_bytes()].concat());
            let (tx, effects) = match &item {
                Item::Entry(entry) => (place_hash, state.enter(entry, time)),
                Item::Version(next) => (place_hash, state.schedule(*next, time)),
                Item::Cancel(version) => (place_hash, state.cancel(*version, time)),
                Item::Foreign(account) => {
                    *nonces.entry(*account).or_insert(0) += 1;
                    (place_hash, Ok(Vec::new()))
                }
                Item::Tx(tx) => {
                    let next = nonces.entry(tx.from).or_insert(0);
                    if *next != tx.nonce {
                        continue;
                    }
                    *next += 1;
                    let mut after = state.clone();
                    let effects = after.execute(tx.from, tx.to, &tx.input, time);
                    if effects.is_ok() {
                        state = after;
                    }
                    receipts.insert(tx.hash, self.receipt(tx, &block, effects.is_ok()));
                    (tx.hash, effects)
                }
            };
            for effect in effects.unwrap_or_default() {
                logs.push(Contracts::log(effect, tx, logs.len() as u64));
            }
            kept.push(item);
        }
        self.blocks.insert(hash, SimBlock { block, items: kept, logs, receipts, state: Some(state), nonces });
        Some(block)
    }

    fn receipt(&self, tx: &SimTx, block: &Block, succeeded: bool) -> Receipt {
        Receipt {
            tx: tx.hash,
            block_hash: block.hash,
            block_number: block.number,
            succeeded,
            gas_used: 200_000,
            gas_price: block.base_fee + tx.tip.min(tx.fee_max.saturating_sub(block.base_fee)),
            blob_cost: u128::from(tx.blobs) * 131_072 * self.climate.blob_fee,
            created: None,
        }
    }

    /// Replaces the newest `depth` blocks by `depth + longer` new ones.
    pub fn reorg(&mut self, depth: u64, longer: u64, orphans: Orphans) -> Option<Block> {
        let head = self.canonical.len() as u64 - 1;
        let fork = usize::try_from(head.checked_sub(depth)?).ok()?;
        self.floor = self.floor.min(fork as u64);
        let left: Vec<SimBlock> =
            self.canonical.drain(fork + 1..).filter_map(|hash| self.blocks.get(&hash).cloned()).collect();
        let time = left.first().map_or(0, |first| first.block.time);
        let mut entries = Vec::new();
        let mut again: VecDeque<Vec<Item>> = VecDeque::new();
        for block in left {
            if orphans == Orphans::Kept {
                again.push_back(block.items);
                continue;
            }
            for item in block.items {
                match item {
                    Item::Tx(tx) if orphans != Orphans::AllDropped => {
                        self.pool.insert((tx.from, tx.nonce), tx);
                    }
                    Item::Tx(_) => {}
                    other => entries.push(other),
                }
            }
        }
        if orphans == Orphans::Reordered {
            entries.reverse();
            again.push_back(entries);
        }
        if orphans == Orphans::AllDropped {
            self.pool.clear();
        }
        let mut parent = *self.canonical.last()?;
        let mut last = None;
        for place in 0..depth + longer {
            let items = again.pop_front().unwrap_or_default();
            // A second later than before: another block time, and so other bytes of the entries.
            let block = self.build(parent, items, time + 1 + place * BLOCK_SECONDS)?;
            parent = block.hash;
            self.canonical.push(block.hash);
            last = Some(block);
        }
        self.clean();
        last
    }

    /// Drops from the pool what can no longer be mined, old blocks that the chain has left, and states that are too old.
    fn clean(&mut self) {
        let nonces = self.head().map(|head| head.nonces.clone()).unwrap_or_default();
        self.pool.retain(|(from, nonce), _| *nonce >= nonces.get(from).copied().unwrap_or(0));
        if self.canonical.len().is_multiple_of(STATES)
            && let Some(oldest) = self.canonical.len().checked_sub(STATES)
        {
            let canonical = &self.canonical;
            self.blocks.retain(|hash, block| {
                let number = block.block.number as usize;
                if number < oldest {
                    block.state = None;
                }
                number >= oldest || canonical.get(number) == Some(hash)
            });
        }
    }
}

pub(super) fn decode(raw: &Bytes, chain_id: u64) -> Result<SimTx, L1Error> {
    let rejected = |reason: &str| L1Error::Rejected { reason: reason.into() };
    let envelope = TxEnvelope::decode_2718(&mut raw.as_ref()).map_err(|_| rejected("it is not a transaction"))?;
    let hash = *envelope.tx_hash();
    let (signing, signature) = match &envelope {
        TxEnvelope::Eip1559(tx) => (tx.tx().signature_hash(), *tx.signature()),
        TxEnvelope::Eip4844(tx) => (tx.tx().signature_hash(), *tx.signature()),
        _ => return Err(rejected("transaction type not supported")),
    };
    let from = signature.recover_address_from_prehash(&signing).map_err(|_| rejected("invalid signature"))?;
    if envelope.chain_id() != Some(chain_id) {
        return Err(rejected("invalid chain id"));
    }
    Ok(SimTx {
        hash,
        from,
        nonce: envelope.nonce(),
        to: envelope.to(),
        input: envelope.input().clone(),
        fee_max: envelope.max_fee_per_gas(),
        tip: envelope.max_priority_fee_per_gas().unwrap_or(0),
        blob_fee_max: envelope.max_fee_per_blob_gas(),
        blobs: envelope.blob_versioned_hashes().map_or(0, |blobs| blobs.len() as u64),
    })
}
