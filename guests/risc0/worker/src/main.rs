//! Proves batches with RISC Zero, for a coordinator that it connects to (docs/spec/proving.md).
#![forbid(unsafe_code)]

mod arguments;

mod memory;

mod host;

mod machine;

mod execute;

mod composite;

mod recursion;

mod engine;

mod backend;

use std::process::ExitCode;

use ashlar_light_risc0::Image;

use crate::arguments::{Arguments, HELP, Task};
use crate::backend::RiscZero;

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
    match arguments.task {
        Task::Help => {
            println!("{HELP}");
            Ok(())
        }
        Task::ImageId => {
            println!("{}", Image(arguments.program()?.image()));
            Ok(())
        }
        Task::Serve => {
            // What is missing is said before anything else.
            let worker = arguments.worker()?;
            let backend = RiscZero::new(arguments.program()?, arguments.limits);
            eprintln!("RISC Zero is ready, image {}", backend.image());
            Ok(worker.serve(backend)?)
        }
    }
}
