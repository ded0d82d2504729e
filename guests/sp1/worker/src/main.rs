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

use ashlar_guest_worker::begin;
use ashlar_sp1_engine::{Engine, Progress, program_of};

use crate::arguments::{Arguments, HELP, PROGRAM, Task};
use crate::backend::Sp1;

fn main() -> ExitCode {
    begin(Arguments::parse(std::env::args().skip(1)), &HELP, run)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let options = &arguments.options;
    match arguments.task {
        Task::Help => println!("{HELP}"),
        Task::ProgramHash => println!("{}", program_of(&options.program(PROGRAM)?)?),
        Task::Serve => {
            // Before the prover is started: what is missing is said at once.
            let worker = options.worker()?;
            let wraps = arguments.wraps.iter().map(|wrap| wrap.check().map(|()| *wrap)).collect::<Result<_, _>>()?;
            let progress = Progress::install()?;
            let begun = Instant::now();
            let engine = Engine::start(options.program(PROGRAM)?, progress, memory::is_scarce())?;
            eprintln!("SP1 is ready after {} s, program {}", begun.elapsed().as_secs(), engine.program());
            worker.serve(Sp1::new(engine, arguments.cycles_max(), wraps))?;
        }
    }
    Ok(())
}
