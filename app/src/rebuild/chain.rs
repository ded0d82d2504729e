//! What L1 says about an exchange, read from its blocks' events.
//!
//! 1. Each block is the parent of the next, and its events are asked for by its hash: what is read is one chain and not a mixture.
//! 2. The inbox is chained here and must come to the hashes that the bridge emitted; headers hash to what the contract stores.
//! 3. Events that an L1 node leaves out are missed by the contract's own cursors, which are asked for at the last block.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};
use anyhow::{Context as _, Result, bail, ensure};
use ashlar_batch::{BatchHeader, Hash, InboxChain, PublicValues};
use ashlar_contracts::abi::{ISettlement, IVerifierRegistry};
use ashlar_replica::{CanonicalEntry, L1Block};
use ashlar_settlement::contract::{DataKind, EntryAdded, Fact, fact};
use ashlar_settlement::inbox::entry_from_bytes;
use ashlar_settlement::l1::{Block, BlockAt, L1 as _, L1Error, Log};
use ashlar_settlement::rpc::RpcL1;
use ashlar_sync::{AcceptedProof, Chain, CommittedBatch, SourceError, Stage};
use ashlar_types::{BatchNumber, ExchangeId, InboxIndex};

use super::contract::ask;
use super::origin::Origin;

/// Blocks that are asked for at once.
const BLOCKS_AT_ONCE: u64 = 16;

/// How the data of a batch was published with its commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishedAt {
    /// The transaction.
    pub tx: B256,
    /// The time of its block, in seconds.
    pub time_s: u64,
    /// Where the data is.
    pub kind: DataKind,
    /// The versioned hashes of its blobs.
    pub blobs: Vec<B256>,
}

/// An exchange's history on L1 up to a block. It does not change, so that an audit is of one moment.
#[derive(Clone)]
pub struct History {
    head: L1Block,
    exchange: ExchangeId,
    genesis_hash: Hash,
    batches: Vec<CommittedBatch>,
    inbox: InboxChain,
    entries: Vec<CanonicalEntry>,
    /// In which block each entry is.
    entry_blocks: Vec<L1Block>,
    /// How each batch was committed.
    commits: BTreeMap<u64, PublishedAt>,
    /// By the first batch of each.
    proofs: BTreeMap<u64, Vec<AcceptedProof>>,
    /// The last batch of each type of proof.
    proven: BTreeMap<u8, u64>,
    finalized: u64,
    /// The same at the newest block that L1 itself calls final: no reorganisation takes that back.
    settled: u64,
}

impl History {
    /// Reads all of it. A reorganisation meanwhile is an error; reading it again helps.
    pub async fn read(origin: &Origin, mut progress: impl FnMut(u64, u64) + Send) -> Result<History> {
        let l1 = &origin.l1;
        let head = l1.block(BlockAt::Latest).await?.context("L1 has no blocks")?;
        // A young chain has none.
        let final_block = l1.block(BlockAt::Finalized).await?;
        let mut history = History {
            head: block_of(&head),
            exchange: origin.exchange.exchange_id(),
            genesis_hash: origin.genesis_hash,
            batches: Vec::new(),
            inbox: InboxChain::START,
            entries: Vec::new(),
            entry_blocks: Vec::new(),
            commits: BTreeMap::new(),
            proofs: BTreeMap::new(),
            proven: BTreeMap::new(),
            finalized: 0,
            settled: 0,
        };
        let mut last: Option<Block> = None;
        let mut next = origin.addresses.deployed_block;
        while next <= head.number {
            let end = head.number.min(next.saturating_add(BLOCKS_AT_ONCE - 1));
            let watched = [origin.addresses.settlement, origin.addresses.bridge];
            let asked: Vec<_> =
                (next..=end).map(|number| tokio::spawn(with_logs(l1.clone(), number, watched))).collect();
            for answer in asked {
                let (block, logs) = answer.await.context("reading L1 was cut short")??;
                let follows = last.is_none_or(|last| block.parent == last.hash);
                ensure!(follows, "L1 left its chain at block {} while it was read; start again", block.number);
                for log in &logs {
                    if let Some(fact) = fact(&origin.addresses, log)? {
                        if let Fact::Committed { header, kind, blobs, .. } = &fact {
                            let (tx, time_s, kind, blobs) = (log.tx, block.time, *kind, blobs.clone());
                            history.commits.insert(header.number.get(), PublishedAt { tx, time_s, kind, blobs });
                        }
                        history.take(&block, fact)?;
                    }
                }
                if let Some(final_block) = final_block.filter(|final_block| final_block.number >= block.number) {
                    let same = final_block.number > block.number || final_block.hash == block.hash;
                    ensure!(same, "L1 left its chain at block {} while it was read; start again", block.number);
                    history.settled = history.finalized;
                }
                last = Some(block);
            }
            progress(end, head.number);
            next = end.saturating_add(1);
        }
        let same = last.is_none_or(|last| last.hash == head.hash);
        ensure!(same, "L1 left its chain at block {} while it was read; start again", head.number);
        history.compare(origin, BlockAt::Hash(head.hash)).await?;
        Ok(history)
    }

