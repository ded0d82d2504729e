use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, Signature, U256};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fees::{FeePolicy, Offer, Urgency};
use crate::l1::{BlockRef, Paid};
use crate::store::StoreError;
use crate::transaction::BodyError;

/// A caller's name for what it wants done once, however often it asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct IntentId(pub B256);

/// How much gas a transaction may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum GasLimit {
    /// So much, known beforehand: it is sent without being tried, even behind others that it needs.
    Fixed(u64),
    /// What trying it on the head says, and a fifth more. If trying it fails it is not sent.
    Estimate,
    /// The same, but while others of ours are on their way it is sent behind them with this bound: what they will do may be what
    /// it needs.
    Behind(u64),
}

/// Something to be done on L1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// Its name.
    pub id: IntentId,
    /// For people and logs.
    pub label: String,
    /// To whom; none creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// The input.
    pub input: Bytes,
    /// What goes into blobs; empty for none.
    pub blob_content: Bytes,
    /// How much gas.
    pub gas: GasLimit,
    /// How soon.
    pub urgency: Urgency,
}

/// One transaction made for an intent. It is durable before anyone sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Its hash.
    pub tx: B256,
    /// What it offers.
    pub offer: Offer,
    /// How much gas it may use.
    pub gas_limit: u64,
    /// The signature, with which its bytes can be made again.
    pub signature: Signature,
    /// Whether it does nothing but use up the nonce.
    pub cancels: bool,
    /// When it was made, in milliseconds since 1970.
    pub at_ms: u64,
}

/// How an intent ended, for good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done.
    Succeeded {
        /// By which transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
    },
    /// It was mined and did nothing.
    Reverted {
        /// By which transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
    },
    /// It was not sent, or taken back.
    NotDone {
        /// Why.
        reason: String,
    },
}

/// Where an intent is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntentStatus {
    /// No transaction was made yet.
    Queued,
    /// So many transactions for one nonce, none in the followed chain.
    Sent {
        /// The nonce.
        nonce: u64,
        /// The transactions, the oldest first.
        txs: Vec<B256>,
    },
    /// In the followed chain, not final.
    Mined {
        /// Which transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
        /// Whether it did what was wanted: one that reverted did not, nor one that took the place of another to cancel it.
        succeeded: bool,
    },
    /// For good.
    Ended(Outcome),
}

/// An intent that has not ended, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// What it is.
    pub label: String,
    /// Where it is.
    pub status: IntentStatus,
    /// When the last transaction for it was made, in milliseconds since 1970.
    pub offered_ms: Option<u64>,
}

/// What the outbox tells its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OutboxEvent {
    /// A transaction was made, and is durable.
    Attempted {
        /// For what.
        id: IntentId,
        /// Which.
        tx: B256,
    },
    /// It is in the followed chain.
    Mined {
        /// What.
        id: IntentId,
        /// By which transaction.
        tx: B256,
        /// Where.
        block: BlockRef,
        /// Whether it had an effect.
        succeeded: bool,
        /// What it cost.
        paid: Paid,
    },
    /// It was, and no longer is; it is being sent again.
    Orphaned {
        /// What.
        id: IntentId,
        /// Which transaction.
        tx: B256,
    },
    /// For good.
    Ended {
        /// What.
        id: IntentId,
        /// How.
        outcome: Outcome,
    },
}

/// How the outbox works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutboxConfig {
    /// What may be offered.
    pub fees: FeePolicy,
    /// Transactions on their way at once.
    pub in_flight_max: usize,
    /// Blocks that an urgent transaction waits before it offers more.
    pub bump_after: u64,
    /// The same for a patient one.
    pub bump_after_patient: u64,
    /// The first pause after a failure; each next one is twice as long, and a random part of it is left out.
    pub backoff_min: Duration,
    /// The longest pause.
    pub backoff_max: Duration,
}

impl Default for OutboxConfig {
    fn default() -> OutboxConfig {
        OutboxConfig {
            fees: FeePolicy::default(),
            in_flight_max: 16,
            bump_after: 1,
            bump_after_patient: 5,
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(8),
        }
    }
}

