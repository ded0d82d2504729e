//! The operator's side door.

use ashlar_types::{BatchNumber, MarketId, Sequence};

use super::{Pending, Unavailable};

/// How a service does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceState {
    /// It works.
    Running,
    /// It was paused.
    Paused,
    /// It works, with something missing.
    Degraded,
    /// It stopped.
    Stopped,
}

/// One service of the node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceHealth {
    /// Its name: `executor`, `batcher`, `committer`, `prover`, …
    pub name: String,
    /// How it does.
    pub state: ServiceState,
    /// What there is to say about it, one sentence.
    pub note: String,
}

/// What the operator may do. Each is a change and is audited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Let a service rest.
    Pause {
        /// Its name.
        service: String,
    },
    /// Let it go on.
    Resume {
        /// Its name.
        service: String,
    },
    /// Close the present batch now.
    BatchNow,
    /// Make a checkpoint now.
    CheckpointNow,
    /// Stop before this command; `None` takes that back.
    StopAtSequence(Option<Sequence>),
    /// Stop after this batch; `None` takes that back.
    StopAtBatch(Option<BatchNumber>),
    /// Read the configured limits again.
    ReloadLimits,
    /// Stop a market.
    Halt(MarketId),
    /// Let a stopped market go on.
    ResumeMarket(MarketId),
    /// Go on with a market's cascade.
    Continue(MarketId),
    /// Accept no messages at all, or accept them again.
    KillSwitch {
        /// Stop or go on.
        stop: bool,
    },
    /// Of a node that follows: order from the next command on, in place of a node that is gone.
    Promote,
}

/// What was done, one sentence.
pub type Acted = Result<String, ActError>;

/// Why something was not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such service.
    #[error("there is no service {name:?}; ask for the health of the node to see their names")]
    UnknownService {
        /// What was asked for.
        name: String,
    },
    /// It cannot be done in the present state.
    #[error("not now: {why}")]
    NotNow {
        /// Why.
        why: String,
    },
    /// The node cannot say.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The node as its operator sees it.
pub trait Operator: Send + Sync + 'static {
    /// Does it.
    fn act(&self, act: Act) -> Pending<Acted>;

    /// What a service can tell about itself: names and values.
    fn inspect(&self, service: &str) -> Pending<Result<Vec<(String, String)>, ActError>>;
}
