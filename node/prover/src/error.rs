use commonware_runtime::Error as RuntimeError;

use crate::schedule::SubmitError;

/// Why the prover cannot do what is asked, or has stopped.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProverError {
    /// The disk failed. Nothing is acknowledged any more: start the prover again once the disk works.
    #[error("could not {what}: {why}; see to the disk, then start again")]
    Durable {
        /// What was tried.
        what: &'static str,
        /// What the disk said.
        why: String,
    },
    /// What was stored is not there, or not whole.
    #[error("{what} {number} was stored here and cannot be read back; hand the batch in again")]
    Lost {
        /// What.
        what: &'static str,
        /// Which.
        number: u64,
    },
    /// There is no room now.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The evidence is longer than a job may be.
    #[error("batch {number} has {got} bytes of evidence, more than the {max} that can be sent; make smaller batches")]
    TooLarge {
        /// Which batch.
        number: u64,
        /// The most.
        max: usize,
        /// What it has.
        got: usize,
    },
    /// The configuration makes no sense.
    #[error("{0}")]
    Config(String),
    /// It has stopped.
    #[error("the prover has stopped")]
    Stopped,
}

impl ProverError {
    pub(crate) fn durable(what: &'static str, error: &RuntimeError) -> ProverError {
        ProverError::Durable { what, why: error.to_string() }
    }
}
