use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, ReceiptsRoot, Withdrawal, WithdrawalsRoot};
use ashlar_exchange::Output;
use ashlar_guest::GuestInput;
use ashlar_prover_wire::Evidence;
use ashlar_state::{Change, Value, Witness};
use ashlar_types::{Deployment, Event, Receipt};

use super::error::CaptureError;
use ashlar_prover_evidence::evidence_of;

/// One batch with everything that a guest needs, and what it did.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Where the exchange settles.
    pub deployment: Deployment,
    /// The header before.
    pub parent: BatchHeader,
    /// The batch's header.
    pub header: BatchHeader,
    /// The bytes of the batch, without what fills the last row.
    pub batch: Vec<u8>,
    /// One signature for each message.
    pub signatures: Vec<u8>,
    /// The leaves that the batch touches, with their proof.
    pub witness: Witness,
    /// The orders of accounts, wherever execution asked for all of them.
    pub lists: Vec<u64>,
    /// What the batch changed, in the order of keys: a snapshot's next step.
    pub changes: Vec<Change>,
    /// What each of those leaves was before.
    pub before: Vec<Option<Value>>,
    /// What each command did.
    pub answers: Answers,
}

impl Captured {
    /// As the guest is given it, for a check in this process.
    pub fn guest_input(&self) -> GuestInput<'_> {
        GuestInput {
            deployment: self.deployment,
            parent: self.parent,
            header: self.header,
            batch: &self.batch,
            signatures: &self.signatures,
            witness: self.witness.view(),
            lists: &self.lists,
        }
    }

    /// As it is stored and sent to a prover.
    pub fn evidence(&self) -> Evidence {
        evidence_of(&self.guest_input())
    }
}

/// What the commands of a batch did, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// Each command's receipt, and where its events end.
    receipts: Vec<(Receipt, usize)>,
    events: Vec<Event>,
    withdrawals: Vec<Withdrawal>,
}

/// The roots over them (SPEC B-33, B-34).
pub(super) struct ReceiptsAndWithdrawals {
    pub receipts: Digest,
    pub withdrawals: Digest,
}

impl Answers {
    /// Each receipt with its command's events: what [`ashlar_batch::receipts_tree`] takes.
    pub fn iter(&self) -> impl Iterator<Item = (&Receipt, &[Event])> {
        let mut from = 0;
        self.receipts.iter().map(move |(receipt, to)| {
            let events = self.events.get(from..*to).unwrap_or_default();
            from = *to;
            (receipt, events)
        })
    }

    /// How many commands there were.
    pub const fn len(&self) -> usize {
        self.receipts.len()
    }

    /// Whether there was none.
    pub const fn is_empty(&self) -> bool {
        self.receipts.is_empty()
    }

    /// What may be claimed: what [`ashlar_batch::withdrawals_tree`] takes.
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    pub(super) fn roots(&self) -> Result<ReceiptsAndWithdrawals, CaptureError> {
        let (mut receipts, mut withdrawals) = (ReceiptsRoot::new(), WithdrawalsRoot::new());
        let fits = self.iter().all(|(receipt, events)| receipts.push(receipt, events))
            && self.withdrawals.iter().all(|withdrawal| withdrawals.push(withdrawal));
        if fits {
            Ok(ReceiptsAndWithdrawals { receipts: receipts.root(), withdrawals: withdrawals.root() })
        } else {
            Err(CaptureError::TreeFull)
        }
    }
}

impl Output for Answers {
    #[inline]
    fn event(&mut self, event: &Event) {
        if let Event::Withdrawn { index, to, asset, amount } = *event {
            self.withdrawals.push(Withdrawal { index, to, asset, amount });
        }
        self.events.push(*event);
    }

    #[inline]
    fn receipt(&mut self, receipt: &Receipt) {
        self.receipts.push((*receipt, self.events.len()));
    }
}
