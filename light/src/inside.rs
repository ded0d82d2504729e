//! What a proven header says of one command, one withdrawal, one row, one leaf.

use ashlar_batch::{BatchHeader, ReceiptProof, RowProof, Withdrawal, WithdrawalProof};
use ashlar_state::{Digest, Key, LookupProof, Sha256Node};
use ashlar_types::{AccountId, Event, Receipt, WithdrawalIndex};

use crate::error::LightError;
use crate::stretch::Stretch;

/// That a command did what its receipt and events say, under one of the headers of a stretch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TradeProof {
    /// Which header, counted from the first of the stretch.
    pub header: usize,
    /// The command's receipt.
    pub receipt: Receipt,
    /// Its events, trades among them, all of them and in order.
    pub events: Vec<Event>,
    /// What leads from both to the header's receipts root.
    pub path: ReceiptProof,
}

/// What somebody says of a trade, beyond that it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Who sent the command.
    pub account: AccountId,
    /// How many trades it made.
    pub trades: usize,
}

impl TradeProof {
    /// Checks it against a stretch whose proof was checked: then the very rules of the exchange made this trade, from the state before it.
    pub fn verify(&self, stretch: &Stretch) -> Result<(), LightError> {
        let header = stretch.header(self.header)?;
        self.path.verify(header.receipts_root, header.first_sequence, &self.receipt, &self.events)?;
        // A path into the filling of the tree's last level would be of no command.
        if self.receipt.sequence >= header.next_sequence {
            return Err(LightError::Claim { what: "the sequence" });
        }
        Ok(())
    }

    /// Checks it, and what is said of it.
    pub fn verify_claim(&self, stretch: &Stretch, claim: &Claim) -> Result<(), LightError> {
        self.verify(stretch)?;
        if self.receipt.account != claim.account {
            return Err(LightError::Claim { what: "the account" });
        }
        let trades = self.events.iter().filter(|event| matches!(event, Event::Trade(_))).count();
        if trades != claim.trades { Err(LightError::Claim { what: "the number of trades" }) } else { Ok(()) }
    }
}

/// Checks that a withdrawal was made in the batch of a proven header.
pub fn check_withdrawal(
    header: &BatchHeader,
    first: WithdrawalIndex,
    withdrawal: &Withdrawal,
    path: &WithdrawalProof,
) -> Result<(), LightError> {
    path.verify(header.withdrawals_root, first, withdrawal)?;
    Ok(())
}

/// Checks that these bytes are a row of the batch of a proven header.
pub fn check_row(header: &BatchHeader, row: &[u8], path: &RowProof) -> Result<(), LightError> {
    path.verify(header.data_root, row)?;
    Ok(())
}

/// What the state after a proven header has at a key: its words, or that there is nothing. Keys of balances, orders and all else are
/// those of SPEC K-5.
pub fn check_leaf<'a>(
    header: &BatchHeader,
    key: &Key,
    proof: &'a LookupProof,
) -> Result<Option<&'a [u64]>, LightError> {
    let root = Digest::from_words(*header.state_root_after.words());
    let root = root.ok_or(LightError::Claim { what: "the state root" })?;
    Ok(proof.verify::<Sha256Node>(&root, key)?)
}
