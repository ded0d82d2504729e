//! The contracts on L1, as a node asks about them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::primitives::{Address, B256, Bytes};
use ashlar_api::door::{L1Transaction, OutboxFacts, Paid};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_replica::L1Block;
use ashlar_settlement::commitments::L1CommitmentRecord;
use ashlar_settlement::contract::{Addresses, DataRef, ProofType};
use ashlar_settlement::finality::ConfirmationStatus;
use ashlar_settlement::gas::{Decision, Target};
use ashlar_settlement::l1::{self, BlockAt, BlockRef, L1, L1Error};
use ashlar_settlement::outbox::{IntentStatus, Waiting};
use ashlar_settlement::{
    Events, Handle, Health, Listing, RequestError, SettlementEvent, Version, committed_at, header_hash_at,
    safe_inbox_hash,
};
use ashlar_types::{BatchNumber, InboxIndex};
use tokio::sync::Semaphore;

use crate::build::Sealed;
use crate::engine::InboxItem;
use crate::outside::{
    Anchor, Asked, Availability, Commit, Custody, Handed, L1Counts, L1Standing, Layer1, OutsideError, Proof, Reached,
};
use crate::pricing::Pricing;

/// Entries handed over at once.
const ENTRIES_AT_ONCE: usize = 1_024;
/// Entries and commits behind the node that are kept for a reorganisation, which is bounded by far fewer blocks.
const KEPT_BEHIND: u64 = 65_536;
/// Final batches whose cost is kept at hand.
const PAID_KEPT: usize = 1_024;
/// Transactions whose cost is kept at hand.
const RECEIPTS_KEPT: usize = 4_096;
/// Questions of what batches cost that wait for the client at once: commits wait in the same place.
const COSTS_ASKED_MAX: usize = 16;

/// Settles through a running client, and keeps what it said.
pub struct Settled<L> {
    client: Handle,
    l1: L,
    payer: Option<Address>,
    contracts: Addresses,
    pricing: Arc<Pricing>,
    custodians: Option<Arc<dyn Availability>>,
    known: Arc<Mutex<Known>>,
    costs_asked: Arc<Semaphore>,
}

/// What the client said, as far as it still holds.
#[derive(Default)]
struct Known {
    head: L1Block,
    head_time: u64,
    /// What the registry listed at a head of this chain: it is asked once for each.
    listing: Option<Listing>,
    safe: L1Block,
    finalized_block: Option<L1Block>,
    inbox: BTreeMap<u64, InboxItem>,
    commits: BTreeMap<u64, Commit>,
    /// The last batch of each call that proved some, and where.
    proven: BTreeMap<u64, L1Transaction>,
    finalized: BTreeMap<u64, L1Transaction>,
    /// What batches cost that are final and were asked about: that changes no more.
    paid: BTreeMap<u64, Vec<Paid>>,
    /// What transactions cost whose receipts were seen since the start, and in which order they came.
    receipts: BTreeMap<[u8; 32], Paid>,
    receipts_order: VecDeque<[u8; 32]>,
    unseen_ms: Option<u64>,
}

impl<L> std::fmt::Debug for Settled<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settled")
            .field("payer", &self.payer)
            .field("contracts", &self.contracts)
            .finish_non_exhaustive()
    }
}

impl<L: L1> Settled<L> {
    /// Through this client; its events are read for as long as the returned future is polled. Without an account that pays, nothing is sent.
    pub fn new(
        client: Handle,
        mut events: Events,
        l1: L,
        payer: Option<Address>,
        contracts: Addresses,
        pricing: Pricing,
    ) -> (Settled<L>, impl Future<Output = ()> + Send) {
        let known = Arc::<Mutex<Known>>::default();
        let kept = known.clone();
        let listening = async move {
            while let Some(event) = events.next().await {
                lock(&kept).hear(event);
            }
        };
        let (pricing, costs_asked) = (Arc::new(pricing), Arc::new(Semaphore::new(COSTS_ASKED_MAX)));
        (Settled { client, l1, payer, contracts, pricing, custodians: None, known, costs_asked }, listening)
    }
}

impl<L> Settled<L> {
    /// When L1 was last looked at before it said the newest of what is known, in milliseconds; nothing until it says something new.
    pub fn unseen_ms(&self) -> Option<u64> {
        lock(&self.known).unseen_ms
    }

