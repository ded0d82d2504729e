//! From a snapshot to the present: the same commands, the same state.
//!
//! 1. [`HotReplay`] runs over the live engine's store, and knows the root at the end only: the fastest way to be back.
//! 2. [`Shadow`] runs each batch over the map, and computes everything that its header says: what an auditor does.

use ashlar_batch::merkle::Digest;
use ashlar_batch::{
    Batch, BatchError, BatchHeader, InboxChain, ReceiptsRoot, Timed, Withdrawal, WithdrawalsRoot, codec, data_root,
};
use ashlar_exchange::{Clock, Exchange, HotConfig, HotStore, LeafStore, OrderIndex, Output, Store};
use ashlar_state::{Change, Digest as StateDigest, Executor, Fault, Key, Map, MapError, Overlay, Rows, Sha256Node};
use ashlar_types::{
    AccountId, BatchNumber, Event, Header, InboxIndex, Input, Receipt, Sequence, Signer, WithdrawalIndex,
};

use crate::ordered::Ordered;
use crate::snapshot::{Snapshot, SnapshotError};

/// Both crates keep a digest as seven words of which the last byte is zero.
pub(crate) fn of_state(digest: &StateDigest) -> Digest {
    Digest::from_words(*digest.words()).unwrap_or(Digest::EMPTY)
}

/// Why a batch cannot be replayed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReplayError {
    /// Its bytes are no batch.
    #[error("the batch cannot be read: {0}")]
    Batch(BatchError),
    /// It does not begin where the state stands.
    #[error("the batch begins at command {got} and the state stands at {expected}", got = got.get(), expected = expected.get())]
    Sequence {
        /// Where the state stands.
        expected: Sequence,
        /// Where the batch begins.
        got: Sequence,
    },
    /// A message of somebody who has no key: it must not be in a batch.
    #[error("input {input} is a message of account {account} that nobody could have signed", account = account.get())]
    NoSigner {
        /// Which input of the batch.
        input: usize,
        /// The account it names.
        account: AccountId,
    },
    /// An inbox entry out of its order.
    #[error("input {input} is inbox entry {got} where {expected} comes next", got = got.get(), expected = expected.get())]
    Inbox {
        /// Which input of the batch.
        input: usize,
        /// The next entry.
        expected: InboxIndex,
        /// The batch's.
        got: InboxIndex,
    },
    /// The map could not answer: it is not that of a state.
    #[error("the state is not whole: {0}")]
    Fault(Fault),
    /// The orders of an account are not all known.
    #[error("the orders of account {account} are not all known", account = account.get())]
    Incomplete {
        /// Which.
        account: AccountId,
    },
    /// More receipts or withdrawals than a tree holds.
    #[error("the batch answers more than a tree of answers holds")]
    TreeFull,
    /// A bug: changes come out of order.
    #[error("{0}")]
    Map(MapError),
}

impl From<BatchError> for ReplayError {
    fn from(error: BatchError) -> ReplayError {
        ReplayError::Batch(error)
    }
}

/// Replays over the live engine's store.
#[derive(Debug)]
pub struct HotReplay {
    /// The engine.
    pub exchange: Exchange<HotStore>,
}

impl HotReplay {
    /// Begins at a snapshot.
    pub fn from_snapshot(snapshot: &Snapshot, config: HotConfig) -> Result<HotReplay, SnapshotError> {
        Ok(HotReplay { exchange: Exchange::new(snapshot.hot_store(config)?) })
    }

    /// The number of the next command.
    pub fn next_sequence(&mut self) -> Sequence {
        Sequence::new(self.exchange.store.clock().next_sequence)
    }

    /// Applies a record of the journal; how many commands it had.
    pub fn ordered(&mut self, ordered: &Ordered, out: &mut impl Output) -> Result<u64, ReplayError> {
        self.check_sequence(ordered.first)?;
        for entry in &ordered.entries {
            self.exchange.apply(entry.time, &entry.input, out);
        }
        Ok(ordered.commands())
    }

    /// Applies the bytes of a batch; how many commands it had. Bytes that turn out to be no batch leave the engine in between: it is of no
    /// more use.
    pub fn batch(&mut self, bytes: &[u8], out: &mut impl Output) -> Result<u64, ReplayError> {
        let before = self.next_sequence();
        self.check_sequence(codec::Decoder::new(bytes)?.preamble().first_sequence)?;
        for timed in codec::iter(bytes)? {
            let Timed { time, input } = timed?;
            self.exchange.apply(time, &input, out);
        }
        Ok(self.next_sequence().get().saturating_sub(before.get()))
    }

    /// The root of the state as it stands: every leaf is hashed.
    pub fn root(&mut self, executor: &impl Executor) -> Result<Digest, ReplayError> {
        let leaves = self.exchange.store.leaves();
        let map = Map::<Sha256Node>::from_sorted(&leaves, executor).map_err(ReplayError::Map)?;
        Ok(of_state(&map.root()))
    }

