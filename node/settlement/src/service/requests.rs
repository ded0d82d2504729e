use alloy::primitives::{B256, Bytes, U256, keccak256};
use ashlar_batch::BatchHeader;
use ashlar_types::BatchNumber;
use commonware_runtime::{Storage, Supervisor};
use futures::channel::oneshot;
use thiserror::Error;

use crate::commitments::{L1CommitmentRecord, StepKind};
use crate::contract::{DataRef, ProofType, commit_input, finalize_input, prove_input, revert_input};
use crate::fees::Urgency;
use crate::l1::L1;
use crate::limits::{PROVEN_MAX, WAITING_TOLD_MAX};
use crate::outbox::{GasLimit, Intent, IntentId, IntentStatus, OutboxError, Outcome, Waiting};
use crate::signer::Signer;
use crate::store::StoreError;

use super::core::{Core, StopReason};
use super::status::Status;

/// Why something is not submitted.
#[derive(Debug, Error)]
pub enum RequestError {
    /// The client has stopped.
    #[error("the L1 client has stopped; see why it did, then start it again")]
    Stopped,
    /// This client only follows.
    #[error("this L1 client only follows; submit through one that was started to send")]
    OnlyFollows,
    /// No header was ever submitted or seen for the batch.
    #[error("batch {0} was never committed here; commit it first")]
    UnknownBatch(u64),
    /// It cannot be committed any more.
    #[error("batch {batch} cannot be committed: {reason}; build it anew")]
    Invalid {
        /// Which.
        batch: u64,
        /// Why.
        reason: String,
    },
    /// So many batches cannot be proven at once.
    #[error("a proof of {got} batches, from 1 to {max} are possible")]
    Count {
        /// The most.
        max: u32,
        /// How many.
        got: u32,
    },
    /// The outbox does not take it.
    #[error(transparent)]
    Outbox(OutboxError),
    /// The disk failed; the client stops.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Reply<T> = oneshot::Sender<Result<T, RequestError>>;

/// What the owner of a handle can ask for.
pub(super) enum Request {
    Commit { header: Box<BatchHeader>, data: DataRef, urgency: Urgency, reply: Reply<IntentId> },
    Prove { proof_type: ProofType, first: BatchNumber, count: u32, proof: Bytes, reply: Reply<IntentId> },
    Finalize { up_to: BatchNumber, reply: Reply<IntentId> },
    Revert { kept: Box<BatchHeader>, reply: Reply<IntentId> },
    GiveUp { from: BatchNumber, reason: String, reply: Reply<usize> },
    Send { intent: Box<Intent>, reply: Reply<IntentStatus> },
    Intent { id: IntentId, reply: Reply<Option<IntentStatus>> },
    Record { batch: BatchNumber, reply: Reply<Option<L1CommitmentRecord>> },
    BatchOfRoot { root: B256, reply: Reply<Option<BatchNumber>> },
    Outbox { reply: Reply<Vec<Waiting>> },
    Refresh { reply: Reply<usize> },
    Status { reply: Reply<Box<Status>> },
}

impl<E: Storage + Supervisor, L: L1, S: Signer> Core<E, L, S> {
    /// Does what was asked. An error is one after which the instance must stop.
    pub(super) async fn serve(&mut self, request: Request, now_ms: u64, dice: u64) -> Result<(), StopReason> {
        match request {
            Request::Commit { header, data, urgency, reply } => {
                let result = self.commit(&header, &data, urgency, now_ms).await;
                self.answer(reply, result, now_ms, dice).await
            }
            Request::Prove { proof_type, first, count, proof, reply } => {
                let result = self.prove(proof_type, first, count, proof, now_ms).await;
                self.answer(reply, result, now_ms, dice).await
            }
            Request::Finalize { up_to, reply } => {
                let result = self.finalize(up_to, now_ms).await;
                self.answer(reply, result, now_ms, dice).await
            }
            Request::Revert { kept, reply } => {
                let name = [b"revert".as_slice(), &kept.hash().0].concat();
                let label = format!("take back batches above {}", kept.number.get());
                let input = revert_input(&kept);
                let result =
                    self.submit(&name, &label, input, Bytes::new(), GasLimit::Estimate, Urgency::NextBlock).await;
                self.answer(reply, result, now_ms, dice).await
            }
            Request::GiveUp { from, reason, reply } => {
                let given_up = self.give_up(from, &reason, now_ms).await.map_err(RequestError::from);
                self.answer(reply, given_up, now_ms, dice).await
            }
            Request::Send { intent, reply } => {
                let result = if self.config.sends {
                    self.outbox.submit(*intent).await.map_err(RequestError::from)
                } else {
                    Err(RequestError::OnlyFollows)
                };
                self.answer(reply, result, now_ms, dice).await
            }
            Request::Intent { id, reply } => tell(reply, Ok(self.outbox.status(id))),
            Request::Record { batch, reply } => {
                let record = self.mapping.get_commitment_record(batch).await.map_err(RequestError::from);
                tell(reply, record)
            }
            Request::BatchOfRoot { root, reply } => tell(reply, Ok(self.mapping.batch_of_root(root))),
            Request::Outbox { reply } => tell(reply, Ok(self.outbox.list(WAITING_TOLD_MAX))),
            Request::Refresh { reply } => {
                let tip = self.follower.tip().number;
                let changes = self.mapping.update_transaction_confirmations(&self.finality, tip, now_ms);
                self.mapping.flush().await?;
                tell(reply, Ok(changes.len()))
            }
            Request::Status { reply } => tell(reply, Ok(Box::new(self.status(now_ms)))),
        }
    }

