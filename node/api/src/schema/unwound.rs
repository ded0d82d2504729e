use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::ReceiptView;
use super::number::Decimal;
use super::order::reason_word;
use crate::door::Unwound;

/// A command that is answered otherwise since L1 took back what it had rested on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnwoundView {
    /// The order in which the new answer stands.
    pub epoch: Decimal,
    /// When the node found out, in milliseconds since 1970.
    pub at: u64,
    /// `unwound` if it was done and is not any more, else the reason of the new answer.
    pub told: String,
    /// What was answered before. Its number counts no more.
    pub before: ReceiptView,
    /// What is answered now; absent if the command has no place in the new order, and may be sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ReceiptView>,
}

impl From<&Unwound> for UnwoundView {
    fn from(unwound: &Unwound) -> UnwoundView {
        UnwoundView {
            epoch: Decimal(unwound.epoch),
            at: unwound.at_ms,
            told: reason_word(unwound.told),
            before: ReceiptView::of(&unwound.before, Vec::new()),
            after: unwound.after.map(|after| ReceiptView::of(&after, Vec::new())),
        }
    }
}
