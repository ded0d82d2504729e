use std::collections::BTreeMap;

use alloy::primitives::{B256, Bytes};
use ashlar_batch::BatchHeader;
use serde::{Deserialize, Serialize};

use crate::contract::ProofType;
use crate::finality::ConfirmationStatus;
use crate::l1::{BlockRef, Paid};
use crate::limits::{AUDIT_MAX, REASON_BYTES_MAX, STEP_INTENTS_MAX, STEP_TXS_MAX};
use crate::outbox::IntentId;

/// A transaction that was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TxRef {
    /// Its hash.
    pub tx: B256,
    /// When it was made, in milliseconds since 1970.
    pub at_ms: u64,
}

/// What was done on L1 for one step of a batch: its commit, or one proof, or its finalization.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepRecord {
    /// The intents, the oldest first: another one only where the one before it came to nothing. Of many, those that have ended go.
    pub intents: Vec<IntentId>,
    /// Every transaction ever made for it, the oldest first. Of more than [`STEP_TXS_MAX`] the newest, and the one that is in the chain.
    pub txs: Vec<TxRef>,
    /// Which one is in the followed chain, and where; it need not be one of ours.
    pub included: Option<(B256, BlockRef)>,
    /// What the transaction cost by which it was in the chain last, once its receipt was seen: only of our own. Read it by [`StepRecord::paid`].
    #[serde(default)]
    pub receipt: Option<(B256, Paid)>,
    /// How sure that is.
    pub status: ConfirmationStatus,
    /// When it was first asked for, in milliseconds since 1970.
    pub asked_ms: u64,
}

impl StepRecord {
    /// Asked for, and nothing done.
    pub const fn new(asked_ms: u64) -> StepRecord {
        StepRecord {
            intents: Vec::new(),
            txs: Vec::new(),
            included: None,
            receipt: None,
            status: ConfirmationStatus::Pending,
            asked_ms,
        }
    }

    pub(super) fn made(&mut self, tx: TxRef) {
        self.txs.push(tx);
        if self.txs.len() > STEP_TXS_MAX {
            let included = self.included.map(|(tx, _)| tx);
            let oldest = self.txs.iter().position(|own| Some(own.tx) != included);
            oldest.map(|place| self.txs.remove(place));
        }
    }

    /// Makes room for another intent where there are many, by those that have ended for good, the oldest first; returns which went.
    pub(super) fn forget_intents(&mut self, has_ended: impl Fn(IntentId) -> bool) -> Vec<IntentId> {
        let mut many = (self.intents.len() + 1).saturating_sub(STEP_INTENTS_MAX);
        let goes = |intent: &mut IntentId| {
            let goes = many > 0 && has_ended(*intent);
            many -= usize::from(goes);
            goes
        };
        self.intents.extract_if(.., goes).collect()
    }

    /// The transaction by which it is in the followed chain and what that cost, if it is one of ours.
    pub fn paid(&self) -> Option<(B256, Paid)> {
        let (included, _) = self.included?;
        self.receipt.filter(|(tx, _)| *tx == included)
    }
}

/// One line of a record's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What happened.
    pub what: AuditEvent,
}

/// What happened to a commitment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AuditEvent {
    /// A step was asked for.
    Asked(StepKind),
    /// A transaction was made for it.
    Attempted(StepKind, B256),
    /// It is in a block.
    Included(StepKind, B256, BlockRef),
    /// That block is no longer part of the chain.
    Orphaned(StepKind, B256, BlockRef),
    /// How sure it is has changed.
    Confirmed(StepKind, ConfirmationStatus),
    /// It came to nothing.
    Failed(StepKind, String),
    /// The batch cannot be committed as L1 is now.
    Invalidated(String),
    /// The contract took it back.
    Reverted(BlockRef),
    /// It can be committed again: L1 is once more as it has to be.
    ValidAgain,
}

/// Which step of a batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum StepKind {
    /// Its header is stored, and so its state root is anchored.
    Commit,
    /// A proof of this type was accepted.
    Prove(ProofType),
    /// Its withdrawals are released.
    Finalize,
}

/// All that is known of one header's way on L1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct L1CommitmentRecord {
    /// The batch.
    pub batch: u64,
    /// The state root that the batch leaves, as the word that L1 stores.
    pub state_root: B256,
    /// The hash of the header.
    pub header_hash: B256,
    /// The header, as L1 encodes it.
    pub header: Bytes,
    /// The commit.
    pub commit: StepRecord,
    /// The proofs, by type.
    pub proofs: BTreeMap<u8, StepRecord>,
    /// The finalization.
    pub finalize: Option<StepRecord>,
    /// Why it cannot be committed any more, if so.
    pub invalid: Option<String>,
    /// Whether that is because whoever handed it in gave it up.
    #[serde(default)]
    pub given_up: bool,
    /// Everything that happened, in order.
    pub audit: Vec<AuditEntry>,
}

