//! `ashlar prover`: a worker on this machine for a coordinator on any.

use std::io::{Write as _, stdout};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use ashlar_prover::Native;
use ashlar_prover_wire::{ADDRESS_VARIABLE, ServeError, TOKEN_VARIABLE, Token, Worker};
use clap::{Args, ValueEnum as _};
use serde_json::json;

use crate::proving::{Backend, find_worker, read_token};

/// How long a coordinator that was never there is waited for, between two looks.
const RETRY: Duration = Duration::from_secs(1);

/// Of a worker.
#[derive(Clone, Debug, Args)]
pub struct ProverArguments {
    /// Which proof system
    #[arg(long, value_enum)]
    backend: Backend,
    /// Where the coordinator listens, as 127.0.0.1:4000, or `unix:` and the path of its socket
    #[arg(long, value_name = "ADDRESS", env = ADDRESS_VARIABLE)]
    connect: String,
    /// The file with this worker's token, of mode 600; the coordinator knows the same token
    #[arg(long, value_name = "FILE", required_unless_present = "token")]
    token_file: Option<PathBuf>,
    /// The token itself, for whoever starts this process
    #[arg(long, hide = true, env = TOKEN_VARIABLE, hide_env_values = true)]
    token: Option<String>,
    /// The proof system's worker, if it is not where it is usually built
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// Seconds to look for a coordinator that is not there yet
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Serves until the coordinator says stop.
pub fn run(arguments: &ProverArguments) -> Result<()> {
    let token = match (&arguments.token_file, &arguments.token) {
        (Some(path), _) => read_token(path)?,
        (None, Some(token)) => Token::from_hex(token)?,
        (None, None) => return Err(anyhow!("name the file of this worker's token with --token-file")),
    };
    say(arguments, "asks", &format!("asks {} for work", arguments.connect))?;
    match arguments.backend {
        Backend::Execute => {
            execute(arguments, &token)?;
            say(arguments, "ended", "the coordinator has no more work")
        }
        backend => {
            let program = find_worker(backend, arguments.worker.as_deref())?;
            // From here on this process is that program.
            let error = Command::new(&program)
                .env(ADDRESS_VARIABLE, &arguments.connect)
                .env(TOKEN_VARIABLE, token.to_hex())
                .exec();
            Err(error).with_context(|| format!("{} cannot be started", program.display()))
        }
    }
}

/// What happens, for a program, or for a person where standard error is one's.
fn say(arguments: &ProverArguments, event: &str, words: &str) -> Result<()> {
    if arguments.json {
        let backend = arguments.backend.to_possible_value().map_or_else(String::new, |name| name.get_name().to_owned());
        writeln!(stdout(), "{}", json!({ "event": event, "backend": backend, "coordinator": arguments.connect }))?;
    } else {
        tracing::info!("{words}");
    }
    Ok(())
}

fn execute(arguments: &ProverArguments, token: &Token) -> Result<()> {
    let begun = Instant::now();
    loop {
        let worker = Worker { address: arguments.connect.clone(), token: token.clone() };
        match worker.serve(Native) {
            Ok(()) => return Ok(()),
            Err(ServeError::Stream(error)) if begun.elapsed() < Duration::from_secs(arguments.patience) => {
                tracing::debug!(%error, "no coordinator yet");
                thread::sleep(RETRY);
            }
            Err(ServeError::Stream(error)) => {
                return Err(anyhow!(error))
                    .with_context(|| format!("no coordinator at {} lets this worker in", arguments.connect));
            }
            Err(error) => return Err(anyhow!("{error}")),
        }
    }
}
