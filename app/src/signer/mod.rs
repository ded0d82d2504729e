//! Who verifies proofs and signs for them on L1, on a machine of its own.
//!
//! 1. A signer believes nobody: it verifies each proof by its own copy of the verifier, and signs for the program of its own release alone.
//! 2. Its key never leaves it; the node has its address, and a token that lets the node ask.

mod connections;
mod door;
mod remote;

use std::io::{Write as _, stdout};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use alloy::primitives::B256;
use anyhow::{Context as _, Result, anyhow};
use ashlar_prover::Attestor;
use ashlar_types::ExchangeId;
use ashlar_types::sign::WalletSecret;
use clap::Args;
use serde_json::json;

use crate::proving::{Backend, load_or_make_token, verifier_of};
use crate::secrets::read_key;
use crate::stop;
use door::Door;

pub use remote::load_signers;

/// Of a signer.
#[derive(Clone, Debug, Args)]
pub struct SignerArguments {
    /// Which proof system's proofs are verified
    #[arg(long, value_enum, default_value_t = Backend::Sp1)]
    backend: Backend,
    /// The proof system's worker, if it is not where it is usually built: OpenVM's proofs are verified by it
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// Where nodes ask
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4100")]
    listen: SocketAddr,
    /// The file with the signing key, of mode 600: 64 hexadecimal digits
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The file with the token that lets a node ask, of mode 600; it is made if it is not there
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Sign for this exchange alone
    #[arg(long, value_name = "ID")]
    exchange: Option<B256>,
    /// Say where it listens and as whom as JSON, a line each
    #[arg(long)]
    json: bool,
    /// Stop by itself after so many seconds
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// Serves until it is told to stop.
pub fn run(arguments: &SignerArguments) -> Result<()> {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    threads.block_on(serve(arguments))
}

async fn serve(arguments: &SignerArguments) -> Result<()> {
    let secret = WalletSecret::new(&read_key(&arguments.key_file).context("--key-file")?)
        .map_err(|_| anyhow!("--key-file: {} holds no key of the curve; make another", arguments.key_file.display()))?;
    let backend = arguments.backend.target().backend;
    let verifier = verifier_of(backend, arguments.worker.as_deref())
        .ok_or_else(|| anyhow!("--backend: {backend} proves nothing that could be verified; choose another"))?;
    let door = Arc::new(Door {
        attestor: Attestor::new(secret, verifier),
        target: arguments.backend.target(),
        program: arguments.backend.program(),
        exchange: arguments.exchange.map(|id| ExchangeId(id.0)),
        token: load_or_make_token(&arguments.token_file).context("--token-file")?,
    });
    let address = alloy::hex::encode_prefixed(door.attestor.address().0);
    let serving = door::listen(arguments.listen, door)
        .await
        .with_context(|| format!("{} cannot be listened on; choose another address with --listen", arguments.listen))?;
    let mut out = stdout();
    // Who closed the pipe does not want to know.
    let url = format!("http://{}", serving.address);
    let _ = if arguments.json {
        writeln!(out, "{}", json!({ "signer": address, "listening": url }))
    } else {
        writeln!(out, "signer       {address}\nlistening    {url}")
    };
    let _ = out.flush();
    tokio::select! {
        stopped = stop::asked(arguments.seconds) => stopped?,
        ended = serving.task => ended.context("the server failed")??,
    }
    let _ = if arguments.json { writeln!(out, "{}", json!({ "stopped": true })) } else { writeln!(out, "stopped") };
    Ok(())
}

#[cfg(test)]
mod tests;
