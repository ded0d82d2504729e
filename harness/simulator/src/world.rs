//! What outlives the node: L1, stores, the prover, and what people were told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use alloy::primitives::Address as L1Address;
use ashlar_api::door::{Answered, Signed, Unwound};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_exchange::{Genesis, HotConfig};
use ashlar_harness::flow::Venue;
use ashlar_prover::Capture;
use ashlar_replica::JournalSizes;
use ashlar_sequencer::{Config, NodeKey, Proof};
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::rpc::{Pool, PoolConfig};
use ashlar_settlement::signer::{LocalKey, Signer};
use ashlar_settlement::sim::{Contracts, Dice, SimChain, SimL1};
use ashlar_types::{
    Address, Amount, AssetId, Deployment, FeeTier, InboxEntry, Input, Lots, MarketId, MarketRules, MarketTerms, Ppm,
    Price, Time,
};

use crate::people::{grant, wallet};
use crate::scenario::Scenario;

/// The simulated L1.
pub(crate) const CHAIN_ID: u64 = 1_337;
/// Its endpoints.
const ENDPOINTS: usize = 2;
/// When everything begins, in seconds.
pub(crate) const BEGIN_S: u64 = 1_700_000_000;
/// The one market.
pub(crate) const MARKET: MarketId = MarketId::FIRST;
/// A development key: publicly known, never to hold anything.
const OPERATOR: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// A message, and its answer as its sender holds it.
pub(crate) type Acknowledged = (Signed, Answered);

/// What is published and proven.
#[derive(Default)]
pub(crate) struct Outside {
    /// Batch bytes by the hash of their header.
    pub published: BTreeMap<Hash, Vec<u8>>,
    /// What the prover has been given: when it will be done, and the proof.
    pub proofs: BTreeMap<u64, (u64, Hash, Proof)>,
}

/// Everything that is not the node.
pub(crate) struct World {
    pub scenario: Scenario,
    pub chain: SimChain,
    pub deployment: Deployment,
    pub skew_ms: Arc<AtomicI64>,
    /// When L1 left blocks last, in milliseconds.
    pub reorg_ms: AtomicU64,
    pub counts: Counts,
    dice: Mutex<Dice>,
    outside: Mutex<Outside>,
    acknowledged: Mutex<Vec<Acknowledged>>,
    told: Mutex<Vec<Unwound>>,
    nonces: Mutex<BTreeMap<u32, u64>>,
    /// The last epoch of which everybody was told.
    heard: AtomicU64,
    /// Whether nothing fails any more.
    is_fair: AtomicBool,
    ends: Mutex<Ends>,
}

/// Where a run ended.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ends {
    pub virtual_ms: u64,
    pub commands: u64,
    pub batches: u64,
    /// The version of the last batch.
    pub version: u32,
}

/// What happened in a run.
#[derive(Default)]
pub(crate) struct Counts {
    pub reorgs: AtomicU64,
    pub deepest: AtomicU64,
    pub unwindings: AtomicU64,
    pub sent: AtomicU64,
    pub failures: AtomicU64,
    pub rebuilt: AtomicU64,
}

impl Counts {
    pub fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn addresses() -> Addresses {
    Addresses {
        settlement: L1Address::repeat_byte(0x51),
        bridge: L1Address::repeat_byte(0xb1),
        registry: L1Address::repeat_byte(0x61),
        governance: L1Address::repeat_byte(0x71),
        incidents: L1Address::repeat_byte(0x81),
        deployed_block: 0,
    }
}

pub(crate) fn genesis() -> Genesis {
    Genesis { house_owner: Address([0x0f; 20]), time: Time::new(BEGIN_S * 1_000).unwrap_or(Time::ZERO) }
}

impl World {
    pub fn new(scenario: Scenario) -> Result<World, String> {
        let deployment = Deployment { chain_id: CHAIN_ID, settlement: Address(addresses().settlement.into_array()) };
        let genesis_header = Capture::new(deployment, &genesis()).1;
        let contracts = Contracts::new(addresses(), operator()?.address(), &genesis_header);
        let chain = SimChain::new(CHAIN_ID, scenario.seed, ENDPOINTS, scenario.weather, contracts, BEGIN_S);
        chain.set_marks(scenario.marks.0, scenario.marks.1);
        let world = World {
            scenario,
            chain,
            deployment,
            skew_ms: Arc::default(),
            reorg_ms: AtomicU64::new(0),
            counts: Counts::default(),
            dice: Mutex::new(Dice::new(scenario.seed)),
            outside: Mutex::default(),
            acknowledged: Mutex::default(),
            told: Mutex::default(),
            nonces: Mutex::default(),
            heard: AtomicU64::new(0),
            is_fair: AtomicBool::new(false),
            ends: Mutex::default(),
        };
        world.open();
        Ok(world)
    }

    /// The listings, and the first traders' funds and keys, below every reorganisation.
    fn open(&self) {
        for entry in opening(self.scenario.traders) {
            self.chain.enter(entry);
        }
        for block in 1..=self.scenario.marks.1 + 1 {
            self.chain.mine(BEGIN_S + block);
        }
    }

