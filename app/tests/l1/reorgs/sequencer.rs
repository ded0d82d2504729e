//! A sequencer as small as it can be, over the contracts themselves: it consumes safe entries, builds headers, and asks for everything that should
//! be on L1 and is not. It keeps what a real one keeps in its journal, and nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::{DynProvider, Provider as _};
use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash, PublicValues, data_root};
use ashlar_contracts::abi::{IBridge, ISettlement};
use ashlar_devnet::{DEVELOPMENT_ACCOUNTS, Devnet};
use ashlar_settlement::contract::{Addresses, DataRef, ProofType};
use ashlar_settlement::inbox::InboxMark;
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::signer::LocalKey;
use ashlar_settlement::{Config, RequestError, Settlement, SettlementEvent, Status};
use ashlar_types::{BatchNumber, InboxIndex, Sequence, to_bytes};
use commonware_runtime::{Clock as _, Supervisor as _, tokio as runtime};
use sha2::{Digest as _, Sha256};

use crate::world::OPERATOR;

pub const CHAIN_ID: u64 = 31_337;
const PROOF: ProofType = ProofType(0);
const PATIENCE: Duration = Duration::from_secs(30);

/// What a sequencer has in its journal.
#[derive(Clone)]
pub struct Journal {
    pub headers: BTreeMap<u64, BatchHeader>,
    pub consumed: Vec<InboxMark>,
    /// Makes each header another one than any that was taken back.
    built: u32,
}

fn digest(number: u32) -> Digest {
    Digest::from_words([number, 7, 7, 7, 7, 7, 1 << 8]).expect("a digest")
}

fn content(number: u64) -> Vec<u8> {
    format!("batch {number}").into_bytes()
}

impl Journal {
    pub fn new(genesis: BatchHeader) -> Journal {
        Journal { headers: BTreeMap::from([(0, genesis)]), consumed: Vec::new(), built: 0 }
    }

    pub fn last(&self) -> BatchHeader {
        *self.headers.values().next_back().expect("genesis")
    }

    fn mark(&self) -> InboxMark {
        self.consumed.last().copied().unwrap_or(InboxMark::START)
    }

    pub fn build(&mut self) {
        self.built += 1;
        let (parent, mark) = (self.last(), self.mark());
        let number = parent.number.next();
        let header = BatchHeader {
            number,
            parent_hash: parent.hash(),
            state_root_before: parent.state_root_after,
            state_root_after: digest(self.built),
            data_root: data_root(&content(number.get())).expect("small"),
            inbox_next: InboxIndex::new(mark.next),
            inbox_hash: Hash(mark.hash),
            first_sequence: parent.next_sequence,
            next_sequence: Sequence::new(parent.next_sequence.get() + 1),
            ..parent
        };
        self.headers.insert(number.get(), header);
    }

