//! What the exchange says, hashed as it comes.

use alloc::vec::Vec;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{ReceiptsRoot, Withdrawal, WithdrawalsRoot};
use ashlar_exchange::Output;
use ashlar_types::{Event, Receipt, WithdrawalIndex};

use crate::error::GuestError;

/// The receipts and withdrawals of a batch (B-33, B-34).
#[derive(Debug)]
pub(crate) struct Answers {
    /// Of the command that is running.
    events: Vec<Event>,
    receipts: ReceiptsRoot,
    withdrawals: WithdrawalsRoot,
    next: WithdrawalIndex,
    error: Option<GuestError>,
}

/// The roots over them.
pub(crate) struct AnswerRoots {
    pub receipts: Digest,
    pub withdrawals: Digest,
}

impl Answers {
    pub(crate) fn new(withdrawals_next: WithdrawalIndex) -> Answers {
        Answers {
            events: Vec::new(),
            receipts: ReceiptsRoot::new(),
            withdrawals: WithdrawalsRoot::new(),
            next: withdrawals_next,
            error: None,
        }
    }

    pub(crate) fn roots(&self) -> Result<AnswerRoots, GuestError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(AnswerRoots { receipts: self.receipts.root(), withdrawals: self.withdrawals.root() }),
        }
    }

    fn fail(&mut self, error: GuestError) {
        self.error.get_or_insert(error);
    }

    fn withdrawn(&mut self, withdrawal: &Withdrawal) {
        let (expected, got) = (self.next.get(), withdrawal.index.get());
        if expected != got {
            self.fail(GuestError::Withdrawal { expected, got });
        }
        self.next = self.next.next();
        if !self.withdrawals.push(withdrawal) {
            self.fail(GuestError::TreeFull);
        }
    }
}

impl Output for Answers {
    #[inline]
    fn event(&mut self, event: &Event) {
        if let Event::Withdrawn { index, to, asset, amount } = *event {
            self.withdrawn(&Withdrawal { index, to, asset, amount });
        }
        self.events.push(*event);
    }

    #[inline]
    fn receipt(&mut self, receipt: &Receipt) {
        if !self.receipts.push(receipt, &self.events) {
            self.fail(GuestError::TreeFull);
        }
        self.events.clear();
    }
}
