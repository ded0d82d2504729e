//! A sequencer as small as it can be: it consumes safe inbox entries, builds a batch now and then, proves what is committed and finalizes
//! what is proven. It keeps what a real one keeps in its journal, and nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use alloy::primitives::{Address as L1Address, Bytes};
use ashlar_batch::{BatchHeader, Hash, InboxChain};
use ashlar_settlement::contract::{Addresses, DataRef, ProofType};
use ashlar_settlement::finality::ConfirmationStatus;
use ashlar_settlement::inbox::InboxMark;
use ashlar_settlement::l1::{BlockAt, BlockRef, L1};
use ashlar_settlement::rpc::{Pool, PoolConfig};
use ashlar_settlement::signer::{LocalKey, Signer};
use ashlar_settlement::sim::{BLOCK_SECONDS, Contracts, SimChain, SimL1, Weather};
use ashlar_settlement::{Config, Noted, RequestError, Settlement, SettlementEvent, StopReason};
use ashlar_types::{Address, Amount, AssetId, BatchNumber, Deployment, InboxEntry, InboxIndex, Sequence, Time};
use commonware_runtime::{Clock as _, Supervisor as _, deterministic};

pub const CHAIN_ID: u64 = 1_337;
pub const PROOF: ProofType = ProofType(0);
/// A development key: publicly known, never to hold anything.
const KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

pub fn addresses() -> Addresses {
    Addresses {
        settlement: L1Address::repeat_byte(0x51),
        bridge: L1Address::repeat_byte(0xb1),
        registry: L1Address::repeat_byte(0x61),
        governance: L1Address::repeat_byte(0x71),
        incidents: L1Address::repeat_byte(0x81),
        deployed_block: 0,
    }
}

pub fn key() -> LocalKey {
    LocalKey::from_hex(KEY, "the test").unwrap()
}

pub fn genesis() -> BatchHeader {
    let settlement = Address(addresses().settlement.into_array());
    let id = Deployment { chain_id: CHAIN_ID, settlement }.exchange_id();
    BatchHeader::genesis(1, id, digest(0), Time::new(0).unwrap())
}

fn digest(number: u64) -> ashlar_batch::merkle::Digest {
    let words = [number as u32, 7, 7, 7, 7, 7, 1 << 8];
    ashlar_batch::merkle::Digest::from_words(words).unwrap_or(ashlar_batch::merkle::Digest::EMPTY)
}

pub fn chain(seed: u64, endpoints: usize, weather: Weather) -> SimChain {
    let contracts = Contracts::new(addresses(), key().address(), &genesis());
    SimChain::new(CHAIN_ID, seed, endpoints, weather, contracts, 0)
}

pub fn deposit(number: u64) -> InboxEntry {
    let mut owner = [0; 20];
    owner[12..].copy_from_slice(&number.to_be_bytes());
    let (asset, amount) = (AssetId::FIRST, Amount::new(number + 1).unwrap());
    InboxEntry::Deposit { owner: Address(owner), account: None, asset, amount }
}

pub type Client = Pool<SimL1>;

pub fn pool(chain: &SimChain, endpoints: usize, quorum: usize) -> Client {
    let all = (0..endpoints).map(|place| chain.endpoint(place)).collect();
    Pool::new(all, PoolConfig { chain_id: CHAIN_ID, quorum })
}

/// What a sequencer has in its journal.
#[derive(Clone)]
pub struct Journal {
    pub headers: BTreeMap<u64, BatchHeader>,
    pub consumed: Vec<InboxMark>,
}

impl Journal {
    pub fn new() -> Journal {
        Journal { headers: BTreeMap::from([(0, genesis())]), consumed: Vec::new() }
    }

    pub fn last(&self) -> BatchHeader {
        *self.headers.values().next_back().unwrap()
    }

    fn mark(&self) -> InboxMark {
        self.consumed.last().copied().unwrap_or(InboxMark::START)
    }

    /// Builds the next batch from what was consumed.
    pub fn build(&mut self) -> BatchHeader {
        let (parent, mark) = (self.last(), self.mark());
        let number = parent.number.next();
        let header = BatchHeader {
            number,
            parent_hash: parent.hash(),
            state_root_before: parent.state_root_after,
            // Another content than a batch of this number that was taken back.
            state_root_after: digest(number.get() * 1_000_003 + mark.next * 31 + u64::from(mark.hash[31])),
            inbox_next: InboxIndex::new(mark.next),
            inbox_hash: Hash(mark.hash),
            first_sequence: parent.next_sequence,
            next_sequence: Sequence::new(parent.next_sequence.get() + 1),
            ..parent
        };
        self.headers.insert(number.get(), header);
        header
    }

