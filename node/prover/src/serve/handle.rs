//! What the rest of a node holds of a running coordinator.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use ashlar_prover_wire::Measured;
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock, Handle, Listener, Spawner};
use rand::CryptoRng;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::config::Member;
use super::connection::accept;
use super::event::{Answer, Event, Found, Order};
use super::status::BatchStatus;
use crate::attest::Quorums;
use crate::error::ProverError;
use crate::schedule::{Backlog, Programs, Target};

/// How far proving is behind, and whether the batcher is asked to make fewer and larger batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pressure {
    /// The numbers.
    pub backlog: Backlog,
    /// More jobs wait than the configuration calls many.
    pub is_high: bool,
}

/// A worker was cut off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CutOff {
    /// Which.
    pub worker: String,
    /// Why.
    pub why: &'static str,
}

/// A running coordinator.
#[derive(Clone, Debug)]
pub struct ProverHandle {
    pub(super) events: mpsc::Sender<Event>,
    pub(super) pressure: watch::Receiver<Pressure>,
    pub(super) failed: watch::Receiver<Option<ProverError>>,
    pub(super) cut_off: broadcast::Sender<CutOff>,
    pub(super) members: Arc<Vec<Member>>,
    pub(super) connections: Arc<AtomicUsize>,
}

impl ProverHandle {
    /// Lets workers in through this listener, as long as the coordinator runs.
    pub fn listen<E, L>(&self, context: E, listener: L) -> Handle<()>
    where
        E: Spawner + Clock + CryptoRng,
        L: Listener,
    {
        let (members, events, connections) = (self.members.clone(), self.events.clone(), self.connections.clone());
        context.spawn(move |context| accept(context, listener, members, events, connections))
    }

    /// Hands in a batch. It is durable, and will be proven, once this is done. The same batch again is no mistake; another one of its
    /// number takes its place, and that of every later one.
    pub async fn submit(&self, order: Order) -> Result<(), ProverError> {
        self.ask(|answer| Event::Submit(Box::new(order), answer)).await
    }

    /// The proof that begins with this batch, with its signatures where some are needed; none while it has too few of them. Where the batch is in
    /// the middle of a stretch, the stretch's job or proof is thrown away for one that begins here (SPEC R-19): to look alone, ask for
    /// [`ProverHandle::proof_of`].
    pub async fn proof(&self, first: BatchNumber) -> Result<Option<Found>, ProverError> {
        let found = self.ask(|answer| Event::Find { first, exactly: true, answer }).await?;
        Ok(found.map(|found| *found))
    }

    /// The proof that this batch is under, whether or not it has its signatures yet.
    pub async fn proof_of(&self, batch: BatchNumber) -> Result<Option<Found>, ProverError> {
        let found = self.ask(|answer| Event::Find { first: batch, exactly: false, answer }).await?;
        Ok(found.map(|found| *found))
    }

    /// How the proof of a batch stands.
    pub async fn status(&self, batch: BatchNumber) -> Result<Option<BatchStatus>, ProverError> {
        self.ask(|answer| Event::Status(batch, answer)).await
    }

    /// The names of the workers that are connected.
    pub async fn connected(&self) -> Result<Vec<String>, ProverError> {
        self.ask(Event::Connected).await
    }

    /// L1 will not take back this batch and those before it: what the policy does not keep is let go.
    pub async fn settled(&self, upto: BatchNumber) -> Result<(), ProverError> {
        self.ask(|answer| Event::Settled(upto, answer)).await
    }

    /// What L1 says of versions by now: which program proves each, and who signs for it.
    pub async fn learn(&self, programs: Programs, quorums: Quorums) -> Result<(), ProverError> {
        self.ask(|answer| Event::Learn(programs, quorums, answer)).await
    }

    /// Takes over a measurement from elsewhere, as of a `profile`.
    pub async fn measured(&self, target: Target, commands: u64, measured: Measured) -> Result<(), ProverError> {
        let told = self.events.send(Event::Measured { target, commands, measured }).await;
        told.map_err(|_| ProverError::Stopped)
    }

    /// How far behind proving is.
    pub fn pressure(&self) -> Pressure {
        *self.pressure.borrow()
    }

    /// Who is cut off from now on, for whoever started the process.
    pub fn cut_off(&self) -> broadcast::Receiver<CutOff> {
        self.cut_off.subscribe()
    }

    /// Ends when the coordinator has, with the reason if there is one.
    pub async fn failed(&self) -> Option<ProverError> {
        let mut failed = self.failed.clone();
        // An error means that the coordinator has ended without one.
        let reason = failed.wait_for(Option::is_some).await.map(|reason| reason.clone());
        reason.unwrap_or_default()
    }

    /// Tells workers to stop, and ends.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.events.send(Event::Stop(done)).await.is_ok() {
            // An error means that it has stopped already.
            let _ = stopped.await;
        }
    }

    async fn ask<T>(&self, event: impl FnOnce(Answer<T>) -> Event) -> Result<T, ProverError> {
        let (answer, answered) = oneshot::channel();
        self.events.send(event(answer)).await.map_err(|_| ProverError::Stopped)?;
        answered.await.map_err(|_| ProverError::Stopped)?
    }
}
