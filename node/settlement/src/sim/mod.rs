//! A simulated L1, deterministic from a seed: blocks, a pool with the rules of real ones, reorgs of any depth, spikes of fees, endpoints
//! that fail, transactions that get lost, and the contracts as far as the client can see them.

mod contracts;
mod dice;
mod weather;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::primitives::{Address, B256, Bytes, U256};
use ashlar_types::InboxEntry;

use crate::l1::{Block, BlockAt, Call, FeeMarket, L1, L1Error, Log, Receipt};
use crate::versions::Activation;

use world::{Item, World};

pub use contracts::Contracts;
pub use dice::Dice;
pub use weather::Weather;
pub use world::{BLOCK_SECONDS, Orphans};

/// The chain itself, for who plays L1. It outlives every client.
#[derive(Clone)]
pub struct SimChain(Arc<Mutex<World>>);

/// One endpoint of the chain, for a client.
#[derive(Clone)]
pub struct SimL1 {
    world: Arc<Mutex<World>>,
    endpoint: usize,
}

impl SimChain {
    /// A chain whose block 0 holds the deployed contracts, mined at this second.
    pub fn new(
        chain_id: u64,
        seed: u64,
        endpoints: usize,
        weather: Weather,
        contracts: Contracts,
        time: u64,
    ) -> SimChain {
        SimChain(Arc::new(Mutex::new(World::new(chain_id, seed, endpoints, weather, contracts, time))))
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An endpoint, counted from zero.
    pub fn endpoint(&self, endpoint: usize) -> SimL1 {
        SimL1 { world: self.0.clone(), endpoint }
    }

    /// Mines a block at this second.
    pub fn mine(&self, time: u64) -> Option<Block> {
        self.lock().mine(time)
    }

    /// Replaces the newest blocks by that many and `longer` more.
    pub fn reorg(&self, depth: u64, longer: u64, orphans: Orphans) -> Option<Block> {
        self.lock().reorg(depth, longer, orphans)
    }

    /// Somebody adds an entry to the inbox in the next block.
    pub fn enter(&self, entry: InboxEntry) {
        self.lock().waiting.push_back(Item::Entry(entry));
    }

    /// Governance announces a version in the next block.
    pub fn schedule_version(&self, next: Activation) {
        self.lock().waiting.push_back(Item::Version(next));
    }

    /// Governance takes the latest version back in the next block.
    pub fn cancel_version(&self, version: u32) {
        self.lock().waiting.push_back(Item::Cancel(version));
    }

    /// Somebody else uses the next nonce of an account in the next block.
    pub fn use_nonce(&self, of: Address) {
        self.lock().waiting.push_back(Item::Foreign(of));
    }

    /// How far `safe` and `finalized` are behind the head.
    pub fn set_marks(&self, safe: u64, finalized: u64) {
        self.lock().marks = (safe, finalized);
    }

    /// What every account has, in wei.
    pub fn set_balance(&self, wei: u128) {
        self.lock().balance = wei;
    }

    /// Other weather from now on.
    pub fn set_weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    /// Forgets everything in the pool.
    pub fn empty_pool(&self) {
        self.lock().pool.clear();
    }

    /// Transactions in the pool.
    pub fn pooled(&self) -> usize {
        self.lock().pool.len()
    }

    /// The contracts after the head.
    pub fn contracts(&self) -> Option<Contracts> {
        self.lock().head().and_then(|head| head.state.clone())
    }

    /// The head.
    pub fn head(&self) -> Option<Block> {
        self.lock().head().map(|head| head.block)
    }

    /// A block, as whoever plays L1 sees it: no request, and no weather.
    pub fn block(&self, at: BlockAt) -> Option<Block> {
        find(&self.lock(), at).map(|found| found.block)
    }

    /// Transactions of an account that are in the chain, with their heights and whether they had an effect.
    pub fn mined_of(&self, account: Address) -> Vec<(u64, B256, bool)> {
        let world = self.lock();
        let blocks = world.canonical.iter().filter_map(|hash| world.blocks.get(hash));
        let txs = blocks.flat_map(|block| {
            block.items.iter().filter_map(move |item| match item {
                Item::Tx(tx) if tx.from == account => {
                    let succeeded = block.receipts.get(&tx.hash).is_some_and(|receipt| receipt.succeeded);
                    Some((block.block.number, tx.hash, succeeded))
                }
                _ => None,
            })
        });
        txs.collect()
    }

    /// Requests so far.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Transactions that took another's place in the pool so far.
    pub fn replaced(&self) -> u64 {
        self.lock().replaced
    }

    /// From this request on the client hears nothing more, as if it was killed there: before the request had an effect, or after.
    pub fn crash_at(&self, call: u64, after_effect: bool) {
        let mut world = self.lock();
        (world.crash_at, world.crashed) = (Some((call, after_effect)), false);
    }

    /// Whether that request was made.
    pub fn crashed(&self) -> bool {
        self.lock().crashed
    }

    /// Clients hear again.
    pub fn recover(&self) {
        let mut world = self.lock();
        (world.crash_at, world.crashed) = (None, false);
    }
}

impl SimL1 {
    /// Does a request, unless the weather or a crash forbids it.
    async fn request<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut World) -> Result<T, L1Error> + Send,
    ) -> Result<T, L1Error> {
        let outcome = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.calls += 1;
            let crash = world.crash_at.filter(|(call, _)| world.calls >= *call);
            match crash {
                Some((_, after_effect)) => {
                    if after_effect && !world.crashed {
                        drop(act(&mut world));
                    }
                    world.crashed = true;
                    None
                }
                None => Some(self.weathered(what, &mut world, act)),
            }
        };
        match outcome {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }

    fn weathered<T>(
        &self,
        what: &'static str,
        world: &mut World,
        act: impl FnOnce(&mut World) -> Result<T, L1Error>,
    ) -> Result<T, L1Error> {
        let endpoint = format!("sim {}", self.endpoint);
        let down = world.climate.down_left.get(self.endpoint).is_some_and(|left| *left > 0);
        let fails = world.weather.request_fails;
        if down || world.dice.chance(fails) {
            let reason = if down { "it is down" } else { "the connection was reset" };
            return Err(L1Error::Transport { endpoint, what, reason: reason.into() });
        }
        act(world)
    }
}