    /// Draws the consequences of what L1 says.
    pub fn hear(&mut self, event: &SettlementEvent) {
        match event {
            // After a restart entries are told again.
            SettlementEvent::InboxSafe(placed) if placed.index.get() == self.mark().next => {
                self.consumed.push(InboxMark { next: placed.index.get() + 1, hash: placed.hash_after.0 });
            }
            SettlementEvent::InboxRolledBack(mark) => {
                self.consumed.retain(|kept| kept.next <= mark.next);
                assert_eq!(self.mark().next, mark.next, "a rollback goes to a mark that was consumed");
                // Batches that consumed more can never be committed, whether or not they were submitted.
                self.headers.retain(|_, header| header.inbox_next.get() <= mark.next);
            }
            SettlementEvent::CommitsInvalid { from, header_hash, .. }
                if self.headers.get(&from.get()).is_some_and(|header| header.hash().0 == header_hash.0) =>
            {
                self.headers.split_off(&from.get());
            }
            _ => {}
        }
    }
}

/// What L1 itself says of its marks.
struct Marks {
    head: u64,
    safe: Option<BlockRef>,
    finalized: Option<BlockRef>,
}

impl Marks {
    fn of(chain: &SimChain) -> Marks {
        let at = |at| chain.block(at).map(|block| block.at()).filter(|block| block.number > 0);
        Marks { head: chain.head().unwrap().number, safe: at(BlockAt::Safe), finalized: at(BlockAt::Finalized) }
    }

    fn status(&self, place: BlockRef) -> ConfirmationStatus {
        let below = |mark: Option<BlockRef>| mark.is_some_and(|mark| place.number <= mark.number);
        match (below(self.finalized), below(self.safe)) {
            (true, _) => ConfirmationStatus::Finalized,
            (false, true) => ConfirmationStatus::Safe,
            (false, false) => ConfirmationStatus::Included { confirmations: self.head - place.number + 1 },
        }
    }
}

/// A sequencer with its client, running.
pub struct Node {
    pub journal: Journal,
    pub settlement: Settlement,
    pub events: Vec<SettlementEvent>,
}

pub fn config(journal: &Journal) -> Config {
    let consumed = journal.consumed.clone();
    // What became of batches it asks, and needs to be told of none.
    let noted = Noted { finalized: u64::MAX, inbox: consumed.clone() };
    Config { consumed, noted, ..Config::new(CHAIN_ID, addresses()) }
}

impl Node {
    pub async fn start(context: &deterministic::Context, l1: impl L1, journal: Journal) -> Result<Node, StopReason> {
        let config = config(&journal);
        let settlement = Settlement::start(context.child("settlement"), l1, key(), config).await?;
        Ok(Node { journal, settlement, events: Vec::new() })
    }

    /// Reads the news.
    pub fn listen(&mut self) {
        while let Some(event) = self.settlement.events.try_next() {
            self.journal.hear(&event);
            self.events.push(event);
        }
    }