    /// A durable write that failed stops the instance; everything else is the asker's to know. What was taken is sent at once.
    async fn answer<T>(
        &mut self,
        reply: Reply<T>,
        result: Result<T, RequestError>,
        now_ms: u64,
        dice: u64,
    ) -> Result<(), StopReason> {
        let result = match result {
            Err(RequestError::Store(error) | RequestError::Outbox(OutboxError::Store(error))) => {
                return Err(error.into());
            }
            other => other,
        };
        let taken = result.is_ok();
        tell(reply, result)?;
        if taken {
            self.pump(now_ms, dice).await?;
            self.mapping.flush().await?;
        }
        Ok(())
    }

    async fn commit(
        &mut self,
        header: &BatchHeader,
        data: &DataRef,
        urgency: Urgency,
        now_ms: u64,
    ) -> Result<IntentId, RequestError> {
        let hash = header.hash();
        let known = self.mapping.record_of(header.number, hash);
        if let Some(reason) = known.and_then(|record| record.invalid.clone()) {
            return Err(RequestError::Invalid { batch: header.number.get(), reason });
        }
        let name = [b"commit".as_slice(), &hash.0].concat();
        let label = format!("commit batch {}", header.number.get());
        let gas = self.config.commit_gas.limit(data);
        let blobs = match data {
            DataRef::Blobs { content } => content.clone(),
            DataRef::Calldata { .. } | DataRef::Custody { .. } => Bytes::new(),
        };
        let id = self.free_id(&name, self.ledger.holds(header.number, hash));
        self.asked(header, StepKind::Commit, id, now_ms).await?;
        let intent = self.intent(id, &label, commit_input(header, data), blobs, gas, urgency);
        self.take(intent).await
    }

    async fn prove(
        &mut self,
        proof_type: ProofType,
        first: BatchNumber,
        count: u32,
        proof: Bytes,
        now_ms: u64,
    ) -> Result<IntentId, RequestError> {
        if count == 0 || count > PROVEN_MAX {
            return Err(RequestError::Count { max: PROVEN_MAX, got: count });
        }
        let last = first.get().saturating_add(u64::from(count) - 1);
        let mut headers = Vec::new();
        for number in first.get()..=last {
            headers.push(self.header_of(BatchNumber::new(number))?);
        }
        let last_hash = headers.last().map(|header| header.hash().0).unwrap_or_default();
        let name = [b"prove".as_slice(), &[proof_type.0], &first.get().to_be_bytes(), &last_hash].concat();
        let done = self.ledger.state().proven.get(&proof_type.0).is_some_and(|proven| *proven >= last);
        let id = self.free_id(&name, done);
        for header in &headers {
            self.asked(header, StepKind::Prove(proof_type), id, now_ms).await?;
        }
        let label = format!("prove batches {} to {last} by proof {}", first.get(), proof_type.0);
        let gas = GasLimit::Behind(self.config.commit_gas.prove_limit(proof.len()));
        let input = prove_input(proof_type, first, count, proof);
        let intent = self.intent(id, &label, input, Bytes::new(), gas, Urgency::NextBlock);
        self.take(intent).await
    }