    /// Where those sign with whom data may stay. Without it, custody must not be allowed by the model.
    #[must_use]
    pub fn with_custodians(self, custodians: Arc<dyn Availability>) -> Settled<L> {
        Settled { custodians: Some(custodians), ..self }
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the client's refusals mean to the node.
fn refused(error: RequestError) -> OutsideError {
    match error {
        RequestError::OnlyFollows | RequestError::Count { .. } => OutsideError::stop(error.to_string()),
        // What cannot be committed is built anew once the order is.
        RequestError::Invalid { .. }
        | RequestError::Stopped
        | RequestError::UnknownBatch(_)
        | RequestError::Outbox(_)
        | RequestError::Store(_) => OutsideError::retry(error.to_string()),
    }
}

fn unanswered(error: L1Error) -> OutsideError {
    OutsideError::retry(error.to_string())
}

impl<L: L1> Layer1 for Settled<L> {
    fn commit(&self, sealed: Arc<Sealed>) -> Asked<Handed> {
        let (mut client, l1, pricing) = (self.client.clone(), self.l1.clone(), self.pricing.clone());
        let custodians = self.custodians.clone();
        Box::pin(async move {
            let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
            let market = l1.fees().await.map_err(unanswered)?;
            let content = Bytes::copy_from_slice(input.batch);
            let data = match pricing.decide(&market, sealed.header(), content.len()) {
                Decision::Wait { .. } => return Ok(Handed::NotNow),
                Decision::Commit { target: Target::Calldata, .. } => DataRef::Calldata { content },
                Decision::Commit { target: Target::Blobs, .. } => DataRef::Blobs { content },
                Decision::Commit { target: Target::Custody, .. } => {
                    let custodians = custodians.ok_or_else(|| {
                        OutsideError::stop(
                            "custody is allowed for commits and no custodians are known; correct where data goes",
                        )
                    })?;
                    let Custody { height, siblings, signatures } = custodians.custody(sealed.clone()).await?;
                    let siblings = siblings.into_iter().map(B256::from).collect();
                    DataRef::Custody { height, siblings, signatures: signatures.into() }
                }
                Decision::TooLarge => {
                    let (number, bytes) = (sealed.header().number.get(), content.len());
                    return Err(OutsideError::stop(format!(
                        "batch {number} has {bytes} bytes, and no way of publishing that is allowed takes so many; allow blobs or \
                         custody, or close batches earlier"
                    )));
                }
            };
            client.commit(sealed.header(), data).await.map_err(refused)?;
            Ok(Handed::Taken)
        })
    }

    fn prove(&self, proof: Proof) -> Asked<()> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let batches = proof.last.get().saturating_sub(proof.first.get()).saturating_add(1);
            let count =
                u32::try_from(batches).map_err(|_| OutsideError::stop(format!("a proof of {batches} batches")))?;
            let kind = ProofType(proof.proof_type);
            client.prove(kind, proof.first, count, proof.bytes.into()).await.map(drop).map_err(refused)
        })
    }

    fn finalize(&self, upto: BatchNumber) -> Asked<()> {
        let mut client = self.client.clone();
        Box::pin(async move { client.finalize(upto).await.map(drop).map_err(refused) })
    }

    fn inbox(&self, from: InboxIndex) -> Asked<Vec<InboxItem>> {
        let mut known = lock(&self.known);
        known.inbox = known.inbox.split_off(&from.get().saturating_sub(KEPT_BEHIND));
        let items = known.inbox.range(from.get()..).map(|(_, item)| item.clone()).take(ENTRIES_AT_ONCE).collect();
        Box::pin(std::future::ready(Ok(items)))
    }

    fn holds(&self, block: L1Block) -> Asked<Option<bool>> {
        let l1 = self.l1.clone();
        Box::pin(async move {
            let there = l1.block(BlockAt::Number(block.number)).await.map_err(unanswered)?;
            Ok(there.map(|there| there.at().hash.0 == block.hash.0))
        })
    }

    fn inbox_hash(&self, entries: InboxIndex) -> Asked<Option<Hash>> {
        let (l1, bridge) = (self.l1.clone(), self.contracts.bridge);
        Box::pin(async move {
            safe_inbox_hash(&l1, bridge, entries).await.map_err(|error| OutsideError::retry(error.to_string()))
        })
    }

    fn revert(&self, kept: BatchHeader) -> Asked<()> {
        let mut client = self.client.clone();
        Box::pin(async move { client.revert_to(&kept).await.map(drop).map_err(refused) })
    }

    fn give_up(&self, from: BatchNumber, why: String) -> Asked<()> {
        let mut client = self.client.clone();
        Box::pin(async move { client.give_up(from, why).await.map(drop).map_err(refused) })
    }

    fn standing(&self, from: BatchNumber) -> Asked<L1Standing> {
        let mut standing = lock(&self.known).standing(from);
        let (l1, payer, pricing) = (self.l1.clone(), self.payer, self.pricing.clone());
        let (mut client, known, registry) = (self.client.clone(), self.known.clone(), self.contracts.registry);
        Box::pin(async move {
            let status = client.status().await.map_err(refused)?;
            if status.health != Health::CatchingUp {
                let number = BatchNumber::new;
                let proven = number(status.proven.iter().map(|(_, last)| *last).max().unwrap_or(0));
                let (committed, finalized) = (number(status.committed), number(status.finalized_batch));
                standing.reached = Some(Reached { committed, proven, finalized });
                // What was told before a reorganisation may not be true after it.
                standing.proven = standing.proven.filter(|(last, _)| *last <= proven);
                standing.finalized = standing.finalized.filter(|(last, _)| *last <= finalized);
                standing.commits.retain(|commit| commit.number <= committed);
                if standing.head != L1Block::default() {
                    let head = BlockRef {
                        number: standing.head.number,
                        hash: B256::from(standing.head.hash.0),
                        time: standing.head_time,
                    };
                    standing.versions = Some(versions(&l1, registry, head, &known).await?);
                }
            }
            standing.counts = L1Counts {
                reorgs: status.reorgs.0,
                deepest: status.reorgs.1,
                waiting: status.outbox.0 as u64,
                in_flight: status.outbox.1 as u64,
                gas_used: status.statistics.gas_used,
                paid_wei: status.statistics.paid_wei,
            };
            let fees = l1.fees().await.map_err(unanswered)?;
            pricing.note(standing.head.number, &fees);
            standing.gas_price = u64::try_from(fees.base_fee).unwrap_or(u64::MAX);
            if let Some(payer) = payer {
                standing.balance = u128::try_from(l1.balance(payer).await.map_err(unanswered)?).ok();
            }
            Ok(standing)
        })
    }

    fn paid(&self, batch: BatchNumber) -> Asked<Vec<Paid>> {
        // The client is asked only for what it has not said by itself: it may be busy with an L1 that is slow.
        if let Some(paid) = lock(&self.known).paid(batch) {
            return Box::pin(std::future::ready(Ok(paid)));
        }
        // Who finds no place may ask again.
        let Ok(place) = self.costs_asked.clone().try_acquire_owned() else {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        };
        let (mut client, known) = (self.client.clone(), self.known.clone());
        Box::pin(async move {
            let _place = place;
            let Some(record) = client.get_commitment_record(batch).await.map_err(refused)? else {
                return Ok(Vec::new());
            };
            let paid: Vec<Paid> = record.paid().into_iter().map(|(tx, paid)| paid_of(tx, &paid)).collect();
            if changes_no_more(&record) {
                let kept = &mut lock(&known).paid;
                kept.insert(batch.get(), paid.clone());
                while kept.len() > PAID_KEPT {
                    kept.pop_first();
                }
            }
            Ok(paid)
        })
    }

    fn outbox(&self) -> Asked<Vec<OutboxFacts>> {
        let mut client = self.client.clone();
        Box::pin(async move { Ok(client.outbox().await.map_err(refused)?.into_iter().map(outbox_facts).collect()) })
    }

    fn anchor(&self) -> Asked<Anchor> {
        let (l1, settlement) = (self.l1.clone(), self.contracts.settlement);
        Box::pin(async move {
            let head = l1.block(BlockAt::Latest).await.map_err(unanswered)?;
            let head = head.ok_or_else(|| OutsideError::retry("L1 has no newest block; check its endpoints"))?;
            let committed = committed_at(&l1, settlement, head.hash).await.map_err(unanswered)?;
            Ok(Anchor { block: block_of(&head.at()), committed })
        })
    }

    fn header_hash(&self, at: L1Block, batch: BatchNumber) -> Asked<Option<Hash>> {
        let (l1, settlement) = (self.l1.clone(), self.contracts.settlement);
        Box::pin(async move { header_hash_at(&l1, settlement, B256::from(at.hash.0), batch).await.map_err(unanswered) })
    }

    fn header(&self, batch: BatchNumber) -> Asked<Option<BatchHeader>> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let record = client.get_commitment_record(batch).await.map_err(refused)?;
            Ok(record.and_then(|record| record.decode_header()))
        })
    }
}

