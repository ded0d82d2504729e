//! A worker that a trial has started.

use std::process::Command;
use std::time::Duration;

use ashlar_prover_wire::{Answer, Client, ClientError, Failure, Measured, Process, ProofKind, Question};

use crate::trial::Error;

/// How long a worker may take to connect: provers make their keys first, and share their processors with others.
const START: Duration = Duration::from_secs(20 * 60);
/// How long one may take to end that was told to.
const END: Duration = Duration::from_secs(60);

/// A worker's process, which ends with this whatever happens, and the connection to it.
#[derive(Debug)]
pub struct Started {
    /// Asks it.
    pub client: Client,
    process: Process,
}

impl Started {
    /// Starts it as a coordinator does.
    pub(crate) fn new(worker: &str, options: &[String]) -> Result<Started, Error> {
        let mut command = Command::new(worker);
        let started = Client::start(command.args(options), START);
        let (client, process) = started.map_err(|error| format!("{worker}: {error}"))?;
        Ok(Started { client, process })
    }

    /// Has it end by itself.
    pub(crate) fn stop(mut self) -> Result<(), Error> {
        self.client.stop()?;
        match self.process.wait(END)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("the worker ended with {status}").into()),
            None => Err(format!("the worker was told to end and was still there after {} s", END.as_secs()).into()),
        }
    }

    /// What it says of a proof; an error outside if it says nothing of it.
    pub fn verify(&mut self, kind: ProofKind, values: &[u8], proof: &[u8]) -> Result<Result<Measured, Failure>, Error> {
        let question = Question::Verify { kind, public_values: values.to_vec(), proof: proof.to_vec() };
        match self.client.ask(question, |_, _, _| {}) {
            Ok(Answer::Verified { measured }) => Ok(Ok(measured)),
            Err(ClientError::Failed(failure)) => Ok(Err(failure)),
            Ok(other) => Err(format!("{other:?} is no verdict").into()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_ends_at_once_is_not_waited_for() {
        let error = Started::new("false", &[]).expect_err("it never connects").to_string();
        assert!(error.starts_with("false: it ended before it connected"), "{error}");
    }
}
