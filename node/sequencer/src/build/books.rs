//! What is known of every batch, shared by the services that move them and the servers that tell of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ashlar_api::door::{
    BatchFacts, BatchKey, CommandProof, InboxFacts, Known, L1Transaction, MessageProof, Pending, ProofFacts, Stage,
    Unavailable, WithdrawalFacts,
};
use ashlar_batch::merkle::{Digest, Tree};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_sync::{Cursor, Cursors};
use ashlar_types::{BatchNumber, InboxIndex, Sequence, WithdrawalIndex, to_bytes};
use tokio::sync::watch;

use super::progress::Progress;
use super::sealed::Sealed;
use crate::error::NodeError;
use crate::limits::{INBOX_KEPT_MAX, SEALED_KEPT_MAX};

/// What of batches is stored and not in memory.
pub trait Stored: Send + Sync {
    /// A batch; nothing if it is not stored, or not whole.
    fn sealed(&self, number: BatchNumber) -> Pending<Result<Option<Arc<Sealed>>, NodeError>>;

    /// What a batch changed, if that is stored. It may be torn: whoever applies it sees that.
    fn diff(&self, number: BatchNumber) -> Pending<Result<Option<Vec<u8>>, NodeError>>;
}

/// The books.
#[derive(Clone)]
pub struct Books {
    pages: Arc<Mutex<Pages>>,
    listeners: Arc<Mutex<Vec<watch::Sender<()>>>>,
    stored: Arc<dyn Stored>,
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Books({:?})", self.reached())
    }
}

#[derive(Debug)]
struct Page {
    hash: Hash,
    progress: Progress,
    /// While it has work ahead, or was asked for lately.
    sealed: Option<Arc<Sealed>>,
}

#[derive(Debug, Default)]
struct Pages {
    batches: BTreeMap<u64, Page>,
    inbox: BTreeMap<u64, InboxFacts>,
    l1_block: u64,
    divergence: Option<String>,
    /// Why no batch is built at present, if L1's versions are why.
    held: Option<String>,
    /// Why batches of a version that is announced will not be built here, and why they will not be proven, as things are.
    unknown: Option<String>,
    unprovable: Option<String>,
    /// What L1 will not take any more, until the batch of that number is committed all the same.
    refused: Option<(BatchNumber, String)>,
}

/// What waits, for rules and alarms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waits {
    /// Batches that are not proven.
    pub unproven_batches: u64,
    /// Commands in them.
    pub unproven_commands: u64,
    /// When the oldest of them was built.
    pub unproven_since_ms: Option<u64>,
    /// When the oldest batch whose data is not published was built.
    pub unpublished_since_ms: Option<u64>,
    /// When the oldest batch that is not committed was built.
    pub uncommitted_since_ms: Option<u64>,
    /// Batches whose data is not published.
    pub unpublished_batches: u64,
    /// Batches that are not committed.
    pub uncommitted_batches: u64,
    /// Batches that are not proven on L1.
    pub unsettled_batches: u64,
    /// The number of the last batch, if there is one.
    pub last: Option<BatchNumber>,
}

impl Books {
    /// Empty books, over what is stored.
    pub fn new(stored: impl Stored + 'static) -> Books {
        Books { pages: Arc::default(), listeners: Arc::default(), stored: Arc::new(stored) }
    }

    /// Tells whoever waits that something changed. Each has a channel of its own: one channel wakes those who wait at it in an order of chance,
    /// and then the same seed is not the same run.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        let (sender, receiver) = watch::channel(());
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Writes a batch in; without its content if that is only stored.
    pub fn enter(&self, progress: Progress, sealed: Option<Arc<Sealed>>) {
        let number = progress.header.number.get();
        let page = Page { hash: progress.header.hash(), progress, sealed };
        self.write(|pages| {
            pages.batches.insert(number, page);
            pages.forget();
        });
    }

    /// How far a batch has come after a change, which is to be stored first; nothing if it changes nothing.
    pub fn changed(&self, number: BatchNumber, change: impl FnOnce(&mut Progress)) -> Option<Progress> {
        let before = self.progress(number)?;
        let mut progress = before.clone();
        change(&mut progress);
        // What is written down again as it was is no news: whoever looks would wake itself for ever.
        (progress != before).then_some(progress)
    }

    /// Writes down how far a batch has come, now that it is stored.
    pub fn advance(&self, number: BatchNumber, progress: Progress) {
        self.write(|pages| {
            if let Some(page) = pages.batches.get_mut(&number.get()) {
                page.progress = progress;
            }
            pages.forget();
        });
    }

