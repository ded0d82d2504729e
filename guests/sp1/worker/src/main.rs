//! Proves batches with SP1, for a coordinator that it connects to (docs/spec/proving.md).
//!
//! One process, one prover, one program: what takes long to start is started once.
#![forbid(unsafe_code)]

mod arguments;

mod memory;

mod wrap;

mod proof;

mod backend;

use std::process::ExitCode;
use std::time::Instant;

use ashlar_sp1_engine::{Engine, Progress, program_of};

use crate::arguments::{Arguments, HELP, Task};
use crate::backend::Sp1;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.task {
        Task::Help => {
            println!("{HELP}");
            Ok(())
        }
        Task::ProgramHash => {
            println!("{}", program_of(&arguments.program()?)?);
            Ok(())
        }
        Task::Serve => {
            // Before the prover is started: what is missing is said at once.
            let worker = arguments.worker()?;
            let wraps = arguments.wraps.iter().map(|wrap| wrap.check().map(|()| *wrap)).collect::<Result<_, _>>()?;
            let progress = Progress::install()?;
            let begun = Instant::now();
            let engine = Engine::start(arguments.program()?, progress, memory::is_scarce())?;
            eprintln!("SP1 is ready after {} s, program {}", begun.elapsed().as_secs(), engine.program());
            Ok(worker.serve(Sp1::new(engine, arguments.cycles_max, wraps))?)
        }
    }
}