/// The versions that the registry lists at this head. What is scheduled or taken back is in another block, so no event has to be followed, and
/// after a reorganisation they are simply read again.
async fn versions<L: L1>(
    l1: &L,
    registry: Address,
    head: BlockRef,
    known: &Mutex<Known>,
) -> Result<Vec<Version>, OutsideError> {
    let before = lock(known).listing.clone();
    if let Some(listing) = before.as_ref().filter(|listing| listing.at == head) {
        return Ok(listing.versions.clone());
    }
    let listing = Listing::read(l1, registry, head, before.as_ref()).await.map_err(unanswered)?;
    let mut known = lock(known);
    // L1 may have left that block meanwhile.
    if known.head == block_of(&head) {
        known.listing = Some(listing.clone());
    }
    Ok(listing.versions)
}

impl Known {
    fn standing(&mut self, from: BatchNumber) -> L1Standing {
        self.commits = self.commits.split_off(&from.get().saturating_sub(KEPT_BEHIND));
        let last =
            |calls: &BTreeMap<u64, L1Transaction>| calls.last_key_value().map(|(n, at)| (BatchNumber::new(*n), *at));
        L1Standing {
            head: self.head,
            head_time: self.head_time,
            versions: None,
            safe: self.safe,
            finalized_block: self.finalized_block,
            reached: None,
            commits: self.commits.range(from.get()..).map(|(_, commit)| *commit).collect(),
            proven: last(&self.proven),
            finalized: last(&self.finalized),
            gas_price: 0,
            balance: None,
            unseen_ms: self.unseen_ms,
            counts: L1Counts::default(),
        }
    }

