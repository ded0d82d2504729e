//! What a command came to, before it is written on a receipt.

use ashlar_types::{ClientId, Lots, OrderId, Reason};

/// The part of a receipt that a command decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub reason: Reason,
    pub order: Option<OrderId>,
    pub client: ClientId,
    pub filled: Lots,
    pub remaining: Lots,
}

impl Outcome {
    /// Only a reason.
    #[inline(always)]
    pub const fn of(reason: Reason) -> Outcome {
        Outcome { reason, order: None, client: ClientId(0), filled: Lots::ZERO, remaining: Lots::ZERO }
    }

    /// A reason about an order that was named.
    #[inline(always)]
    pub const fn about(reason: Reason, order: OrderId, client: ClientId) -> Outcome {
        Outcome { reason, order: Some(order), client, filled: Lots::ZERO, remaining: Lots::ZERO }
    }

    /// A reason about an order that never came to have an id.
    #[inline(always)]
    pub const fn refused(reason: Reason, client: ClientId) -> Outcome {
        Outcome { reason, order: None, client, filled: Lots::ZERO, remaining: Lots::ZERO }
    }
}

impl From<Result<(), Reason>> for Outcome {
    fn from(result: Result<(), Reason>) -> Outcome {
        Outcome::of(result.err().unwrap_or(Reason::Done))
    }
}
