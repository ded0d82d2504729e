//! The door that the servers know: [`ashlar_api::door::Door`] over the desk, the engine and the books of batches.

mod look;
mod operator;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ashlar_api::door::{
    AccountFacts, Answered, BatchFacts, BatchKey, CommandProof, CustodyFacts, Door, InboxFacts, Known, Opening, Origin,
    OutboxFacts, Paid, Pending, ProofStanding, Recalled, Refusal, RowFacts, ServiceHealth, Signed, Tip, Unavailable,
    Unwound, Venue, WithdrawalFacts,
};
use ashlar_exchange::HotStore;
use ashlar_exchange::Store;
use ashlar_types::{AccountId, Address, BatchNumber, InboxIndex, Sequence, WithdrawalIndex};
use tokio::sync::{mpsc, oneshot};

use crate::admit::{Gate, Submission, Tolls};
use crate::build::Books;
use crate::engine::{Given, Work};
use crate::keep::{Audience, Unwinding};
use crate::measure::Metrics;
use crate::node::{Present, closed, unavailable};
use crate::outside::{Asked, Availability, Layer1, Proving};
use crate::services::Board;
pub(crate) use look::standing;

pub(crate) use operator::{AuditSink, Levers};
pub use operator::{LimitsSource, NodeOperator, Promotion};

/// What a sender is told when a queue is full.
const RETRY_MS: u32 = 20;

/// The door of a running node.
#[derive(Clone)]
pub struct NodeDoor(Arc<Inner>);

pub(crate) struct Inner {
    pub venue: Venue,
    pub gate: Gate,
    pub tolls: Arc<Tolls>,
    pub present: Present,
    pub unwindings: Arc<RwLock<Vec<Arc<Unwinding>>>>,
    pub metrics: Arc<Metrics>,
    pub books: Books,
    pub board: Board,
    pub prover: Option<Arc<dyn Proving>>,
    /// The L1, if there is one.
    pub layer1: Option<Arc<dyn Layer1>>,
    /// Where data is published, if anywhere.
    pub availability: Option<Arc<dyn Availability>>,
    /// Microseconds since the Unix epoch, by the node's clock.
    pub now_us: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl fmt::Debug for NodeDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeDoor({:?})", self.0.venue.mode)
    }
}

impl NodeDoor {
    pub(crate) fn new(inner: Inner) -> NodeDoor {
        NodeDoor(Arc::new(inner))
    }

    /// Lets a message in or says at once why not. The answer comes through what is returned.
    fn enter(&self, signed: Signed, origin: Origin) -> Result<oneshot::Receiver<Result<Given, Refusal>>, Refusal> {
        let inner = &self.0;
        inner.gate.admit(signed.message())?;
        let arrived = (inner.now_us)();
        let commands = u32::try_from(signed.message().commands.len()).unwrap_or(u32::MAX);
        inner.tolls.pay_as_peer(origin.ip, commands, arrived / 1_000)?;
        let (reply, answer) = oneshot::channel();
        let submissions = inner.present.with(|ways| ways.submissions.clone()).ok_or_else(closed)?;
        submissions.try_send(Submission { signed, reply, arrived }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::Overloaded { retry_ms: RETRY_MS },
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        Ok(answer)
    }

    /// Asks the state something, and is told once what it rests on is durable.
    fn ask<T: Send + 'static>(&self, question: impl FnOnce(&mut HotStore) -> T + Send + 'static) -> Known<T> {
        self.ask_beside(question, |found, _| found)
    }

    /// The same with something of those who are told of everything, as it is when this is told.
    fn ask_beside<F: Send + 'static, T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut HotStore) -> F + Send + 'static,
        beside: impl FnOnce(F, &mut Audience) -> T + Send + 'static,
    ) -> Known<T> {
        let present = self.0.present.clone();
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let work = Work::Ask(Box::new(move |store| {
                let found = question(store);
                Box::new(move |audience| {
                    // Whoever asked may have gone.
                    let _ = reply.send(beside(found, audience));
                })
            }));
            present.work(work).await?;
            answer.await.map_err(|_| unavailable())
        })
    }

    /// How everything stands, and what comes after.
    fn opened(&self, past: fn(&mut Audience) -> Option<Recalled>) -> Known<Opening> {
        self.ask_beside(standing, move |standing, audience| {
            let (recalled, feed) = (past(audience), audience.feed.subscribe());
            Opening { standing, recalled, feed }
        })
    }

    /// Asks the prover something; nothing is known where there is none.
    fn ask_prover<T: Send + 'static>(&self, ask: impl FnOnce(&dyn Proving) -> Asked<Option<T>>) -> Known<Option<T>> {
        let Some(asked) = self.0.prover.as_deref().map(ask) else { return Box::pin(std::future::ready(Ok(None))) };
        Box::pin(async move { asked.await.map_err(|error| Unavailable { why: error.why }) })
    }

    /// Asks L1's client something; there is nothing where there is none.
    fn ask_layer1<T: Send + 'static>(&self, ask: impl FnOnce(&dyn Layer1) -> Asked<Vec<T>>) -> Known<Vec<T>> {
        let Some(asked) = self.0.layer1.as_deref().map(ask) else {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        };
        Box::pin(async move { asked.await.map_err(|error| Unavailable { why: error.why }) })
    }
}