    fn check_sequence(&mut self, got: Sequence) -> Result<(), ReplayError> {
        let expected = self.next_sequence();
        if expected == got { Ok(()) } else { Err(ReplayError::Sequence { expected, got }) }
    }
}

/// Takes no answers: for who wants the state only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Output for Silent {
    #[inline(always)]
    fn event(&mut self, _: &Event) {}

    #[inline(always)]
    fn receipt(&mut self, _: &Receipt) {}
}

/// A batch as far as it can be read without the state: decoded, and hashed. It is made ahead of its execution, on another thread.
#[derive(Clone, Debug)]
pub struct Prepared {
    batch: Batch,
    root: Digest,
}

impl Prepared {
    /// Reads the bytes of a batch.
    pub fn new(bytes: &[u8]) -> Result<Prepared, BatchError> {
        Prepared::with_root(bytes, data_root(bytes)?)
    }

    /// Reads the bytes of a batch whose data root was computed already.
    pub fn with_root(bytes: &[u8], root: Digest) -> Result<Prepared, BatchError> {
        Ok(Prepared { batch: codec::decode_all(bytes)?, root })
    }

    /// Everything that it executes, in order.
    pub fn inputs(&self) -> &[Timed] {
        &self.batch.inputs
    }

    /// The root over its bytes.
    pub const fn data_root(&self) -> Digest {
        self.root
    }
}

/// The state as a map, following batch by batch.
#[derive(Debug)]
pub struct Shadow {
    map: Map<Sha256Node>,
    index: OrderIndex,
    /// The last batch that is in it.
    header: BatchHeader,
}

/// What a batch came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The header that the batch has by what it did. What execution does not decide is taken from the claimed one: version, exchange, DA commitment,
    /// signatures root.
    pub header: BatchHeader,
    /// The leaves it changed, ascending.
    pub changes: Vec<Change>,
    /// What may be claimed once it is final, in order.
    pub withdrawals: Vec<Withdrawal>,
}

impl Shadow {
    /// The state of a snapshot.
    pub fn from_snapshot(snapshot: Snapshot) -> Shadow {
        let index = snapshot.order_index();
        Shadow { map: snapshot.map, index, header: snapshot.head.header }
    }

    /// A state that a map holds, at the end of a batch.
    pub const fn new(map: Map<Sha256Node>, index: OrderIndex, header: BatchHeader) -> Shadow {
        Shadow { map, index, header }
    }

    /// The leaves.
    pub const fn map(&self) -> &Map<Sha256Node> {
        &self.map
    }

    /// The last batch that is in it, as it was computed.
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The first command of the input of a batch that changed a leaf last, if one did. The state stays before the batch.
    pub fn last_writer(&self, bytes: &[u8], key: &Key) -> Result<Option<Sequence>, ReplayError> {
        let mut index = self.index.clone();
        let mut overlay = Overlay::new(&self.map);
        let row = overlay.row(key);
        let mut run = Run::over(overlay, &mut index, &self.header);
        let mut words = run.exchange.store.rows().words(row).to_vec();
        let (mut next, mut writer) = (self.header.next_sequence, None);
        for (input, timed) in codec::iter(bytes)?.enumerate() {
            let timed = timed?;
            run.input(input, &timed)?;
            run.exchange.store.flush();
            let now = run.exchange.store.rows().words(row);
            if now != words {
                (words, writer) = (now.to_vec(), Some(next));
            }
            next = Sequence::new(next.get().saturating_add(timed.input.commands() as u64));
        }
        Ok(writer)
    }

    /// Runs the bytes of a batch and goes on to the state after it. `claimed` is the header it was published under; whether what comes out is
    /// the same is the caller's to compare. After an error the state is of no more use.
    pub fn run(
        &mut self,
        bytes: &[u8],
        claimed: &BatchHeader,
        executor: &impl Executor,
    ) -> Result<Outcome, ReplayError> {
        self.run_prepared(&Prepared::new(bytes)?, claimed, executor)
    }

    /// The same of a batch that was read ahead.
    pub fn run_prepared(
        &mut self,
        prepared: &Prepared,
        claimed: &BatchHeader,
        executor: &impl Executor,
    ) -> Result<Outcome, ReplayError> {
        let ran = Run::over(Overlay::new(&self.map), &mut self.index, &self.header).batch(&prepared.batch)?;
        self.map.apply(&ran.changes, executor).map_err(ReplayError::Map)?;
        let parent = &self.header;
        let header = BatchHeader {
            version: claimed.version,
            exchange_id: claimed.exchange_id,
            number: BatchNumber::new(parent.number.get().saturating_add(1)),
            parent_hash: parent.hash(),
            state_root_before: parent.state_root_after,
            state_root_after: of_state(&self.map.root()),
            data_root: prepared.root,
            da_commitment: claimed.da_commitment,
            signatures_root: claimed.signatures_root,
            receipts_root: ran.receipts,
            withdrawals_root: ran.withdrawals,
            withdrawals_next: WithdrawalIndex::new(ran.clock.withdrawals),
            inbox_next: ran.inbox.next,
            inbox_hash: ran.inbox.hash,
            first_sequence: parent.next_sequence,
            next_sequence: Sequence::new(ran.clock.next_sequence),
            first_time: ran.first_time,
            last_time: ran.clock.time,
        };
        self.header = header;
        Ok(Outcome { header, changes: ran.changes, withdrawals: ran.claims })
    }
}

