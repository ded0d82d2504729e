//! What L1 took back with what it had rested on.

use ashlar_types::{Reason, Receipt};

/// A command that is answered otherwise since an L1 reorganisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unwound {
    /// The order in which the new answer stands.
    pub epoch: u64,
    /// When the node found out, in milliseconds.
    pub at_ms: u64,
    /// What was answered before. Its number counts no more.
    pub before: Receipt,
    /// What is answered now; nothing if the command has no place in the new order, and may be sent again.
    pub after: Option<Receipt>,
    /// [`Reason::Unwound`] if it was done and is not any more, else the reason of the new answer.
    pub told: Reason,
}