/// Waits for an answer and writes it out, on the task of whoever asked.
pub(crate) async fn written(answer: oneshot::Receiver<Result<Given, Refusal>>) -> Result<Answered, Refusal> {
    let lost = || Refusal::Lost { why: "the node stopped before the answer was durable".to_owned() };
    let Given { committed, input, allowance } = answer.await.map_err(|_| lost())??;
    committed.answer(input, allowance).ok_or_else(lost)
}

impl Door for NodeDoor {
    fn venue(&self) -> Venue {
        self.0.venue.clone()
    }

    fn submit(&self, signed: Signed, origin: Origin) -> Pending<Result<Answered, Refusal>> {
        match self.enter(signed, origin) {
            Ok(answer) => Box::pin(written(answer)),
            Err(refusal) => {
                self.0.metrics.refused(&refusal);
                Box::pin(std::future::ready(Err(refusal)))
            }
        }
    }

    fn open(&self) -> Known<Opening> {
        self.opened(|_| None)
    }

    fn open_with_past(&self) -> Known<Opening> {
        self.opened(|audience| audience.recall.take())
    }

    fn account(&self, account: AccountId) -> Known<Option<AccountFacts>> {
        self.ask(move |store| look::account(store, account))
    }

    fn accounts_of(&self, owner: Address) -> Known<Vec<AccountId>> {
        let max = ashlar_api::limits::OWNER_ACCOUNTS_MAX;
        let accounts = self.0.present.with(|ways| ways.directory.accounts_of(owner, max)).ok_or_else(unavailable);
        Box::pin(std::future::ready(accounts))
    }

    fn tip(&self) -> Known<Tip> {
        let clock = self.ask(|store| *store.clock());
        let (books, metrics) = (self.0.books.clone(), self.0.metrics.clone());
        Box::pin(async move {
            let clock = clock.await?;
            Ok(Tip {
                next: Sequence::new(clock.next_sequence),
                time: clock.time,
                accounts: clock.accounts,
                batches: books.reached(),
                l1_block: books.l1_block(),
                inbox_next: InboxIndex::new(clock.inbox_cursor),
                withdrawal_next: WithdrawalIndex::new(clock.withdrawals),
                l1_reorgs: metrics.l1_reorgs.get(),
                l1_reorg_deepest: metrics.l1_reorg_deepest.get(),
            })
        })
    }

    fn batch(&self, key: BatchKey) -> Known<Option<BatchFacts>> {
        Box::pin(std::future::ready(Ok(self.0.books.batch(key))))
    }

    fn paid(&self, batch: BatchNumber) -> Known<Vec<Paid>> {
        self.ask_layer1(|layer1| layer1.paid(batch))
    }

    fn outbox(&self) -> Known<Vec<OutboxFacts>> {
        self.ask_layer1(|layer1| layer1.outbox())
    }

    fn command_proof(&self, sequence: Sequence) -> Known<Option<CommandProof>> {
        self.0.books.command_proof(sequence)
    }

    fn proof_standing(&self, batch: BatchNumber) -> Known<Option<ProofStanding>> {
        self.ask_prover(|prover| prover.standing(batch))
    }

    fn proof_file(&self, batch: BatchNumber) -> Known<Option<Vec<u8>>> {
        self.ask_prover(|prover| prover.file(batch))
    }

    fn batch_diff(&self, batch: BatchNumber) -> Known<Option<Vec<u8>>> {
        self.0.books.diff(batch)
    }

    fn withdrawal(&self, index: WithdrawalIndex) -> Known<Option<WithdrawalFacts>> {
        self.0.books.withdrawal(index)
    }

    fn inbox(&self, index: InboxIndex) -> Known<Option<InboxFacts>> {
        Box::pin(std::future::ready(Ok(self.0.books.inbox(index))))
    }

    fn epoch(&self) -> u64 {
        self.0.metrics.epoch.get()
    }

    fn unwound(&self, account: AccountId, after: u64) -> Known<Vec<Unwound>> {
        let all = self.0.unwindings.read().unwrap_or_else(PoisonError::into_inner);
        let newer = all.iter().filter(|unwinding| unwinding.epoch.get() > after);
        let told = newer.flat_map(|unwinding| {
            unwinding.of(account).map(|affected| Unwound {
                epoch: unwinding.epoch.get(),
                at_ms: unwinding.at_ms,
                before: affected.before,
                after: affected.after,
                told: affected.told,
            })
        });
        Box::pin(std::future::ready(Ok(told.collect())))
    }

    fn row(&self, batch: BatchNumber, row: u16) -> Known<Option<RowFacts>> {
        let (header, availability) = (self.0.books.header(batch), self.0.availability.clone());
        Box::pin(async move {
            let (Some(header), Some(availability)) = (header, availability) else { return Ok(None) };
            availability.row(header, row).await.map_err(|error| Unavailable { why: error.why })
        })
    }

    fn custody(&self) -> CustodyFacts {
        self.0.availability.as_deref().map(Availability::stores).unwrap_or_default()
    }

    fn health(&self) -> Vec<ServiceHealth> {
        self.0.board.health()
    }

    fn metrics(&self, out: &mut String) {
        let room = self.0.present.with(|ways| (ways.submissions.max_capacity(), ways.submissions.capacity()));
        if let Some((max, left)) = room {
            self.0.metrics.door_waiting.set((max - left) as u64);
            self.0.metrics.door_waiting_max.set(max as u64);
        }
        self.0.metrics.render(out);
    }
}
