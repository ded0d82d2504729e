//! Proves batches with RISC Zero, for a coordinator that it connects to (docs/spec/proving.md).
#![forbid(unsafe_code)]

mod arguments;

mod host;

mod machine;

mod execute;

mod composite;

mod recursion;

mod engine;

mod backend;

use std::process::ExitCode;

use ashlar_guest_worker::begin;
use ashlar_light_risc0::Image;

use crate::arguments::{Arguments, HELP, Task};
use crate::backend::RiscZero;

fn main() -> ExitCode {
    begin(Arguments::parse(std::env::args().skip(1)), &HELP, run)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.task {
        Task::Help => println!("{HELP}"),
        Task::ImageId => println!("{}", Image(arguments.program()?.image())),
        Task::Serve => {
            // What is missing is said before anything else.
            let worker = arguments.options.worker()?;
            let backend = RiscZero::new(arguments.program()?, arguments.limits());
            eprintln!("RISC Zero is ready, image {}", backend.image());
            worker.serve(backend)?;
        }
    }
    Ok(())
}