/// Counts since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OutboxStatistics {
    /// Intents taken.
    pub taken: u64,
    /// Transactions made.
    pub attempts: u64,
    /// Of these, replacements.
    pub replacements: u64,
    /// Times a transaction was handed to a pool.
    pub broadcasts: u64,
    /// Transactions found in the chain.
    pub mined: u64,
    /// Of these, without effect.
    pub reverted: u64,
    /// Transactions that a reorg took out of the chain.
    pub orphaned: u64,
    /// Answers that L1 failed to give.
    pub failures: u64,
    /// Times a fee cap forbade a replacement.
    pub capped: u64,
    /// Gas used by what was mined.
    pub gas_used: u64,
    /// Wei paid by what was mined.
    pub paid_wei: u128,
}

/// Why an intent is not taken, or the outbox cannot go on.
#[derive(Debug, Error)]
pub enum OutboxError {
    /// The log failed; the instance must stop.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be a transaction.
    #[error("{label} cannot be sent: {source}")]
    Body {
        /// What.
        label: String,
        /// Why.
        source: BodyError,
    },
    /// Another intent has the same name.
    #[error("{label}: another intent was taken under this id; give each its own")]
    Conflict {
        /// What.
        label: String,
    },
    /// Too many wait.
    #[error("{max} intents wait already; L1 is slower than what is asked of it")]
    Full {
        /// The most.
        max: usize,
    },
}

/// What the log holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Record {
    Taken(Box<Intent>),
    Attempted {
        id: IntentId,
        nonce: u64,
        attempt: Attempt,
    },
    /// The nonce was used, for good, by a transaction that is not ours.
    Displaced {
        id: IntentId,
    },
    CancelAsked {
        id: IntentId,
        reason: String,
    },
    Ended {
        id: IntentId,
        digest: B256,
        outcome: Outcome,
    },
}

/// An intent that has not ended.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub intent: Intent,
    pub nonce: Option<u64>,
    pub attempts: Vec<Attempt>,
    /// Where it was mined in the followed chain.
    pub mined: Option<(B256, BlockRef, bool)>,
    pub cancel: Option<String>,
    /// The tip when the last attempt was made.
    pub offered_at: u64,
    /// How soon it was wanted then; what comes behind it can make that sooner.
    pub offered_for: Urgency,
    /// Whether the last attempt must be handed to the pool (again).
    pub resend: bool,
    /// Whether the pool asked for more.
    pub underpriced: bool,
    /// The tip at which trying it first failed, with nothing else on its way.
    pub reverts_since: Option<u64>,
}

impl Entry {
    pub fn new(intent: Intent) -> Entry {
        Entry {
            offered_for: intent.urgency,
            intent,
            nonce: None,
            attempts: Vec::new(),
            mined: None,
            cancel: None,
            offered_at: 0,
            resend: false,
            underpriced: false,
            reverts_since: None,
        }
    }

    pub const fn is_in_flight(&self) -> bool {
        self.nonce.is_some() && self.mined.is_none()
    }

    /// Its own, or that of something urgent with a later nonce, up to this one. Without a nonce nothing is behind it yet.
    pub fn urgency(&self, urgent_below: Option<u64>) -> Urgency {
        let is_before = self.nonce.zip(urgent_below).is_some_and(|(own, urgent)| own < urgent);
        if is_before { Urgency::NextBlock } else { self.intent.urgency }
    }

    pub fn status(&self) -> IntentStatus {
        match (self.nonce, self.mined) {
            (_, Some((tx, block, _))) => {
                let succeeded = matches!(self.outcome(), Some(Outcome::Succeeded { .. }));
                IntentStatus::Mined { tx, block, succeeded }
            }
            (Some(nonce), None) => {
                IntentStatus::Sent { nonce, txs: self.attempts.iter().map(|attempt| attempt.tx).collect() }
            }
            (None, None) => IntentStatus::Queued,
        }
    }

    /// How it ends if it stays as it is.
    pub fn outcome(&self) -> Option<Outcome> {
        let (tx, block, succeeded) = self.mined?;
        let cancels = self.attempts.iter().any(|attempt| attempt.tx == tx && attempt.cancels);
        Some(match (cancels, succeeded) {
            (true, _) => Outcome::NotDone { reason: self.cancel.clone().unwrap_or_else(|| "cancelled".into()) },
            (false, true) => Outcome::Succeeded { tx, block },
            (false, false) => Outcome::Reverted { tx, block },
        })
    }
}