fn find(world: &World, at: BlockAt) -> Option<&world::SimBlock> {
    let head = world.canonical.len() as u64 - 1;
    let number = match at {
        BlockAt::Hash(hash) => return world.blocks.get(&hash),
        BlockAt::Number(number) => number,
        BlockAt::Latest => head,
        BlockAt::Safe => head.checked_sub(world.marks.0)?,
        BlockAt::Finalized => head.checked_sub(world.marks.1)?,
    };
    world.blocks.get(world.canonical.get(usize::try_from(number).ok()?)?)
}

impl L1 for SimL1 {
    async fn chain_id(&self) -> Result<u64, L1Error> {
        self.request("the chain id", |world| Ok(world.chain_id)).await
    }

    async fn block(&self, at: BlockAt) -> Result<Option<Block>, L1Error> {
        self.request("a block", |world| Ok(find(world, at).map(|found| found.block))).await
    }

    async fn logs(&self, block: B256, of: &[Address]) -> Result<Vec<Log>, L1Error> {
        let of = of.to_vec();
        let answer = |world: &mut World| {
            let found = world.blocks.get(&block).filter(|found| world.is_canonical(&found.block));
            let found = found.ok_or(L1Error::Missing { what: "a block" })?;
            Ok(found.logs.iter().filter(|log| of.contains(&log.address)).cloned().collect())
        };
        self.request("logs", answer).await
    }

    async fn call(&self, call: &Call, at: BlockAt) -> Result<Bytes, L1Error> {
        let call = call.clone();
        let answer = move |world: &mut World| {
            let found = find(world, at).ok_or(L1Error::Missing { what: "a block" })?;
            let state = found.state.as_ref().ok_or(L1Error::Missing { what: "the state after a block" })?;
            let reverts = |reason| L1Error::Revert { data: Bytes::new(), reason };
            state.answer(call.to, &call.data).map_err(reverts)
        };
        self.request("a call", answer).await
    }

    async fn estimate(&self, call: &Call) -> Result<u64, L1Error> {
        let call = call.clone();
        let answer = move |world: &mut World| {
            let head = world.head().ok_or(L1Error::Missing { what: "the head" })?;
            let state = head.state.clone().ok_or(L1Error::Missing { what: "the state after the head" });
            let (mut state, time) = (state?, head.block.time + BLOCK_SECONDS);
            match state.execute(call.from, call.to, &call.data, time) {
                Ok(_) => Ok(200_000),
                Err(reason) => Err(L1Error::Revert { data: Bytes::new(), reason }),
            }
        };
        self.request("an estimate", answer).await
    }

    async fn nonce(&self, of: Address, at: BlockAt) -> Result<u64, L1Error> {
        let answer = move |world: &mut World| {
            let found = find(world, at).filter(|found| world.is_canonical(&found.block));
            let found = found.ok_or(L1Error::Missing { what: "a block" })?;
            Ok(found.nonces.get(&of).copied().unwrap_or(0))
        };
        self.request("a nonce", answer).await
    }

    async fn balance(&self, _of: Address) -> Result<U256, L1Error> {
        self.request("a balance", |world| Ok(U256::from(world.balance))).await
    }

    async fn code(&self, of: Address) -> Result<Bytes, L1Error> {
        let answer = move |world: &mut World| {
            let addresses = world.head().and_then(|head| Some(head.state.as_ref()?.addresses));
            let known = addresses.is_some_and(|known| [known.settlement, known.bridge].contains(&of));
            Ok(if known { Bytes::from_static(&[0xfe]) } else { Bytes::new() })
        };
        self.request("code", answer).await
    }

    async fn fees(&self) -> Result<FeeMarket, L1Error> {
        let answer = |world: &mut World| {
            let tips = world.tips.iter().copied().collect();
            Ok(FeeMarket { base_fee: world.climate.base_fee, blob_fee: world.climate.blob_fee, tips })
        };
        self.request("the fee history", answer).await
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, L1Error> {
        let raw = raw.clone();
        let answer = move |world: &mut World| {
            let lost = world.weather.transaction_lost;
            if world.dice.chance(lost) {
                return world::decode(&raw, world.chain_id).map(|tx| tx.hash);
            }
            world.take(&raw)
        };
        self.request("send", answer).await
    }

    async fn receipt(&self, tx: B256) -> Result<Option<Receipt>, L1Error> {
        let answer = move |world: &mut World| {
            let newest = world.canonical.iter().rev().take(512);
            let mut found = newest.filter_map(|hash| world.blocks.get(hash)?.receipts.get(&tx).copied());
            Ok(found.next())
        };
        self.request("a receipt", answer).await
    }
}
