//! One worker for one command: started here, asked, and ended.

use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_prover::Claim;
use ashlar_prover_wire::{
    ADDRESS_VARIABLE, Answer, Client, ClientError, Description, Failure, Question, TOKEN_VARIABLE,
};

use super::launch::niced;

/// How often it is looked at whether the process is still there.
const LOOK: Duration = Duration::from_millis(100);
/// A worker that has not connected by then never will: provers take half a minute to start.
const PATIENCE: Duration = Duration::from_secs(300);
/// One that has said nothing of a proof by then never will: that takes a second, on what others leave of the processors.
const VERDICT: Duration = Duration::from_secs(600);

/// A worker's process and the connection to it.
pub struct Session {
    client: Client,
    child: Process,
}

/// A process that ends once nobody can ask it any more.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Session {
    /// Starts a worker and waits until it has connected. What it prints goes to standard error.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Session> {
        let listening = Client::listen()?;
        let child = niced(program)
            .args(arguments)
            .env(ADDRESS_VARIABLE, listening.address()?.to_string())
            .env(TOKEN_VARIABLE, listening.token().to_hex())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()));
        let mut child = Process(child?);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(client) = listening.accept_within(LOOK)? {
                return Ok(Session { client, child });
            }
            waited += LOOK;
            if let Some(status) = child.0.try_wait()? {
                bail!("{} ended before it connected: {status}; what it printed says why", program.display());
            }
            if waited >= PATIENCE {
                bail!("{} did not connect in {} s", program.display(), PATIENCE.as_secs());
            }
        }
    }

    /// What the worker can do.
    pub const fn description(&self) -> &Description {
        self.client.description()
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.child.0.id()
    }

    /// Asks, and passes on every sign of progress.
    pub fn ask(&mut self, question: Question, progress: impl FnMut(u64, u64, &str)) -> Result<Answer> {
        self.client.ask(question, progress).map_err(|error| anyhow!("{error}"))
    }

    /// What the worker says of a proof; an error outside if it could not be asked, after which it is not to be asked again.
    pub fn verify(&mut self, claim: &Claim<'_>) -> Result<Result<(), Failure>> {
        let (public_values, proof) = (claim.public_values.to_vec(), claim.proof.to_vec());
        let question = Question::Verify { kind: claim.kind, public_values, proof };
        match self.client.ask_within(question, VERDICT) {
            Ok(Answer::Verified { .. }) => Ok(Ok(())),
            Ok(_) => bail!("the worker answered something else than a verdict"),
            Err(ClientError::Failed(failure)) => Ok(Err(failure)),
            Err(error) => Err(anyhow!("{error}")),
        }
    }

    /// Lets the worker end.
    pub fn stop(mut self) -> Result<()> {
        self.client.stop()?;
        for _ in 0..50 {
            if self.child.0.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        self.child.0.kill().context("ending the worker")?;
        self.child.0.wait()?;
        Ok(())
    }
}
