//! One thing after the other, each until it is in the chain: for a deployment and for a person's own transactions.
//!
//! 1. What is carried goes through an [`Outbox`]: durable before it is sent, and done once however often it is begun.
//! 2. A step ends when its transaction is in the followed chain and had an effect, or when it is known to come to nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy::primitives::{B256, U256};
use thiserror::Error;

use crate::follower::{ChainEvent, FollowError, Follower};
use crate::l1::{BlockAt, Call, L1, L1Error, Receipt};
use crate::limits::DEPTH_MIN;
use crate::outbox::{Intent, IntentStatus, Outbox, OutboxConfig, OutboxError, Outcome};
use crate::service::Runtime;
use crate::signer::Signer;
use crate::store::StoreError;

/// How it is carried.
#[derive(Clone, Debug)]
pub struct CourierConfig {
    /// Which chain it must be.
    pub chain_id: u64,
    /// The name under which what was done is kept.
    pub partition: String,
    /// How often L1 is asked whether a step is mined.
    pub poll_every: Duration,
    /// How long one step may take.
    pub step_timeout: Duration,
    /// How transactions are sent.
    pub outbox: OutboxConfig,
}

impl CourierConfig {
    /// The usual values.
    pub fn new(chain_id: u64, partition: &str) -> CourierConfig {
        CourierConfig {
            chain_id,
            partition: partition.to_owned(),
            poll_every: Duration::from_millis(500),
            step_timeout: Duration::from_secs(600),
            outbox: OutboxConfig::default(),
        }
    }
}

/// Why something did not get there.
#[derive(Debug, Error)]
pub enum CourierError {
    /// What was done cannot be kept; check the disk.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The chain cannot be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// L1 gave no answer.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// It was mined and had no effect.
    #[error("{label}: transaction {tx} reverted")]
    Reverted {
        /// What it was.
        label: String,
        /// Which transaction.
        tx: B256,
    },
    /// It will not be sent.
    #[error("{label} was not done: {reason}")]
    NotDone {
        /// What it was.
        label: String,
        /// Why.
        reason: String,
    },
    /// It is on its way, or waits to be.
    #[error("{label} is not in the chain after {} s: {reason}; what was sent may still be mined", .waited.as_secs())]
    Late {
        /// What it is.
        label: String,
        /// For how long it was waited.
        waited: Duration,
        /// What failed last.
        reason: String,
    },
}

impl From<StoreError> for CourierError {
    fn from(error: StoreError) -> CourierError {
        CourierError::Outbox(OutboxError::Store(error))
    }
}

/// Carries for one account.
pub struct Courier<'a, E: Runtime, L: L1, S: Signer> {
    l1: &'a L,
    outbox: Outbox<E, S>,
    follower: Follower,
    config: CourierConfig,
}

impl<'a, E: Runtime, L: L1, S: Signer> Courier<'a, E, L, S> {
    /// Opens what was begun before.
    pub async fn open(context: &E, l1: &'a L, signer: S, config: CourierConfig) -> Result<Self, CourierError> {
        let head = l1.block(BlockAt::Latest).await?.ok_or(L1Error::Missing { what: "the head" })?;
        let kept = context.child("outbox");
        let outbox = Outbox::open(kept, &config.partition, signer, config.chain_id, config.outbox).await?;
        let follower = Follower::new(head, Vec::new(), DEPTH_MIN);
        Ok(Courier { l1, outbox, follower, config })
    }

    /// Sends it unless it was sent, and waits until it is in the chain.
    pub async fn carry(&mut self, context: &mut E, intent: Intent) -> Result<Receipt, CourierError> {
        let (id, label) = (intent.id, intent.label.clone());
        let begun = context.current();
        let mut status = Some(self.outbox.submit(intent).await?);
        loop {
            if let Some(tx) = mined(status, &label)?
                && let Some(receipt) = self.l1.receipt(tx).await?
            {
                return Ok(receipt);
            }
            self.not_late(context.current(), begun, &label)?;
            self.follow(context).await?;
            status = self.outbox.status(id);
            if matches!(status, Some(IntentStatus::Queued | IntentStatus::Sent { .. })) {
                context.sleep(self.config.poll_every).await;
            }
        }
    }