struct Ran {
    changes: Vec<Change>,
    clock: Clock,
    inbox: InboxChain,
    receipts: Digest,
    withdrawals: Digest,
    claims: Vec<Withdrawal>,
    first_time: ashlar_types::Time,
}

/// A batch while it runs over a map that stays as it is.
struct Run<'a> {
    exchange: Exchange<LeafStore<Overlay<'a, Sha256Node>, &'a mut OrderIndex>>,
    answers: AnswerRoots,
    inbox: InboxChain,
    expected: Sequence,
}

impl<'a> Run<'a> {
    fn over(rows: Overlay<'a, Sha256Node>, index: &'a mut OrderIndex, parent: &BatchHeader) -> Run<'a> {
        Run {
            exchange: Exchange::new(LeafStore::open(rows, index)),
            answers: AnswerRoots::new(parent.withdrawals_next),
            inbox: InboxChain { next: parent.inbox_next, hash: parent.inbox_hash },
            expected: parent.next_sequence,
        }
    }

    fn batch(mut self, batch: &Batch) -> Result<Ran, ReplayError> {
        let (expected, got) = (self.expected, batch.first_sequence);
        if expected != got {
            return Err(ReplayError::Sequence { expected, got });
        }
        for (input, timed) in batch.inputs.iter().enumerate() {
            self.input(input, timed)?;
        }
        let roots = self.answers.roots()?;
        let clock = *self.exchange.store.clock();
        let (overlay, _) = self.exchange.store.close();
        let changes = overlay.into_changes();
        Ok(Ran {
            changes,
            clock,
            inbox: self.inbox,
            receipts: roots.0,
            withdrawals: roots.1,
            claims: self.answers.claims,
            first_time: batch.inputs.first().map_or(clock.time, |first| first.time),
        })
    }

    fn input(&mut self, number: usize, timed: &Timed) -> Result<(), ReplayError> {
        match &timed.input {
            Input::Message(message) if !has_signer(&mut self.exchange.store, &message.header) => {
                return Err(ReplayError::NoSigner { input: number, account: message.header.account });
            }
            Input::Inbox { index, time, entry } => {
                if *index != self.inbox.next {
                    return Err(ReplayError::Inbox { input: number, expected: self.inbox.next, got: *index });
                }
                self.inbox = self.inbox.consume(*time, entry);
            }
            Input::Message(_) | Input::System(_) => {}
        }
        self.exchange.apply(timed.time, &timed.input, &mut self.answers);
        let (expected, got) = (self.inbox.next, InboxIndex::new(self.exchange.store.clock().inbox_cursor));
        if expected != got {
            return Err(ReplayError::Inbox { input: number, expected: got, got: expected });
        }
        let store = &self.exchange.store;
        match (store.incomplete(), store.rows().fault()) {
            (Some(account), _) => Err(ReplayError::Incomplete { account }),
            (None, Some(fault)) => Err(ReplayError::Fault(fault)),
            (None, None) => Ok(()),
        }
    }
}

/// Whether there is anybody whose signature a message could bear (SPEC U-4): without one it is in no batch.
pub fn has_signer<S: Store>(store: &mut S, header: &Header) -> bool {
    match header.signer {
        Signer::Owner => store.owner(header.account).is_some(),
        Signer::Session { slot, epoch } => {
            store.key(header.account, slot).is_some_and(|key| key.is_set && key.epoch == epoch)
        }
    }
}

/// The trees over what a batch answers, as it comes.
#[derive(Debug)]
struct AnswerRoots {
    events: Vec<Event>,
    receipts: ReceiptsRoot,
    withdrawals: WithdrawalsRoot,
    claims: Vec<Withdrawal>,
    next: WithdrawalIndex,
    is_full: bool,
}

impl AnswerRoots {
    fn new(next: WithdrawalIndex) -> AnswerRoots {
        let (receipts, withdrawals) = (ReceiptsRoot::new(), WithdrawalsRoot::new());
        AnswerRoots { events: Vec::new(), receipts, withdrawals, claims: Vec::new(), next, is_full: false }
    }

    fn roots(&self) -> Result<(Digest, Digest), ReplayError> {
        if self.is_full { Err(ReplayError::TreeFull) } else { Ok((self.receipts.root(), self.withdrawals.root())) }
    }
}

impl Output for AnswerRoots {
    fn event(&mut self, event: &Event) {
        if let Event::Withdrawn { index, to, asset, amount } = *event {
            let claim = Withdrawal { index, to, asset, amount };
            self.is_full |= index != self.next || !self.withdrawals.push(&claim);
            self.claims.push(claim);
            self.next = self.next.next();
        }
        self.events.push(*event);
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.is_full |= !self.receipts.push(receipt, &self.events);
        self.events.clear();
    }
}
