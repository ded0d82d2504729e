//! One worker for one command: started here, asked, and ended.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_prover::Claim;
use ashlar_prover_wire::{Answer, Client, ClientError, Description, Failure, Process, Question};

use super::launch::niced;

/// A worker that has not connected by then never will: provers take half a minute to start.
const PATIENCE: Duration = Duration::from_secs(300);
/// One that has said nothing of a proof by then never will: that takes a second, on what others leave of the processors.
const VERDICT: Duration = Duration::from_secs(600);
/// How long it may take to end once it was told to.
const END: Duration = Duration::from_secs(5);

/// A worker's process and the connection to it.
pub struct Session {
    client: Client,
    process: Process,
}

impl Session {
    /// Starts a worker and waits until it has connected. What it prints goes to standard error.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Session> {
        let mut command = niced(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        let started = Client::start(&mut command, PATIENCE);
        let (client, process) = started.with_context(|| program.display().to_string())?;
        Ok(Session { client, process })
    }

    /// What the worker can do.
    pub const fn description(&self) -> &Description {
        self.client.description()
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Asks, and passes on every sign of progress.
    pub fn ask(&mut self, question: Question, progress: impl FnMut(u64, u64, &str)) -> Result<Answer> {
        self.client.ask(question, progress).map_err(|error| anyhow!("{error}"))
    }

    /// What the worker says of a proof; an error outside if it could not be asked, after which it is not to be asked again.
    pub fn verify(&mut self, claim: &Claim<'_>) -> Result<Result<(), Failure>> {
        let (public_values, proof) = (claim.public_values.to_vec(), claim.proof.to_vec());
        match self.client.ask_within(Question::Verify { kind: claim.kind, public_values, proof }, VERDICT) {
            Ok(Answer::Verified { .. }) => Ok(Ok(())),
            Ok(_) => bail!("the worker answered something else than a verdict"),
            Err(ClientError::Failed(failure)) => Ok(Err(failure)),
            Err(error) => Err(anyhow!("{error}")),
        }
    }

    /// Lets the worker end.
    pub fn stop(mut self) -> Result<()> {
        self.client.stop()?;
        // Whether it ended by itself is all the same.
        self.process.wait(END).context("ending the worker")?;
        Ok(())
    }
}
