//! The client as a service: one owner of the state, one bounded inbox, one stream of events.
//!
//! 1. What a request was answered with is durable.
//! 2. Events come in the order in which L1 says them. If nobody reads them, following waits; requests do not.
//! 3. Anything that cannot be tried again stops the service with its reason. Started again it goes on from what is durable.

mod checks;
mod config;
mod core;
mod cursor;
mod events;
mod requests;
mod status;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy::primitives::{B256, Bytes};
use ashlar_batch::BatchHeader;
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock, Handle as TaskHandle, Spawner, Storage};
use futures::channel::{mpsc, oneshot};
use futures::future::{Either, select};
use futures::{SinkExt, StreamExt};
use rand::Rng;

use crate::commitments::L1CommitmentRecord;
use crate::contract::{DataRef, ProofType};
use crate::fees::Urgency;
use crate::l1::L1;
use crate::limits::{EVENTS_MAX, REQUESTS_MAX};
use crate::outbox::{Intent, IntentId, IntentStatus, Waiting};
use crate::signer::Signer;

use self::core::Core;
use requests::Request;

pub use self::core::StopReason;
pub(crate) use checks::ask;
pub use checks::{
    SetupError, check_balance, check_contracts, check_operator, committed_at, header_hash_at, safe_inbox_hash,
};
pub use config::{CommitGas, Config, Noted};
pub use events::SettlementEvent;
pub use requests::RequestError;
pub use status::{Health, Status};

/// What the service needs of a runtime.
pub trait Runtime: Spawner + Clock + Storage + Rng {}

impl<E: Spawner + Clock + Storage + Rng> Runtime for E {}

/// What L1 says, in order.
pub struct Events(mpsc::Receiver<SettlementEvent>);

impl Events {
    /// The next event; none once the service has stopped.
    pub async fn next(&mut self) -> Option<SettlementEvent> {
        self.0.next().await
    }

    /// The next event if there is one already.
    pub fn try_next(&mut self) -> Option<SettlementEvent> {
        self.0.try_recv().ok()
    }
}

/// A running client.
pub struct Settlement {
    /// Asks it.
    pub handle: Handle,
    /// Hears from it.
    pub events: Events,
    /// Ends with the reason when it stops; aborting it is a kill.
    pub task: TaskHandle<StopReason>,
}

impl Settlement {
    /// Checks chain, contracts, role and balance, opens what is durable, and runs. Nothing is sent if a check fails.
    pub async fn start<E: Runtime, L: L1, S: Signer>(
        context: E,
        l1: L,
        signer: S,
        config: Config,
    ) -> Result<Settlement, StopReason> {
        let core = Core::open(&context, l1, signer, config).await?;
        let (requests_in, requests) = mpsc::channel(REQUESTS_MAX);
        let (events, events_out) = mpsc::channel(EVENTS_MAX);
        let task = context.spawn(move |context| run(context, core, requests, events));
        Ok(Settlement { handle: Handle(requests_in), events: Events(events_out), task })
    }
}

