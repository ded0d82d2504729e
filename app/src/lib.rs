//! All of the binary `ashlar`: here the concrete choices meet.
//!
//! It is a library with one function, because a library is compiled while what it stands on is still being optimised, and a binary only afterwards.

mod arguments;
mod processor;

mod clock;
mod figures;
mod follow;
mod latency;
mod memory;
mod threads;

mod traffic;

mod bench;
mod completions;
mod config;
mod da;
mod dashboard;
mod demo;
mod development;
mod disk;
mod doctor;
#[cfg(test)]
mod documents;
mod l1;
mod log;
#[cfg(feature = "monitor")]
mod monitor;
mod node;
mod ports;
mod progress;
mod prove;
mod prover;
mod proving;
mod publishing;
mod rebuild;
mod secrets;
mod signer;
mod simulate;
mod state;
mod stop;
mod telemetry;
#[cfg(feature = "devnet")]
mod up;
mod verify_proof;

use std::alloc::System;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use arguments::{Arguments, Bench, OnL1, What};
use figures::Figure;

/// The system's allocator with a counter, so that a benchmark can say how often a command allocates.
#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The program. Exit codes: 0 it did what was asked; 1 it could not, or a check failed; 2 the arguments make no sense.
pub fn main() -> ExitCode {
    if let Err(reason) = processor::check() {
        let _ = writeln!(stderr(), "ashlar: {reason}");
        return ExitCode::FAILURE;
    }
    match run(Arguments::parse().into_what()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "ashlar: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> Result<()> {
    match what {
        #[cfg(feature = "devnet")]
        What::Up(arguments) => {
            log::start_by_environment()?;
            up::run(&arguments)
        }
        What::Demo(arguments) => demo::run(&arguments),
        What::Node(arguments) => node::run(&arguments),
        What::Promote(arguments) => follow::promote(&arguments),
        What::Config(arguments) => config::run(&arguments),
        What::Doctor(arguments) => doctor::run(&arguments),
        What::Completions(arguments) => completions::run(&arguments),
        #[cfg(feature = "monitor")]
        What::Monitor(arguments) => monitor::run(&arguments),
        What::Prover(arguments) => {
            log::start_by_environment()?;
            prover::run(&arguments)
        }
        What::Signer(arguments) => {
            log::start_by_environment()?;
            signer::run(&arguments)
        }
        What::Prove(arguments) => prove::run(&arguments),
        What::VerifyProof(arguments) => verify_proof::run(&arguments),
        What::Verify(arguments) => rebuild::verify(&arguments),
        What::Recover(arguments) => rebuild::recover(&arguments),
        What::Deploy(arguments) => l1::deploy(&arguments),
        What::Deposit(arguments) => l1::deposit(&arguments),
        What::Withdraw(arguments) => l1::withdraw(&arguments),
        What::CancelAll(arguments) => l1::cancel_all(&arguments),
        What::Claim(arguments) => l1::claim(&arguments),
        What::Exit(arguments) => l1::exit(&arguments),
        What::L1(OnL1::Status(arguments)) => l1::status(&arguments),
        What::Da(arguments) => da::run(&arguments),
        What::Archive(arguments) => rebuild::archive(&arguments),
        What::DaNode(arguments) => {
            log::start_by_environment()?;
            da::run_node(&arguments)
        }
        What::Bench(Bench::Book(arguments)) => print(&bench::book::run(&arguments)?, arguments.json),
        What::Bench(Bench::Core(arguments)) => print(&bench::core::run(&arguments)?, arguments.json),
        What::Bench(Bench::Da(arguments)) => print(&bench::da::run(&arguments)?, arguments.json),
        #[cfg(feature = "devnet")]
        What::Bench(Bench::L1(arguments)) => print(&bench::l1::run(&arguments)?, arguments.json),
        What::Bench(Bench::Node(arguments)) => print(&bench::node::run(&arguments)?, arguments.json),
        What::Bench(Bench::Prove(arguments)) => print(&bench::prove::run(&arguments)?, arguments.json),
        What::State(what) => state::run(&what),
        What::Simulate(arguments) => simulate::run(&arguments),
        What::Bench(Bench::State(arguments)) => print(&bench::state::run(&arguments)?, arguments.json),
        What::Bench(Bench::Sync(arguments)) => print(&bench::sync::run(&arguments)?, arguments.json),
    }
}

fn print(figures: &[Figure], json: bool) -> Result<()> {
    figures::write(&mut stdout().lock(), figures, json)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