    /// Strikes out everything that is known of batches, before it is entered anew.
    pub fn clear(&self) {
        self.write(|pages| pages.batches.clear());
    }

    /// Strikes out every batch after this one, and gives their numbers.
    pub fn strike_after(&self, upto: BatchNumber) -> Vec<BatchNumber> {
        self.write(|pages| {
            let gone = pages.batches.split_off(&upto.next().get());
            gone.into_keys().map(BatchNumber::new).collect()
        })
    }

    /// The first batch that has not come as far as this stage, if the one after the last is not it.
    pub fn first_before(&self, stage: Stage) -> Option<(BatchNumber, Stage)> {
        self.read(|pages| {
            // A batch never comes further than one before it, so the last batches are those that have not come so far.
            let behind = pages.batches.values().rev().take_while(|page| page.progress.stage < stage);
            behind.last().map(|page| (page.progress.header.number, page.progress.stage))
        })
    }

    /// The first batch that nothing proves yet.
    pub fn first_unproven(&self) -> Option<BatchNumber> {
        self.read(|pages| {
            let behind = pages.batches.values().rev().take_while(|page| page.progress.stage < Stage::Proven);
            behind.filter(|page| page.progress.proof.is_none()).last().map(|page| page.progress.header.number)
        })
    }

    /// How far a batch has come.
    pub fn progress(&self, number: BatchNumber) -> Option<Progress> {
        self.read(|pages| pages.batches.get(&number.get()).map(|page| page.progress.clone()))
    }

    /// The header of a batch.
    pub fn header(&self, number: BatchNumber) -> Option<BatchHeader> {
        self.read(|pages| pages.batches.get(&number.get()).map(|page| page.progress.header))
    }

    /// A batch with everything that belongs to it; nothing if it is not stored here, or not whole. A disk that fails says nothing about that.
    pub async fn sealed(&self, number: BatchNumber) -> Result<Option<Arc<Sealed>>, NodeError> {
        let kept = self.read(|pages| pages.batches.get(&number.get())?.sealed.clone());
        match kept {
            Some(sealed) => Ok(Some(sealed)),
            None => self.stored.sealed(number).await,
        }
    }

    /// What a batch changed, if that is stored here.
    pub fn diff(&self, number: BatchNumber) -> Known<Option<Vec<u8>>> {
        let (known, stored) = (self.progress(number).is_some(), Arc::clone(&self.stored));
        Box::pin(async move {
            // What is on the disk of a batch that is not in the books is of another order.
            if !known {
                return Ok(None);
            }
            stored.diff(number).await.map_err(|error| Unavailable { why: error.to_string() })
        })
    }

    /// What waits.
    pub fn waits(&self) -> Waits {
        self.read(|pages| {
            let last = pages.batches.values().next_back().map(|page| page.progress.header.number);
            let mut waits = Waits { last, ..Waits::default() };
            for page in pages.batches.values().rev().take_while(|page| page.progress.stage < Stage::Proven) {
                let since = Some(page.progress.built_ms);
                waits.unsettled_batches += 1;
                if page.progress.proof.is_none() {
                    waits.unproven_batches += 1;
                    waits.unproven_commands += commands(&page.progress.header);
                    waits.unproven_since_ms = since;
                }
                if page.progress.stage < Stage::Published {
                    waits.unpublished_batches += 1;
                    waits.unpublished_since_ms = since;
                }
                if page.progress.stage < Stage::Committed {
                    waits.uncommitted_batches += 1;
                    waits.uncommitted_since_ms = since;
                }
            }
            waits
        })
    }

    /// The first and the last batch that are known here, if any is.
    pub fn range(&self) -> Option<(BatchNumber, BatchNumber)> {
        self.read(|pages| {
            let (first, _) = pages.batches.first_key_value()?;
            let (last, _) = pages.batches.last_key_value()?;
            Some((BatchNumber::new(*first), BatchNumber::new(*last)))
        })
    }

    /// The last batch of each stage that any has reached.
    pub fn reached(&self) -> Vec<(Stage, BatchNumber)> {
        let stages = [Stage::Built, Stage::Published, Stage::Committed, Stage::Proven, Stage::Final];
        stages.into_iter().filter_map(|stage| Some((stage, self.last_at(stage)?))).collect()
    }

    /// The last batch that has come so far.
    pub fn last_at(&self, stage: Stage) -> Option<BatchNumber> {
        self.read(|pages| {
            let mut pages = pages.batches.values().rev();
            pages.find(|page| page.progress.stage >= stage).map(|page| page.progress.header.number)
        })
    }