    fn take(&mut self, block: &Block, fact: Fact) -> Result<()> {
        match fact {
            Fact::EntryAdded(entry) => self.entry(block, &entry)?,
            Fact::Committed { header, hash, .. } => {
                let (number, expected) = (header.number.get(), self.batches.len() as u64 + 1);
                ensure!(number == expected, "L1 told of batch {number} where {expected} follows: events are missing");
                let (block, stage) = (block_of(block), Stage::Committed);
                self.batches.push(CommittedBatch { header: *header, hash, block, stage });
            }
            Fact::Proven { proof_type, first, last, last_hash } => {
                self.proof(first, last, last_hash)?;
                self.proven.insert(proof_type.0, last.get());
            }
            Fact::Finalized { last, .. } => self.finalized = last.get(),
            Fact::Reverted { first, .. } => {
                let kept = first.get().saturating_sub(1);
                self.batches.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
                self.proofs.values_mut().for_each(|proofs| proofs.retain(|proof| proof.last < first));
                self.proven.values_mut().for_each(|last| *last = kept.min(*last));
            }
            Fact::Paused { .. }
            | Fact::Unpaused
            | Fact::Contradicted { .. }
            | Fact::Frozen { .. }
            | Fact::Thawed
            | Fact::RootFixed { .. } => {}
        }
        Ok(())
    }

    fn entry(&mut self, block: &Block, added: &EntryAdded) -> Result<()> {
        let expected = self.inbox.next;
        ensure!(
            added.index == expected.get(),
            "L1 told of inbox entry {} where {} follows: events are missing; begin earlier with --from-block, or ask another node",
            added.index,
            expected.get()
        );
        let Some((index, time, entry)) = entry_from_bytes(&added.entry) else {
            bail!("inbox entry {} cannot be read; this program is older than the contract", added.index);
        };
        ensure!(index == expected, "inbox entry {} says that it is {}", added.index, index.get());
        self.inbox = self.inbox.consume(time, &entry);
        ensure!(self.inbox.hash == added.hash, "inbox entry {} does not chain to the hash beside it", added.index);
        self.entries.push(CanonicalEntry { index, time, entry });
        self.entry_blocks.push(block_of(block));
        Ok(())
    }

    /// What the contract had its verifier check: it makes the public values of the headers that it stores, so they are made here of
    /// the hashes that it told.
    fn proof(&mut self, first: BatchNumber, last: BatchNumber, last_hash: Hash) -> Result<()> {
        let begin = self.held(first).context("L1 told of a proof of a batch that it did not tell of")?;
        let before = BatchNumber::new(first.get().saturating_sub(1));
        let parent_hash = self.held(before).map_or(self.genesis_hash, |parent| parent.hash);
        let count = last.get().saturating_sub(first.get()).saturating_add(1);
        let (version, exchange_id) = (begin.header.version, self.exchange);
        let values = PublicValues { version, exchange_id, parent_hash, last_hash, count };
        self.proofs.entry(first.get()).or_default().push(AcceptedProof { first, last, values });
        Ok(())
    }

    fn held(&self, number: BatchNumber) -> Option<&CommittedBatch> {
        let place = usize::try_from(number.get().checked_sub(1)?).ok()?;
        self.batches.get(place)
    }

    /// Compares what events came to with what the contract keeps, and says how far each batch is.
    async fn compare(&mut self, origin: &Origin, at: BlockAt) -> Result<()> {
        let (l1, settlement) = (&origin.l1, origin.addresses.settlement);
        let committed = ask(l1, at, settlement, &ISettlement::committedCall {}).await?;
        let told = self.batches.len() as u64;
        ensure!(
            committed == told,
            "the contract holds {committed} batches and L1's events tell of {told}: some are missing"
        );
        let kept: B256 = ask(l1, at, settlement, &ISettlement::headerHashCall { number: committed }).await?;
        let hash = self.batches.last().map_or(self.genesis_hash, |last| last.hash);
        ensure!(
            kept.0 == hash.0,
            "the contract keeps {kept} for batch {committed}, and L1's events tell of {}",
            B256::from(hash.0)
        );
        let finalized = ask(l1, at, settlement, &ISettlement::finalizedCall {}).await?;
        ensure!(
            finalized == self.finalized,
            "the contract has {finalized} final batches, and events {}",
            self.finalized
        );
        let mut required: BTreeMap<u32, U256> = BTreeMap::new();
        for batch in &mut self.batches {
            let version = batch.header.version;
            let mask = match required.get(&version) {
                Some(mask) => *mask,
                None => {
                    let question = IVerifierRegistry::requiredCall { version };
                    let mask = ask(l1, at, origin.addresses.registry, &question).await?;
                    required.insert(version, mask);
                    mask
                }
            };
            batch.stage = stage(batch.header.number.get(), finalized, mask, &self.proven);
        }
        Ok(())
    }