    pub fn config(&self) -> Result<Config, String> {
        let key = NodeKey::new(&[0x77; 32]).map_err(|error| error.to_string())?;
        let mut config = Config::new(self.deployment, genesis(), key);
        config.store = HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 };
        // Small, so that segments end and begin in a run, and so that a life does not begin by reading what is empty.
        config.journal = JournalSizes { segment_bytes: 256 << 10, group_bytes: 128 << 10 };
        config.checkers = 1;
        config.checkpoint_commands = self.scenario.checkpoint_commands;
        (config.limits.batches.age_ms_max, config.limits.batches.commands_max) = self.scenario.batch;
        config.limits.batches.version_margin_ms = self.scenario.version_margin_ms;
        Ok(config)
    }

    /// What the client of L1 asks: two endpoints that have to agree.
    pub fn l1(&self) -> Pool<SimL1> {
        let all = (0..ENDPOINTS).map(|place| self.chain.endpoint(place)).collect();
        Pool::new(all, PoolConfig { chain_id: CHAIN_ID, quorum: 1 })
    }

    pub fn below(&self, below: u64) -> u64 {
        lock(&self.dice).below(below)
    }

    pub fn chance(&self, per_ten_thousand: u32) -> bool {
        lock(&self.dice).chance(per_ten_thousand)
    }

    pub fn outside<T>(&self, with: impl FnOnce(&mut Outside) -> T) -> T {
        with(&mut lock(&self.outside))
    }

    pub fn acknowledge(&self, signed: Signed, answered: Answered) {
        lock(&self.acknowledged).push((signed, answered));
    }

    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        lock(&self.acknowledged).clone()
    }

    pub fn acknowledged_one(&self, which: u64) -> Option<Acknowledged> {
        let all = lock(&self.acknowledged);
        let at = usize::try_from(which).unwrap_or(usize::MAX).checked_rem(all.len())?;
        all.get(at).cloned()
    }

    pub fn tell(&self, unwound: impl IntoIterator<Item = Unwound>) {
        lock(&self.told).extend(unwound);
    }

    pub fn told(&self) -> Vec<Unwound> {
        lock(&self.told).clone()
    }

    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    pub fn hear(&self, epoch: u64) {
        self.heard.store(epoch, Ordering::Relaxed);
    }

    /// From now on stores and provers do not fail, and the clock is right.
    pub fn be_fair(&self) {
        self.is_fair.store(true, Ordering::Relaxed);
        self.skew_ms.store(0, Ordering::Release);
    }

    pub fn is_fair(&self) -> bool {
        self.is_fair.load(Ordering::Relaxed)
    }

    pub fn end(&self, now_ms: u64, commands: u64, last: Option<BatchHeader>) {
        let (batches, version) = last.map(|last| (last.number.get(), last.version)).unwrap_or_default();
        *lock(&self.ends) = Ends { virtual_ms: now_ms - BEGIN_S * 1_000, commands, batches, version };
    }

    pub fn ends(&self) -> Ends {
        *lock(&self.ends)
    }

    /// The next nonce of a trader: one that no message of a life before has used.
    pub fn next_nonce(&self, trader: u32) -> u64 {
        let mut nonces = lock(&self.nonces);
        let nonce = nonces.entry(trader).or_insert(0);
        *nonce += 1;
        *nonce
    }
}

pub(crate) fn operator() -> Result<LocalKey, String> {
    LocalKey::from_hex(OPERATOR, "the simulation").map_err(|error| error.to_string())
}

/// Milliseconds since the Unix epoch.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What a newcomer brings: funds of both assets, and a key.
pub(crate) fn newcomer(number: u32, account: u32, units: u64) -> Vec<InboxEntry> {
    let owner = wallet(number).address();
    let mut entries: Vec<_> = [0, 1]
        .into_iter()
        .filter_map(|asset| {
            let (asset, amount) = (AssetId::new(asset)?, Amount::new(units)?);
            Some(InboxEntry::Deposit { owner, account: None, asset, amount })
        })
        .collect();
    if let Some(account) = ashlar_types::AccountId::new(account) {
        entries.push(InboxEntry::RegisterKey { owner, account, grant: grant(number) });
    }
    entries
}

pub(crate) fn opening(traders: u32) -> Vec<InboxEntry> {
    let mut venue = Venue::new(genesis().time);
    let (quote, base) = (AssetId::FIRST, AssetId::new(1).unwrap_or(AssetId::FIRST));
    venue.asset(quote);
    venue.asset(base);
    let terms = MarketTerms { base, quote, base_per_lot: 1, quote_per_tick: 1, fee_cap: Ppm(10_000) };
    let lots = |number| Lots::new(number).unwrap_or(Lots::ZERO);
    let rules = MarketRules {
        lots_min: lots(1),
        lots_max: lots(1_000_000),
        band: Ppm(900_000),
        collar: Ppm(500_000),
        orders_max: 100_000,
        schedule: 0,
    };
    venue.market(MARKET, terms, rules, Price::new(1_000).unwrap_or(Price::MIN));
    venue.fees(0, 0, FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(500) });
    let listed = venue.finish().0.into_iter().filter_map(|(_, input)| match input {
        Input::Inbox { entry, .. } => Some(entry),
        Input::Message(_) | Input::System(_) => None,
    });
    let people = (1..=traders).flat_map(|number| newcomer(number, number, 1_000_000_000));
    listed.chain(people).collect()
}