    /// How far each layer has come, by what is recorded of batches.
    pub fn cursors(&self) -> Cursors {
        self.read(|pages| {
            let at = |stage: Stage| {
                let page = pages.batches.values().rev().find(|page| page.progress.stage >= stage)?;
                Some(Cursor::at(&page.progress.header, page.progress.commit.map(|commit| commit.block)))
            };
            let (local, l1) = (at(Stage::Built), at(Stage::Committed));
            Cursors { local, l1, proven: at(Stage::Proven), finalized: at(Stage::Final) }
        })
    }

    /// What the servers tell of a batch.
    pub fn batch(&self, key: BatchKey) -> Option<BatchFacts> {
        self.read(|pages| {
            let page = match key {
                BatchKey::Number(number) => pages.batches.get(&number.get()),
                BatchKey::Sequence(sequence) => pages.of_command(sequence),
                BatchKey::L1Block(block) => pages
                    .batches
                    .values()
                    .rev()
                    .find(|page| page.progress.commit.is_some_and(|commit: L1Transaction| commit.block <= block)),
                BatchKey::Last(stage) => pages.batches.values().rev().find(|page| page.progress.stage >= stage),
            };
            page.map(facts)
        })
    }

    /// That a command did what its receipt says.
    pub fn command_proof(&self, sequence: Sequence) -> Known<Option<CommandProof>> {
        let books = self.clone();
        Box::pin(async move {
            let Some(batch) = books.batch(BatchKey::Sequence(sequence)) else { return Ok(None) };
            let sealed = books.sealed(batch.number).await.map_err(unread)?.ok_or_else(gone)?;
            Ok(prove_command(&sealed, sequence, batch))
        })
    }

    /// A withdrawal.
    pub fn withdrawal(&self, index: WithdrawalIndex) -> Known<Option<WithdrawalFacts>> {
        let books = self.clone();
        Box::pin(async move {
            let wanted = index.get();
            let found = books.read(|pages| {
                let mut pages = pages.batches.values();
                let page = pages.find(|page| {
                    page.progress.withdrawals_before <= wanted && wanted < page.progress.header.withdrawals_next.get()
                })?;
                Some((page.progress.header.number, page.progress.stage, page.progress.withdrawals_before))
            });
            let Some((number, stage, before)) = found else { return Ok(None) };
            let sealed = books.sealed(number).await.map_err(unread)?.ok_or_else(gone)?;
            Ok(prove_withdrawal(&sealed, wanted.saturating_sub(before), stage))
        })
    }

    /// Remembers an entry of the inbox.
    pub fn note_inbox(&self, facts: InboxFacts) {
        self.write(|pages| {
            pages.inbox.insert(facts.index.get(), facts);
            while pages.inbox.len() > INBOX_KEPT_MAX {
                pages.inbox.pop_first();
            }
        });
    }

    /// An entry of the inbox, if it is remembered.
    pub fn inbox(&self, index: InboxIndex) -> Option<InboxFacts> {
        self.read(|pages| pages.inbox.get(&index.get()).cloned())
    }

    /// Remembers how far L1 was seen.
    pub fn note_l1_block(&self, number: u64) {
        self.read_mut(|pages| pages.l1_block = number);
    }

    /// The last L1 block seen.
    pub fn l1_block(&self) -> u64 {
        self.read(|pages| pages.l1_block)
    }

    /// Remembers that the state here and on L1 differ.
    pub fn note_divergence(&self, what: String) {
        self.read_mut(|pages| pages.divergence = Some(what));
    }

    /// What differs, if something does.
    pub fn divergence(&self) -> Option<String> {
        self.read(|pages| pages.divergence.clone())
    }

    /// Remembers why no batch is built at present, or that batches are.
    pub fn note_held(&self, why: Option<String>) {
        self.read_mut(|pages| pages.held = why);
    }

    /// Remembers why batches of a version that is announced will not be built by this release, or that they will.
    pub fn note_unknown(&self, why: Option<String>) {
        self.read_mut(|pages| pages.unknown = why);
    }

    /// Remembers why they will not be proven, or that they will.
    pub fn note_unprovable(&self, why: Option<String>) {
        self.read_mut(|pages| pages.unprovable = why);
    }

    /// Remembers that L1 takes batches from this one on no more as they were built.
    pub fn note_refused(&self, from: BatchNumber, what: String) {
        self.read_mut(|pages| pages.refused = Some((from, what)));
    }