    /// The newest committed batch.
    pub fn last(&self) -> BatchNumber {
        BatchNumber::new(self.batches.len() as u64)
    }

    /// The last batch that is final in the contract.
    pub fn last_final(&self) -> BatchNumber {
        BatchNumber::new(self.finalized)
    }

    /// The last batch that was final in the contract at the newest block that L1 itself calls final: whatever L1 leaves yet, it stays.
    pub fn last_settled(&self) -> BatchNumber {
        BatchNumber::new(self.settled)
    }

    /// Whether this is the header of a batch that L1 holds.
    pub fn holds(&self, header: &BatchHeader) -> bool {
        self.held(header.number).is_some_and(|batch| batch.header == *header)
    }

    /// How each batch was committed last.
    pub fn commits(&self) -> BTreeMap<u64, PublishedAt> {
        self.commits.clone()
    }

    /// Where the data of a committed batch was left.
    pub fn kind(&self, number: BatchNumber) -> Option<DataKind> {
        self.commits.get(&number.get()).map(|commit| commit.kind)
    }

    /// How many committed batches left their data there.
    pub fn count_of(&self, kind: DataKind) -> usize {
        let held = self.batches.iter().filter_map(|batch| self.kind(batch.header.number));
        held.filter(|found| *found == kind).count()
    }

    /// How many batches have come at least so far.
    pub fn count(&self, stage: Stage) -> usize {
        self.batches.iter().filter(|batch| batch.stage >= stage).count()
    }

    /// The block up to which it was read.
    pub const fn block(&self) -> L1Block {
        self.head
    }

    /// How many entries the inbox has.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The block of the last entry before this one: what a snapshot was made of.
    pub fn block_before(&self, next: InboxIndex) -> L1Block {
        let before = next.get().checked_sub(1).and_then(|index| usize::try_from(index).ok());
        before.and_then(|index| self.entry_blocks.get(index)).copied().unwrap_or_default()
    }
}

fn stage(number: u64, finalized: u64, required: U256, proven: &BTreeMap<u8, u64>) -> Stage {
    let has =
        |kind: usize| u8::try_from(kind).ok().and_then(|kind| proven.get(&kind)).is_some_and(|last| *last >= number);
    let is_proven = !required.is_zero() && (0..256).filter(|kind| required.bit(*kind)).all(has);
    match (number <= finalized, is_proven) {
        (true, _) => Stage::Final,
        (false, true) => Stage::Proven,
        (false, false) => Stage::Committed,
    }
}

async fn with_logs(l1: RpcL1, number: u64, watched: [Address; 2]) -> Result<(Block, Vec<Log>), L1Error> {
    let block = l1.block(BlockAt::Number(number)).await?.ok_or(L1Error::Missing { what: "a block" })?;
    let logs = l1.logs(block.hash, &watched).await?;
    Ok((block, logs))
}

const fn block_of(block: &Block) -> L1Block {
    L1Block { number: block.number, hash: Hash(block.hash.0) }
}

impl Chain for History {
    async fn head(&self) -> Result<L1Block, SourceError> {
        Ok(self.head)
    }

    async fn tip(&self) -> Result<BatchNumber, SourceError> {
        Ok(self.last())
    }

    async fn batch(&self, number: BatchNumber) -> Result<Option<CommittedBatch>, SourceError> {
        Ok(self.held(number).copied())
    }

    async fn inbox(&self, index: InboxIndex) -> Result<Option<CanonicalEntry>, SourceError> {
        Ok(usize::try_from(index.get()).ok().and_then(|index| self.entries.get(index)).cloned())
    }

    async fn proofs(&self, first: BatchNumber) -> Result<Vec<AcceptedProof>, SourceError> {
        Ok(self.proofs.get(&first.get()).cloned().unwrap_or_default())
    }
}