    fn hear(&mut self, event: &SettlementEvent) {
        match event {
            // After a restart entries are told again.
            SettlementEvent::InboxSafe(placed) if placed.index.get() == self.mark().next => {
                self.consumed.push(InboxMark { next: placed.index.get() + 1, hash: placed.hash_after.0 });
            }
            SettlementEvent::InboxRolledBack(mark) => {
                self.consumed.retain(|kept| kept.next <= mark.next);
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

/// A sequencer with its client, running.
pub struct Node {
    pub journal: Journal,
    settlement: Settlement,
    pub reorgs: Vec<u64>,
    pub rolled_back: u32,
}

impl Node {
    pub async fn start(context: &runtime::Context, url: &str, addresses: Addresses, journal: Journal) -> Node {
        let endpoint = Endpoint::new(url, Duration::from_secs(10)).expect("a URL");
        let l1 = RpcL1::new(vec![endpoint], PoolConfig { chain_id: CHAIN_ID, quorum: 1 });
        let key = alloy::hex::encode(DEVELOPMENT_ACCOUNTS[OPERATOR].development_key);
        let key = LocalKey::from_hex(&key, "the development account").expect("a key");
        let config = || Config {
            poll_every: Duration::from_millis(20),
            consumed: journal.consumed.clone(),
            ..Config::new(CHAIN_ID, addresses)
        };
        // What a client had open that was killed is let go a moment later, as a process's files are by the system.
        let begun = Instant::now();
        let settlement = loop {
            match Settlement::start(context.child("settlement"), l1.clone(), key.clone(), config()).await {
                Ok(settlement) => break settlement,
                Err(error) => {
                    let is_open = format!("{error:?}").contains("BlobAlreadyOpen");
                    assert!(is_open && begun.elapsed() < PATIENCE, "{error:?}");
                    context.sleep(Duration::from_millis(20)).await;
                }
            }
        };
        Node { journal, settlement, reorgs: Vec::new(), rolled_back: 0 }
    }

    /// The client is gone at once, whatever it was doing; the journal is what is left.
    pub fn kill(self) -> Journal {
        self.settlement.task.abort();
        self.journal
    }

    pub fn listen(&mut self) {
        while let Some(event) = self.settlement.events.try_next() {
            match &event {
                SettlementEvent::Reorg { depth, .. } => self.reorgs.push(*depth),
                SettlementEvent::InboxRolledBack(_) => self.rolled_back += 1,
                _ => {}
            }
            self.journal.hear(&event);
        }
    }

    pub async fn status(&mut self) -> Status {
        match self.settlement.handle.status().await {
            Ok(status) => status,
            Err(_) => panic!("the client does not run: {:?}", (&mut self.settlement.task).await),
        }
    }

    /// Waits until it has seen the head, then hears what that means.
    pub async fn catch_up(&mut self, devnet: &Devnet) {
        let (head, begun) = (devnet.head().await.expect("a head"), Instant::now());
        while self.status().await.head.hash != B256::from(head.hash) {
            self.listen();
            assert!(begun.elapsed() < PATIENCE, "it does not see block {}", head.number);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.listen();
    }

    /// Asks for everything that should be on L1 and is not: all of it may be asked for again and again.
    pub async fn ask(&mut self) {
        let status = self.status().await;
        let handle = &mut self.settlement.handle;
        for (number, header) in self.journal.headers.range(status.committed + 1..) {
            match handle.commit(header, DataRef::Calldata { content: content(*number).into() }).await {
                Ok(_) | Err(RequestError::Invalid { .. }) => {}
                Err(error) => panic!("commit {number}: {error}"),
            }
        }
        let proven = status.proven.first().map_or(0, |(_, last)| *last);
        for number in proven + 1..=status.committed {
            let Some(header) = self.journal.headers.get(&number) else { break };
            match handle.prove(PROOF, BatchNumber::new(number), 1, vouch(header)).await {
                Ok(_) | Err(RequestError::Invalid { .. } | RequestError::UnknownBatch(_)) => {}
                Err(error) => panic!("prove {number}: {error}"),
            }
        }
        if proven > status.finalized_batch {
            match handle.finalize(BatchNumber::new(proven)).await {
                Ok(_) | Err(RequestError::UnknownBatch(_) | RequestError::Invalid { .. }) => {}
                Err(error) => panic!("finalize {proven}: {error}"),
            }
        }
    }

    /// Everything that must hold between client, journal and contracts once all is quiet.
    pub async fn check(&mut self, l1: &DynProvider, addresses: &Addresses, what: &str) {
        let (settlement, bridge) = (ISettlement::new(addresses.settlement, l1), IBridge::new(addresses.bridge, l1));
        let (status, last) = (self.status().await, self.journal.last());
        let committed = settlement.committed().call().await.expect("answers");
        assert_eq!(committed, last.number.get(), "{what}: every batch is committed: {status:?}");
        for (number, header) in &self.journal.headers {
            let kept: B256 = settlement.headerHash(*number).call().await.expect("answers");
            assert_eq!(kept.0, header.hash().0, "{what}: batch {number} as it is");
        }
        let finalized = settlement.finalized().call().await.expect("answers");
        let proven = settlement.proven(PROOF.0).call().await.expect("answers");
        assert_eq!((proven, finalized), (committed, committed), "{what}: proven and final in the contract");
        assert_eq!((status.committed, status.finalized_batch), (committed, finalized), "{what}: the ledger");
        let count = bridge.inboxCount().call().await.expect("answers");
        let hash: B256 = bridge.inboxHash(count).call().await.expect("answers");
        assert_eq!(status.inbox_head, InboxMark { next: count, hash: hash.0 }, "{what}: the inbox");
        assert_eq!(status.outbox.1, 0, "{what}: nothing is on its way any more: {status:?}");
        for number in 1..=committed {
            let record = self.settlement.handle.get_commitment_record(BatchNumber::new(number)).await.expect("answers");
            let record = record.unwrap_or_else(|| panic!("{what}: a record of batch {number}"));
            let header = self.journal.headers[&number];
            assert_eq!(record.header_hash.0, header.hash().0, "{what}: the record of batch {number}");
            assert!(record.invalid.is_none(), "{what}: batch {number} is valid");
            let included = record.commit.included;
            let (_, included) = included.unwrap_or_else(|| panic!("{what}: batch {number} is nowhere: {record:?}"));
            let block = l1.get_block_by_number(included.number.into()).await.expect("answers").expect("a block");
            assert_eq!(block.header.hash, included.hash, "{what}: batch {number} is where its record says");
        }
    }
}

fn vouch(header: &BatchHeader) -> Bytes {
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(b"ashlar development key: execute-only program"));
    hash.update(to_bytes(&PublicValues::of(header)));
    Bytes::copy_from_slice(&hash.finalize())
}

/// Successful commits and proofs of a batch that the whole chain holds.
pub async fn done_once(l1: &DynProvider, settlement: Address, what: &str) {
    use alloy::rpc::types::Filter;
    use alloy::sol_types::SolEvent as _;
    let all = l1.get_logs(&Filter::new().address(settlement).from_block(0)).await.expect("answers");
    let of = |topic: B256| {
        all.iter().filter(|log| log.topic0() == Some(&topic)).filter_map(|log| log.topics().get(1)).collect()
    };
    let commits: Vec<&B256> = of(ISettlement::BatchCommitted::SIGNATURE_HASH);
    let mut once = commits.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), commits.len(), "{what}: each batch is committed once in the chain");
}
