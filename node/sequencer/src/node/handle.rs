//! What whoever started a node holds.

use std::fmt;
use std::sync::Arc;

use ashlar_api::door::{Answered, Door, Operator, Refusal};
use ashlar_batch::{BatchHeader, Signatures, Timed};
use ashlar_replica::{Entry, L1Block};
use ashlar_types::{BatchNumber, Input, SystemCommand};
use commonware_runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::present::{Present, closed};
use crate::admit::Gate;
use crate::build::{Books, End, Wish};
use crate::door::{NodeDoor, NodeOperator, written};
use crate::engine::{Followed, InboxItem, Work};
use crate::error::NodeError;
use crate::keep::Executed;
use crate::measure::Metrics;
use crate::receipt::SequenceReceipt;
use crate::services::{Board, Station};
use crate::watch::Alarm;

/// How a node ended, if it has: `Ok` if it was told to.
pub type Ended = Option<Result<(), Arc<NodeError>>>;

/// Why a batch was not followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FollowError {
    /// Not the next one.
    #[error("batch {got} was given and {expected} is next")]
    Number {
        /// The next.
        expected: u64,
        /// Which was given.
        got: u64,
    },
    /// It does not do what its header says.
    #[error("batch {number} came out otherwise than its header says; do not trust this node's state, nor the header")]
    Diverged {
        /// Which.
        number: u64,
    },
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

/// A running node.
pub struct NodeHandle {
    pub(super) door: NodeDoor,
    pub(super) operator: NodeOperator,
    pub(super) gate: Gate,
    pub(super) present: Present,
    pub(super) books: Books,
    pub(super) board: Board,
    /// The header of the last batch that was built when it began.
    pub(super) begun: BatchHeader,
    pub(super) metrics: Arc<Metrics>,
    pub(super) bell: broadcast::Sender<Alarm>,
    pub(super) ended: watch::Receiver<Ended>,
    /// Asks whoever keeps the line running to end it.
    pub(super) stop: mpsc::Sender<oneshot::Sender<()>>,
    /// What has to be ended.
    pub(super) services: Vec<Handle<()>>,
}

impl fmt::Debug for NodeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeHandle({:?}, {:?})", self.books, *self.ended.borrow())
    }
}

impl NodeHandle {
    /// The door for servers and clients.
    pub fn door(&self) -> Arc<dyn Door> {
        Arc::new(self.door.clone())
    }

    /// The operator's side.
    pub fn operator(&self) -> Arc<dyn Operator> {
        Arc::new(self.operator.clone())
    }

    /// The operator's side, with what is not part of the servers' view of it.
    pub fn levers(&self) -> &NodeOperator {
        &self.operator
    }

    /// What is known of batches.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// What is measured.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Every alarm that begins or ends from now on.
    pub fn alarms(&self) -> broadcast::Receiver<Alarm> {
        self.bell.subscribe()
    }

    /// The place on the board of a service that whoever started the node runs itself.
    pub fn station(&self, name: &'static str) -> Station {
        self.board.station(name)
    }

    /// The header of the last batch that is built here.
    pub fn last_header(&self) -> BatchHeader {
        let last = self.books.waits().last.and_then(|last| self.books.header(last));
        last.filter(|last| last.number > self.begun.number).unwrap_or(self.begun)
    }

    /// The last batch that is built here.
    pub fn last_batch(&self) -> BatchNumber {
        self.last_header().number
    }

    /// Puts entries of the inbox in, for a node without an L1. Those that are not next are left out.
    pub async fn inbox(&self, items: Vec<InboxItem>) -> Result<(), Refusal> {
        self.present.work(Work::Inbox(items)).await.map_err(|_| closed())
    }