    /// What holds from now on, and what no longer does. What only screens want to know is left to them.
    fn hear(&mut self, event: SettlementEvent) {
        match event {
            SettlementEvent::Heard { unseen_ms } => self.unseen_ms = Some(unseen_ms),
            SettlementEvent::InboxSafe(placed) => {
                let (index, time, entry) = (placed.index, placed.time, placed.entry);
                let (block, transaction) = (block_of(&placed.block), placed.tx.0);
                self.inbox.insert(index.get(), InboxItem { index, time, entry, block, transaction });
            }
            SettlementEvent::InboxRolledBack(mark) => drop(self.inbox.split_off(&mark.next)),
            SettlementEvent::Committed { batch, header_hash, tx, block } => {
                let at = transaction(tx, &block);
                self.commits.insert(batch.get(), Commit { number: batch, hash: header_hash, at });
            }
            SettlementEvent::Proven { last, tx, block, .. } => {
                self.proven.insert(last.get(), transaction(tx, &block));
                keep_newest(&mut self.proven);
            }
            SettlementEvent::Finalized { last, tx, block, .. } => {
                self.finalized.insert(last.get(), transaction(tx, &block));
                keep_newest(&mut self.finalized);
            }
            SettlementEvent::Reverted { first, .. } => self.take_back(first.get()),
            SettlementEvent::Reorg { to, committed, .. } => {
                (self.head, self.head_time, self.listing) = (block_of(&to), to.time, None);
                self.take_back(committed.get().saturating_add(1));
                self.proven.retain(|_, at| at.block <= to.number);
                self.finalized.retain(|_, at| at.block <= to.number);
            }
            SettlementEvent::Paid { tx, paid } => self.keep_receipt(paid_of(tx, &paid)),
            SettlementEvent::Head(head) => (self.head, self.head_time) = (block_of(&head), head.time),
            SettlementEvent::Safe(block) => self.safe = block_of(&block),
            SettlementEvent::FinalBlock(block) => self.finalized_block = Some(block_of(&block)),
            SettlementEvent::FinalityFell { finalized: false, to } => self.safe = block_of(&to),
            // What cannot be committed is not on L1; whether another of that number is says L1.
            SettlementEvent::CommitsInvalid { .. }
            | SettlementEvent::Confirmation { .. }
            | SettlementEvent::Failed { .. }
            | SettlementEvent::FinalityFell { .. }
            | SettlementEvent::Paused { .. }
            | SettlementEvent::Freeze { .. }
            | SettlementEvent::Contradicted(_) => {}
        }
    }

    /// What the transactions cost by which a batch stands on L1, if that is known of each of them.
    fn paid(&self, batch: BatchNumber) -> Option<Vec<Paid>> {
        let number = batch.get();
        if let Some(paid) = self.paid.get(&number) {
            return Some(paid.clone());
        }
        let commit = self.commits.get(&number)?.at;
        // A call that proves or finalizes is kept under its last batch. What is before the first that is kept may have been of another.
        let of = |calls: &BTreeMap<u64, L1Transaction>| match calls.first_key_value() {
            Some((first, _)) if number < *first => None,
            _ => Some(calls.range(number..).next().map(|(_, at)| *at)),
        };
        let calls = [Some(commit), of(&self.proven)?, of(&self.finalized)?];
        calls.into_iter().flatten().map(|at| self.receipts.get(&at.hash).copied()).collect()
    }