    /// Asks for everything that should be on L1 and is not: all of it may be asked for again and again.
    pub async fn ask(&mut self) -> Result<(), RequestError> {
        let handle = &mut self.settlement.handle;
        let status = handle.status().await?;
        for (number, header) in self.journal.headers.range(status.committed + 1..) {
            match handle.commit(header, DataRef::Calldata { content: Bytes::from(number.to_be_bytes()) }).await {
                Ok(_) | Err(RequestError::Invalid { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let proven = status.proven.first().map_or(0, |(_, last)| *last);
        for number in proven + 1..=status.committed {
            match handle.prove(PROOF, BatchNumber::new(number), 1, Bytes::from_static(b"proof")).await {
                Ok(_) | Err(RequestError::Invalid { .. } | RequestError::UnknownBatch(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if proven > status.finalized_batch {
            match handle.finalize(BatchNumber::new(proven)).await {
                Ok(_) | Err(RequestError::UnknownBatch(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Everything that must hold between client, journal and chain once all is quiet.
    pub async fn check(&mut self, chain: &SimChain, what: &str) {
        let contracts = chain.contracts().unwrap();
        let status = self.settlement.handle.status().await.unwrap();
        let (committed, tip, finalized) = contracts.batches();
        let last = self.journal.last();
        assert_eq!(
            (committed, tip.0),
            (last.number.get(), last.hash().0),
            "{what}: every batch is committed, as it is"
        );
        assert_eq!(status.head.hash, chain.head().unwrap().hash, "{what}: the head");
        assert_eq!((status.committed, status.finalized_batch), (committed, finalized), "{what}: the ledger");
        assert_eq!((contracts.proven(0), finalized), (committed, committed), "{what}: proven and final");
        assert_eq!(status.proven, [(0, committed)], "{what}: proven as the ledger says");
        let InboxChain { next, hash } = contracts.inbox();
        assert_eq!(status.inbox_head, InboxMark { next: next.get(), hash: hash.0 }, "{what}: the inbox");
        let (_, in_flight) = status.outbox;
        assert_eq!(in_flight, 0, "{what}: nothing is on its way any more: {status:?}");
        // Done once: the contract takes no batch twice, and each has a commit and a proof.
        let done = chain.mined_of(key().address()).into_iter().filter(|(.., succeeded)| *succeeded).count() as u64;
        assert!(done >= 2 * committed, "{what}: {done} transactions for {committed} batches");
        let marks = Marks::of(chain);
        assert_eq!(status.safe.filter(|block| block.number > 0), marks.safe, "{what}: what is safe");
        assert_eq!(status.finalized.filter(|block| block.number > 0), marks.finalized, "{what}: what is final");
        for (number, header) in self.journal.headers.range(1..) {
            let record = self.settlement.handle.get_commitment_record(BatchNumber::new(*number)).await.unwrap();
            let record = record.unwrap_or_else(|| panic!("{what}: a record of batch {number}"));
            assert_eq!(record.header_hash.0, header.hash().0, "{what}: the record of batch {number}");
            assert_eq!(
                contracts.header(*number).unwrap(),
                record.header_hash,
                "{what}: the contract has batch {number}"
            );
            assert!(record.invalid.is_none(), "{what}: {record:?}");
            let finalize = record.finalize.as_ref();
            for (step, name) in [(Some(&record.commit), "commit"), (record.proofs.get(&0), "proof"), (finalize, "end")]
            {
                let Some(step) = step else { panic!("{what}: the {name} of batch {number}") };
                let Some((_, place)) = step.included else { panic!("{what}: the {name} of batch {number}: {step:?}") };
                assert_eq!(step.status, marks.status(place), "{what}: how sure the {name} of batch {number} is");
            }
            // Everything here is sent by this node, so it has seen what each transaction cost.
            let costs: Vec<_> = record.paid().iter().map(|(_, paid)| (paid.gas_used, paid.wei() > 0)).collect();
            let steps = 2 + usize::from(record.finalize.as_ref().is_some_and(|step| step.included.is_some()));
            assert_eq!(costs, vec![(200_000, true); steps], "{what}: what batch {number} cost: {record:?}");
            assert!(!record.audit.is_empty() && !record.transaction_hashes().is_empty(), "{what}: batch {number}");
            let of_root = self.settlement.handle.batch_of_root(record.state_root).await.unwrap();
            assert_eq!(of_root, Some(BatchNumber::new(*number)), "{what}: found by its root");
        }
    }
}

/// The second that a simulated clock shows.
pub fn second(context: &deterministic::Context) -> u64 {
    context.current().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// One block later: mined, heard of, and what is missing asked for.
pub async fn block(context: &deterministic::Context, chain: &SimChain, node: &mut Node) {
    context.sleep(Duration::from_secs(BLOCK_SECONDS)).await;
    chain.mine(second(context));
    context.sleep(Duration::from_secs(2)).await;
    node.listen();
    node.ask().await.unwrap();
}

/// A chain in fair weather whose marks are so far behind its head, and a node that has just handed in its first batch.
pub async fn begun(context: &deterministic::Context, seed: u64, (safe, finalized): (u64, u64)) -> (SimChain, Node) {
    let chain = chain(seed, 1, Weather::FAIR);
    chain.set_marks(safe, finalized);
    chain.mine(1);
    let mut node = Node::start(context, pool(&chain, 1, 1), Journal::new()).await.unwrap();
    block(context, &chain, &mut node).await;
    node.journal.build();
    node.ask().await.unwrap();
    (chain, node)
}