async fn run<E: Runtime, L: L1, S: Signer>(
    mut context: E,
    mut core: Core<E, L, S>,
    mut requests: mpsc::Receiver<Request>,
    mut events: mpsc::Sender<SettlementEvent>,
) -> StopReason {
    let mut next_step = context.current();
    loop {
        let now = context.current();
        if now >= next_step {
            next_step = now + core.config.poll_every;
            // Who does not listen stops the news, not the service.
            if core.events.len() < EVENTS_MAX
                && let Err(reason) = core.step(millis(now), context.next_u64()).await
            {
                return reason;
            }
        }
        while let Some(event) = core.events.pop_front() {
            if let Err(full) = events.try_send(event) {
                if full.is_full() {
                    core.events.push_front(full.into_inner());
                }
                break;
            }
        }
        let request = match select(requests.next(), Box::pin(context.sleep_until(next_step))).await {
            Either::Left((Some(request), _)) => request,
            Either::Left((None, _)) => return StopReason::Stopped,
            Either::Right(_) => continue,
        };
        if let Err(reason) = core.serve(request, millis(context.current()), context.next_u64()).await {
            return reason;
        }
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Asks a running client. Clones ask the same one.
#[derive(Clone)]
pub struct Handle(mpsc::Sender<Request>);

impl Handle {
    async fn ask<T>(
        &mut self,
        make: impl FnOnce(oneshot::Sender<Result<T, RequestError>>) -> Request,
    ) -> Result<T, RequestError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(make(reply)).await.map_err(|_| RequestError::Stopped)?;
        answer.await.map_err(|_| RequestError::Stopped)?
    }

    /// Commits a batch: anchors its state root and publishes or names its data. Done once however often it is asked; durable when it
    /// returns.
    pub async fn commit(&mut self, header: &BatchHeader, data: DataRef) -> Result<IntentId, RequestError> {
        let header = Box::new(*header);
        self.ask(|reply| Request::Commit { header, data, urgency: Urgency::NextBlock, reply }).await
    }

    /// The same, by its name in the requirements.
    pub async fn submit_state_root_anchor(
        &mut self,
        header: &BatchHeader,
        data: DataRef,
    ) -> Result<IntentId, RequestError> {
        self.commit(header, data).await
    }

    /// Proves batches that were committed here or seen on L1.
    pub async fn prove(
        &mut self,
        proof_type: ProofType,
        first: BatchNumber,
        count: u32,
        proof: Bytes,
    ) -> Result<IntentId, RequestError> {
        self.ask(|reply| Request::Prove { proof_type, first, count, proof, reply }).await
    }

    /// The same, by its name in the requirements.
    pub async fn submit_proof_commitment(
        &mut self,
        proof_type: ProofType,
        first: BatchNumber,
        count: u32,
        proof: Bytes,
    ) -> Result<IntentId, RequestError> {
        self.prove(proof_type, first, count, proof).await
    }

    /// Makes batches final in the contract, which releases their withdrawals.
    pub async fn finalize(&mut self, up_to: BatchNumber) -> Result<IntentId, RequestError> {
        self.ask(|reply| Request::Finalize { up_to, reply }).await
    }

    /// Takes back all batches above this one, none of which may be final in the contract.
    pub async fn revert_to(&mut self, kept: &BatchHeader) -> Result<IntentId, RequestError> {
        let kept = Box::new(*kept);
        self.ask(|reply| Request::Revert { kept, reply }).await
    }

    /// Takes back every commit from this batch on that L1 does not hold, with whatever was to follow it: none of them will be taken as they are,
    /// unless L1 leaves blocks. Batches of other headers may be handed in under the same numbers. Says how many were given up.
    pub async fn give_up(&mut self, from: BatchNumber, reason: String) -> Result<usize, RequestError> {
        self.ask(|reply| Request::GiveUp { from, reason, reply }).await
    }

    /// Sends anything else from the same account.
    pub async fn send(&mut self, intent: Intent) -> Result<IntentStatus, RequestError> {
        self.ask(|reply| Request::Send { intent: Box::new(intent), reply }).await
    }

    /// Where an intent is.
    pub async fn intent(&mut self, id: IntentId) -> Result<Option<IntentStatus>, RequestError> {
        self.ask(|reply| Request::Intent { id, reply }).await
    }

    /// Everything known about a batch on L1, however old.
    pub async fn get_commitment_record(
        &mut self,
        batch: BatchNumber,
    ) -> Result<Option<L1CommitmentRecord>, RequestError> {
        self.ask(|reply| Request::Record { batch, reply }).await
    }

    /// What has not ended of what was submitted, the oldest first.
    pub async fn outbox(&mut self) -> Result<Vec<Waiting>, RequestError> {
        self.ask(|reply| Request::Outbox { reply }).await
    }

    /// The batch that leaves this state root, as the word that L1 stores.
    pub async fn batch_of_root(&mut self, root: B256) -> Result<Option<BatchNumber>, RequestError> {
        self.ask(|reply| Request::BatchOfRoot { root, reply }).await
    }

    /// Recomputes now how sure everything is; says how many steps changed.
    pub async fn update_transaction_confirmations(&mut self) -> Result<usize, RequestError> {
        self.ask(|reply| Request::Refresh { reply }).await
    }

    /// Where everything stands.
    pub async fn status(&mut self) -> Result<Status, RequestError> {
        self.ask(|reply| Request::Status { reply }).await.map(|status| *status)
    }
}