    fn keep_receipt(&mut self, paid: Paid) {
        if self.receipts.insert(paid.hash, paid).is_none() {
            self.receipts_order.push_back(paid.hash);
        }
        if self.receipts_order.len() > RECEIPTS_KEPT
            && let Some(oldest) = self.receipts_order.pop_front()
        {
            self.receipts.remove(&oldest);
        }
    }

    fn take_back(&mut self, first: u64) {
        self.commits.split_off(&first);
        self.proven.split_off(&first);
        self.finalized.split_off(&first);
    }
}

/// Calls that are behind the deepest reorganisation do not come back.
fn keep_newest(calls: &mut BTreeMap<u64, L1Transaction>) {
    while calls.len() > 1_024 {
        calls.pop_first();
    }
}

fn block_of(at: &BlockRef) -> L1Block {
    L1Block { number: at.number, hash: ashlar_batch::Hash(at.hash.0) }
}

/// Whether what a batch cost is known for good: it is final, and no receipt of this node's own transactions is still to be read. Of others there is none.
fn changes_no_more(record: &L1CommitmentRecord) -> bool {
    let is_final = record.finalize.as_ref().is_some_and(|step| step.status == ConfirmationStatus::Finalized);
    is_final && record.unpaid().is_empty()
}

fn paid_of(tx: B256, paid: &l1::Paid) -> Paid {
    let l1::Paid { gas_used, gas_price, blob_cost } = *paid;
    Paid { hash: tx.0, gas_used, gas_price, blob_cost }
}

fn outbox_facts(Waiting { label, status, offered_ms }: Waiting) -> OutboxFacts {
    let (nonce, txs, block) = match status {
        IntentStatus::Queued | IntentStatus::Ended(_) => (None, Vec::new(), None),
        IntentStatus::Sent { nonce, txs } => (Some(nonce), txs, None),
        IntentStatus::Mined { tx, block, .. } => (None, vec![tx], Some(block.number)),
    };
    OutboxFacts { label, nonce, transactions: txs.into_iter().map(|tx| tx.0).collect(), block, offered_ms }
}

fn transaction(hash: B256, at: &BlockRef) -> L1Transaction {
    L1Transaction { hash: hash.0, block: at.number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_settlement::commitments::{StepRecord, TxRef};

    /// A step that is final, by a transaction of ours or of somebody else.
    fn step(tx: u8, is_ours: bool) -> StepRecord {
        let tx = B256::repeat_byte(tx);
        let txs = if is_ours { vec![TxRef { tx, at_ms: 1 }] } else { Vec::new() };
        let block = BlockRef { number: 7, hash: B256::ZERO, time: 1 };
        StepRecord { txs, included: Some((tx, block)), status: ConfirmationStatus::Finalized, ..StepRecord::new(1) }
    }

    fn record(are_ours: bool) -> L1CommitmentRecord {
        L1CommitmentRecord {
            batch: 1,
            state_root: B256::ZERO,
            header_hash: B256::ZERO,
            header: Bytes::new(),
            commit: step(1, are_ours),
            proofs: BTreeMap::from([(0, step(2, are_ours))]),
            finalize: Some(step(3, are_ours)),
            invalid: None,
            given_up: false,
            audit: Vec::new(),
        }
    }

    #[test]
    fn what_a_batch_cost_is_kept_once_it_changes_no_more_even_if_that_is_nothing() {
        let mut foreign = record(false);
        assert!(changes_no_more(&foreign), "another node paid, and will have paid");
        foreign.finalize = None;
        assert!(!changes_no_more(&foreign), "its finalization is still to come");
        // Of our own each receipt has to be read first.
        let mut ours = record(true);
        let mut read = |step: &mut StepRecord| {
            let (tx, _) = step.included.expect("it is on L1");
            step.receipt = Some((tx, l1::Paid { gas_used: 1, gas_price: 1, blob_cost: 0 }));
        };
        assert!(!changes_no_more(&ours));
        read(&mut ours.commit);
        ours.proofs.values_mut().for_each(&mut read);
        assert!(!changes_no_more(&ours), "one is still to be read");
        ours.finalize.iter_mut().for_each(read);
        assert!(changes_no_more(&ours));
    }
}
