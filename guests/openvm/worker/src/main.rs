//! Proves batches with OpenVM, for a coordinator that it connects to (docs/spec/proving.md).
//!
//! One process, one prover, one program: what takes long to start is started once.
#![forbid(unsafe_code)]

mod arguments;

mod memory;

mod backend;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use ashlar_openvm_machine::Engine;

use crate::arguments::{Arguments, HELP, Task};
use crate::backend::{OpenVm, Verifier};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let start = || anyhow::Ok(Engine::start(arguments.program()?, arguments.segment_bytes_max)?);
    match arguments.task {
        Task::Help => println!("{HELP}"),
        Task::ProgramHash => {
            let engine = start()?;
            println!("{}", engine.program());
            if let Some(path) = &arguments.key_out {
                std::fs::write(path, engine.keys().write()?)
                    .with_context(|| format!("{path}, which --key-out names"))?;
            }
        }
        Task::Verify => arguments.worker()?.serve(Verifier(arguments.keys()?))?,
        Task::Serve => {
            // Before the prover is started: what is missing is said at once.
            let worker = arguments.worker()?;
            let begun = Instant::now();
            let engine = start()?;
            eprintln!("OpenVM is ready after {} s, program {}", begun.elapsed().as_secs(), engine.program());
            worker.serve(OpenVm::new(engine, arguments.cycles_max))?;
        }
    }
    Ok(())
}