    /// The same, and then waits until this mark of L1's has reached its block; should it be taken back meanwhile, it is carried again.
    pub async fn carry_until(
        &mut self,
        context: &mut E,
        intent: Intent,
        mark: BlockAt,
    ) -> Result<Receipt, CourierError> {
        let (begun, label) = (context.current(), intent.label.clone());
        let mut receipt = self.carry(context, intent.clone()).await?;
        loop {
            let reached = self.l1.block(mark).await?;
            if reached.is_some_and(|reached| reached.number >= receipt.block_number) {
                let there = self.l1.block(BlockAt::Number(receipt.block_number)).await?;
                if there.is_some_and(|there| there.hash == receipt.block_hash) {
                    return Ok(receipt);
                }
            }
            self.not_late(context.current(), begun, &label)?;
            self.follow(context).await?;
            context.sleep(self.config.poll_every).await;
            receipt = self.carry(context, intent.clone()).await?;
        }
    }

    /// Tries what was not begun yet on the head, and refuses what would have no effect or could not be paid for; nothing is sent.
    pub async fn try_first(&self, intent: &Intent) -> Result<(), CourierError> {
        if self.outbox.status(intent.id).is_some() {
            return Ok(());
        }
        let (from, data) = (self.outbox.account(), intent.input.clone());
        let not_done = |reason: String| CourierError::NotDone { label: intent.label.clone(), reason };
        let has = self.l1.balance(from).await?;
        if has < intent.value {
            return Err(not_done(format!("it moves {} wei, and {from} has {has}; nothing was sent", intent.value)));
        }
        let call = Call { from, to: intent.to, value: intent.value, data };
        let gas = match self.l1.estimate(&call).await {
            Ok(gas) => gas,
            Err(L1Error::Revert { reason, .. }) => {
                return Err(not_done(format!("L1 would refuse it: {reason}; nothing was sent")));
            }
            Err(error) => return Err(error.into()),
        };
        let price = self.l1.fees().await?.base_fee;
        let needed = intent.value.saturating_add(U256::from(u128::from(gas).saturating_mul(price)));
        if has < needed {
            return Err(not_done(format!(
                "it needs {needed} wei with its gas, and {from} has {has}; nothing was sent"
            )));
        }
        Ok(())
    }

    fn not_late(&self, now: SystemTime, begun: SystemTime, label: &str) -> Result<(), CourierError> {
        let waited = now.duration_since(begun).unwrap_or_default();
        if waited < self.config.step_timeout {
            return Ok(());
        }
        let reason = self.outbox.last_error().unwrap_or("L1 did not mine it in time").to_owned();
        Err(CourierError::Late { label: label.to_owned(), waited, reason })
    }

    async fn follow(&mut self, context: &mut E) -> Result<(), CourierError> {
        match self.follower.step(self.l1).await {
            Ok(events) => {
                for event in events {
                    if let ChainEvent::RolledBack(block) = event {
                        self.outbox.rolled_back(&block);
                    }
                }
            }
            Err(FollowError::L1(L1Error::Transport { .. } | L1Error::Missing { .. })) => {}
            Err(error) => return Err(error.into()),
        }
        let now = context.current().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let dice = context.next_u64();
        self.outbox.pump(self.l1, &self.follower, now_ms, dice).await?;
        Ok(())
    }
}

/// The transaction that did it, if one did.
fn mined(status: Option<IntentStatus>, label: &str) -> Result<Option<B256>, CourierError> {
    match status {
        Some(IntentStatus::Mined { tx, succeeded: true, .. }) => Ok(Some(tx)),
        Some(IntentStatus::Ended(Outcome::Succeeded { tx, .. })) => Ok(Some(tx)),
        Some(IntentStatus::Mined { tx, .. } | IntentStatus::Ended(Outcome::Reverted { tx, .. })) => {
            Err(CourierError::Reverted { label: label.to_owned(), tx })
        }
        Some(IntentStatus::Ended(Outcome::NotDone { reason })) => {
            Err(CourierError::NotDone { label: label.to_owned(), reason })
        }
        Some(IntentStatus::Queued | IntentStatus::Sent { .. }) | None => Ok(None),
    }
}