impl L1CommitmentRecord {
    /// Of a header about which L1 knows nothing.
    pub fn new(header: &BatchHeader, now_ms: u64) -> L1CommitmentRecord {
        L1CommitmentRecord {
            batch: header.number.get(),
            state_root: header.state_root_after.to_word().into(),
            header_hash: header.hash().0.into(),
            header: header.to_bytes().to_vec().into(),
            commit: StepRecord::new(now_ms),
            proofs: BTreeMap::new(),
            finalize: None,
            invalid: None,
            given_up: false,
            audit: Vec::new(),
        }
    }

    /// The header again.
    pub fn decode_header(&self) -> Option<BatchHeader> {
        ashlar_types::from_bytes(&self.header).ok()
    }

    /// What each transaction cost by which a step of this batch is in the followed chain, as far as they are ours.
    pub fn paid(&self) -> Vec<(B256, Paid)> {
        let steps = std::iter::once(&self.commit).chain(self.proofs.values()).chain(&self.finalize);
        steps.filter_map(StepRecord::paid).collect()
    }

    /// The transactions of ours by which a step of this batch is in the followed chain and of which no receipt was read yet.
    pub fn unpaid(&self) -> Vec<B256> {
        let steps = std::iter::once(&self.commit).chain(self.proofs.values()).chain(&self.finalize);
        let unpaid = steps.filter(|step| step.paid().is_none()).filter_map(|step| {
            let (included, _) = step.included?;
            step.txs.iter().any(|own| own.tx == included).then_some(included)
        });
        unpaid.collect()
    }

    /// Every transaction ever made for this batch, by step.
    pub fn transaction_hashes(&self) -> Vec<(StepKind, B256)> {
        let mut all: Vec<(StepKind, B256)> = Vec::new();
        let steps = std::iter::once((StepKind::Commit, &self.commit))
            .chain(self.proofs.iter().map(|(kind, step)| (StepKind::Prove(ProofType(*kind)), step)))
            .chain(self.finalize.iter().map(|step| (StepKind::Finalize, step)));
        for (kind, step) in steps {
            let foreign = step.included.iter().map(|(tx, _)| *tx).filter(|tx| step.txs.iter().all(|own| own.tx != *tx));
            all.extend(step.txs.iter().map(|own| own.tx).chain(foreign).map(|tx| (kind, tx)));
        }
        all
    }

    /// One step, made if it is asked for the first time.
    pub fn step_mut(&mut self, kind: StepKind, now_ms: u64) -> &mut StepRecord {
        match kind {
            StepKind::Commit => &mut self.commit,
            StepKind::Prove(ProofType(number)) => self.proofs.entry(number).or_insert_with(|| StepRecord::new(now_ms)),
            StepKind::Finalize => self.finalize.get_or_insert_with(|| StepRecord::new(now_ms)),
        }
    }

    /// One step, if it was asked for or seen.
    pub fn step(&self, kind: StepKind) -> Option<&StepRecord> {
        match kind {
            StepKind::Commit => Some(&self.commit),
            StepKind::Prove(ProofType(number)) => self.proofs.get(&number),
            StepKind::Finalize => self.finalize.as_ref(),
        }
    }

    /// Whether L1 holds nothing of it and, as L1 is now, nobody here can commit it.
    pub(super) fn is_abandoned(&self) -> bool {
        let mut steps = std::iter::once(&self.commit).chain(self.proofs.values()).chain(&self.finalize);
        (self.invalid.is_some() || self.commit.intents.is_empty()) && steps.all(|step| step.included.is_none())
    }

    /// The intents of all its steps.
    pub(super) fn intents(&self) -> impl Iterator<Item = IntentId> {
        let steps = std::iter::once(&self.commit).chain(self.proofs.values()).chain(&self.finalize);
        steps.flat_map(|step| step.intents.iter().copied())
    }

    pub(super) fn valid_again(&mut self, at_ms: u64) {
        (self.invalid, self.given_up) = (None, false);
        self.commit.status = ConfirmationStatus::Pending;
        self.note(at_ms, AuditEvent::ValidAgain);
    }

    pub(super) fn note(&mut self, at_ms: u64, what: AuditEvent) {
        if self.audit.len() >= AUDIT_MAX {
            self.audit.remove(1);
        }
        self.audit.push(AuditEntry { at_ms, what });
    }
}

/// As much of a reason as a record keeps.
pub(super) fn kept(reason: &str) -> String {
    reason.get(..reason.floor_char_boundary(REASON_BYTES_MAX)).unwrap_or_default().to_owned()
}
