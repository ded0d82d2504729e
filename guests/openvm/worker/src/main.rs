//! Proves batches with OpenVM, for a coordinator that it connects to (docs/spec/proving.md).
//!
//! One process, one prover, one program: what takes long to start is started once.
#![forbid(unsafe_code)]

mod arguments;

mod backend;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use ashlar_guest_worker::begin;
use ashlar_openvm_machine::Engine;

use crate::arguments::{Arguments, HELP, PROGRAM, Task};
use crate::backend::{OpenVm, Verifier};

fn main() -> ExitCode {
    begin(Arguments::parse(std::env::args().skip(1)), &HELP, run)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let options = &arguments.options;
    let start = || anyhow::Ok(Engine::start(options.program(PROGRAM)?, arguments.segment_bytes_max)?);
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
        Task::Verify => options.worker()?.serve(Verifier(arguments.keys()?))?,
        Task::Serve => {
            // Before the prover is started: what is missing is said at once.
            let worker = options.worker()?;
            let begun = Instant::now();
            let engine = start()?;
            eprintln!("OpenVM is ready after {} s, program {}", begun.elapsed().as_secs(), engine.program());
            // 0 for no limit.
            worker.serve(OpenVm::new(engine, options.cycles_max.unwrap_or(0)))?;
        }
    }
    Ok(())
}