    /// What stands between batches and L1 because a version begins, or will, if something does.
    pub fn upgrade(&self) -> Option<String> {
        let committed = self.last_at(Stage::Committed).unwrap_or_default();
        self.read_mut(|pages| {
            pages.refused.take_if(|(from, _)| *from <= committed);
            let refused = pages.refused.as_ref().map(|(_, what)| what);
            refused.or(pages.held.as_ref()).or(pages.unknown.as_ref()).or(pages.unprovable.as_ref()).cloned()
        })
    }

    /// Headers of batches that L1 does not hold, in their order.
    pub fn uncommitted(&self) -> Vec<BatchHeader> {
        self.read(|pages| {
            let behind = pages.batches.values().rev().take_while(|page| page.progress.stage < Stage::Committed);
            let mut headers: Vec<_> = behind.map(|page| page.progress.header).collect();
            headers.reverse();
            headers
        })
    }

    fn read<T>(&self, with: impl FnOnce(&Pages) -> T) -> T {
        with(&self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_mut<T>(&self, with: impl FnOnce(&mut Pages) -> T) -> T {
        with(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, with: impl FnOnce(&mut Pages) -> T) -> T {
        let result = self.read_mut(with);
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(()).is_ok());
        result
    }
}

impl Pages {
    /// Lets go of what is final, is stored, and fills memory.
    fn forget(&mut self) {
        let mut kept = 0;
        for page in self.batches.values_mut().rev() {
            if page.sealed.is_some() {
                kept += 1;
                if kept > SEALED_KEPT_MAX {
                    page.sealed = None;
                }
            }
        }
    }

    fn of_command(&self, sequence: Sequence) -> Option<&Page> {
        let mut pages = self.batches.values().rev();
        let page = pages.find(|page| page.progress.header.first_sequence <= sequence)?;
        (sequence < page.progress.header.next_sequence).then_some(page)
    }
}

fn gone() -> Unavailable {
    Unavailable { why: "the batch is not stored here any more".to_owned() }
}

fn unread(error: NodeError) -> Unavailable {
    Unavailable { why: format!("the batch cannot be read just now: {error}") }
}

fn commands(header: &BatchHeader) -> u64 {
    header.next_sequence.get().saturating_sub(header.first_sequence.get())
}

fn facts(page: &Page) -> BatchFacts {
    let Page { hash, progress, .. } = page;
    let Progress { header, data_bytes, .. } = progress;
    let proof = progress.proof.as_ref().map(|(kind, first, count)| ProofFacts {
        kind: kind.clone(),
        first: BatchNumber::new(*first),
        count: *count,
        bytes: None,
    });
    BatchFacts {
        number: header.number,
        stage: progress.stage,
        header: to_bytes(header).as_chunks::<32>().0.to_vec(),
        hash: hash.0,
        first: header.first_sequence,
        next: header.next_sequence,
        first_time: header.first_time,
        last_time: header.last_time,
        data_bytes: *data_bytes,
        commit: progress.commit,
        prove: progress.prove,
        finalize: progress.finalize,
        proof,
    }
}

fn siblings(tree: &Tree, place: usize) -> Option<(u32, Vec<Vec<u8>>)> {
    let index = u32::try_from(place).ok()?;
    let path = tree.path(index)?;
    Some((index, path.siblings().iter().map(digest_bytes).collect()))
}

fn digest_bytes(digest: &Digest) -> Vec<u8> {
    digest.to_word()[..Digest::BYTES].to_vec()
}

fn prove_command(sealed: &Sealed, sequence: Sequence, batch: BatchFacts) -> Option<CommandProof> {
    let place = sealed.place_of(sequence)?;
    let (receipt, events) = sealed.done().get(place)?;
    let (index, siblings) = siblings(&sealed.receipts()?, place)?;
    // The leaf is the receipt's encoding without its number, then the events (SPEC B-34).
    let mut leaf = to_bytes(receipt).split_off(8);
    events.iter().for_each(|event| leaf.extend(to_bytes(event)));
    Some(CommandProof { sequence, batch, leaf, index, siblings })
}

fn prove_withdrawal(sealed: &Sealed, place: u64, stage: Stage) -> Option<WithdrawalFacts> {
    let place = usize::try_from(place).ok()?;
    let (sequence, withdrawal) = *sealed.withdrawals().get(place)?;
    let header = sealed.header();
    let proof = siblings(&sealed.withdrawals_tree()?, place).map(|(index, siblings)| MessageProof {
        batch: header.number,
        index,
        siblings,
        root: digest_bytes(&header.withdrawals_root),
    });
    Some(WithdrawalFacts {
        index: withdrawal.index,
        to: withdrawal.to,
        asset: withdrawal.asset,
        amount: withdrawal.amount,
        sequence,
        stage: Some(stage),
        claimed: false,
        proof,
    })
}