    async fn finalize(&mut self, up_to: BatchNumber, now_ms: u64) -> Result<IntentId, RequestError> {
        let header = self.header_of(up_to)?;
        let name = [b"finalize".as_slice(), &header.hash().0].concat();
        let id = self.free_id(&name, self.ledger.state().finalized >= up_to.get());
        self.asked(&header, StepKind::Finalize, id, now_ms).await?;
        let label = format!("finalize batches up to {}", up_to.get());
        let input = finalize_input(&header);
        let intent = self.intent(id, &label, input, Bytes::new(), GasLimit::Estimate, Urgency::Patient);
        self.take(intent).await
    }

    /// Notes what is about to be submitted. Of intents that have ended the outbox keeps how, and no record needs many.
    async fn asked(
        &mut self,
        header: &BatchHeader,
        kind: StepKind,
        id: IntentId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let outbox = &self.outbox;
        let has_ended = |intent| intent != id && matches!(outbox.status(intent), None | Some(IntentStatus::Ended(_)));
        self.mapping.forget_intents(header, kind, has_ended);
        self.mapping.asked(header, kind, id, now_ms).await
    }

    fn header_of(&self, batch: BatchNumber) -> Result<BatchHeader, RequestError> {
        let record = self.mapping.live_record(batch).ok_or(RequestError::UnknownBatch(batch.get()))?;
        if let Some(reason) = record.invalid.clone() {
            return Err(RequestError::Invalid { batch: batch.get(), reason });
        }
        record.decode_header().ok_or(RequestError::UnknownBatch(batch.get()))
    }

    async fn submit(
        &mut self,
        name: &[u8],
        label: &str,
        input: Bytes,
        blobs: Bytes,
        gas: GasLimit,
        urgency: Urgency,
    ) -> Result<IntentId, RequestError> {
        let intent = self.intent(self.free_id(name, false), label, input, blobs, gas, urgency);
        self.take(intent).await
    }

    async fn take(&mut self, intent: Intent) -> Result<IntentId, RequestError> {
        if !self.config.sends {
            return Err(RequestError::OnlyFollows);
        }
        let id = intent.id;
        // Who asks again for what is on its way already, with other data of equal meaning, gets what is on its way.
        if self.outbox.status(id).is_none() {
            self.outbox.submit(intent).await?;
        }
        Ok(id)
    }

    fn intent(&self, id: IntentId, label: &str, input: Bytes, blobs: Bytes, gas: GasLimit, urgency: Urgency) -> Intent {
        Intent {
            id,
            label: label.to_owned(),
            to: Some(self.config.addresses.settlement),
            value: U256::ZERO,
            input,
            blob_content: blobs,
            gas,
            urgency,
        }
    }

    /// The id under which something is on its way or done, or a new one if all before came to nothing.
    fn free_id(&self, name: &[u8], done: bool) -> IntentId {
        let mut id = IntentId(keccak256(name));
        for round in 1..=u32::MAX {
            let came_to_nothing = match self.outbox.status(id) {
                Some(IntentStatus::Ended(Outcome::Succeeded { .. })) => !done,
                Some(IntentStatus::Ended(_)) => true,
                Some(IntentStatus::Mined { succeeded, .. }) => !succeeded,
                Some(IntentStatus::Queued | IntentStatus::Sent { .. }) | None => false,
            };
            if !came_to_nothing {
                break;
            }
            id = IntentId(keccak256([name, &round.to_be_bytes()].concat()));
        }
        id
    }
}

impl From<OutboxError> for RequestError {
    fn from(error: OutboxError) -> RequestError {
        match error {
            OutboxError::Store(error) => RequestError::Store(error),
            other => RequestError::Outbox(other),
        }
    }
}

/// Who asked may be gone; that is nobody's fault.
fn tell<T>(reply: Reply<T>, result: Result<T, RequestError>) -> Result<(), StopReason> {
    drop(reply.send(result));
    Ok(())
}