    /// Executes a batch that another node has built, in the mode that follows, and waits until it is built here too. The headers must be
    /// equal; only the DA commitment is taken as it is. `block` is the L1 block in which it was committed.
    pub async fn follow(
        &self,
        header: &BatchHeader,
        inputs: Vec<Timed>,
        signatures: &Signatures,
        block: L1Block,
    ) -> Result<(), FollowError> {
        let next = self.last_batch().next();
        if header.number != next {
            return Err(FollowError::Number { expected: next.get(), got: header.number.get() });
        }
        let mut news = self.books.subscribe();
        let mut signed = signatures.iter();
        let entries = inputs.into_iter().map(|Timed { time, input }| {
            let signature = if matches!(input, Input::Message(_)) { signed.next().copied() } else { None };
            Entry { time, input, signature }
        });
        let entries: Vec<_> = entries.collect();
        self.present.wish(Wish::EndAt(End::of(header))).await.map_err(|_| FollowError::Stopping)?;
        let followed = Followed { first: header.first_sequence, block, entries };
        self.present.work(Work::Follow(followed)).await.map_err(|_| FollowError::Stopping)?;
        loop {
            if let Some(built) = self.books.header(header.number) {
                if built == *header {
                    return Ok(());
                }
                let what = format!("batch {} came out otherwise than its header says", header.number.get());
                self.books.note_divergence(what);
                return Err(FollowError::Diverged { number: header.number.get() });
            }
            if self.ended().is_some() || news.changed().await.is_err() {
                return Err(FollowError::Stopping);
            }
        }
    }

    /// Executes one of the operator's commands.
    pub async fn system(&self, command: SystemCommand) -> Result<Answered, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.present.work(Work::System(command, reply)).await.map_err(|_| closed())?;
        written(answer).await
    }

    /// The whole signed receipt of a command that was executed lately.
    pub async fn receipt(&self, sequence: ashlar_types::Sequence) -> Option<SequenceReceipt> {
        let (reply, answer) = oneshot::channel();
        let keeper = self.present.with(|ways| ways.keeper.clone())?;
        keeper.send(Executed::Receipt(sequence, reply)).await.ok()?;
        drop(keeper);
        answer.await.ok()?
    }

    /// Every leaf of the state, in the order of keys, once everything executed so far is durable.
    pub async fn leaves(&self) -> Option<Vec<(ashlar_state::Key, ashlar_state::Value)>> {
        let (reply, answer) = oneshot::channel();
        let work = Work::Ask(Box::new(move |store| {
            let leaves = store.leaves();
            Box::new(move |_| {
                // Whoever asked may have gone.
                let _ = reply.send(leaves);
            })
        }));
        self.present.work(work).await.ok()?;
        answer.await.ok()
    }

    /// Whether messages of every kind are let in.
    pub fn gate_is_open(&self) -> bool {
        self.gate.why().is_none()
    }

    /// Whether only what makes open orders fewer is let in (SPEC Q-14).
    pub fn gate_is_narrow(&self) -> bool {
        self.gate.refuses_new_risk()
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Ended {
        self.ended.borrow().clone()
    }

    /// Waits until it ends by itself, which it only does when something durable fails.
    pub async fn failed(&self) -> Arc<NodeError> {
        let mut ended = self.ended.clone();
        loop {
            if let Some(Err(error)) = ended.borrow_and_update().clone() {
                return error;
            }
            if ended.changed().await.is_err() {
                return Arc::new(NodeError::Ended { task: "keeper of the journal" });
            }
        }
    }

    /// Stops it: nothing more is let in, everything let in is executed, made durable and answered.
    pub async fn stop(self) -> Result<(), Arc<NodeError>> {
        let NodeHandle { gate, stop, services, ended, .. } = self;
        gate.close(Some("the node is stopping".to_owned()));
        let (asked, done) = oneshot::channel();
        if stop.send(asked).await.is_ok() {
            // Whoever ends the line says so, unless it was killed itself.
            let _ = done.await;
        }
        for service in &services {
            service.abort();
        }
        for task in services {
            // A task that was aborted says so, and that is what was asked.
            let _ = task.await;
        }
        let how = ended.borrow().clone();
        how.unwrap_or(Ok(()))
    }
}
