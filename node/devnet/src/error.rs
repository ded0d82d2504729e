//! What can go wrong with a development chain.

use std::io;
use std::path::PathBuf;

/// What can go wrong with a development chain.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// The port could not be opened.
    #[error("port {port} of loopback cannot be opened ({source}): choose another, or 0 to let the system choose")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The thread pool could not be started.
    #[error("the threads of the development chain cannot be started: {0}")]
    Threads(io::Error),
    /// The record could not be read or written.
    #[error("the record of blocks {} cannot be used ({source}): check its folder, or start without a record", path.display())]
    Record {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The record is not one of this chain.
    #[error("the record of blocks {} does not fit this chain at its entry {entry} ({reason}): move it away to begin anew", path.display())]
    ForeignRecord {
        /// Where it is.
        path: PathBuf,
        /// The entry that does not fit, counted from 0.
        entry: u64,
        /// In what way.
        reason: String,
    },
    /// A block was named that is not known.
    #[error("block {0} is not known")]
    UnknownBlock(String),
    /// More blocks were to be undone than there are.
    #[error("{asked} blocks cannot be undone: the head is block {head}")]
    TooDeep {
        /// How many were to be undone.
        asked: u64,
        /// The number of the head.
        head: u64,
    },
    /// `finalized` would be ahead of `safe`, or either ahead of the head.
    #[error("tags must trail in order: safe {safe} and finalized {finalized} blocks behind the head {head}")]
    Tags {
        /// Blocks between head and `safe`.
        safe: u64,
        /// Blocks between head and `finalized`.
        finalized: u64,
        /// The number of the head.
        head: u64,
    },
    /// A request to the chain's own methods had parameters that they do not take.
    #[error("{method} takes {takes}")]
    Parameters {
        /// The method.
        method: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// ethrex refused or failed.
    #[error("ethrex, {doing}: {reason}")]
    Ethrex {
        /// What was being done.
        doing: &'static str,
        /// What it says.
        reason: String,
    },
    /// The chain was stopped.
    #[error("the development chain has stopped")]
    Stopped,
}

/// An error of ethrex, met while doing something.
pub(crate) fn ethrex<E: std::fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> DevnetError {
    move |error| DevnetError::Ethrex { doing, reason: error.to_string() }
}
