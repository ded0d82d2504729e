//! Executes batches for ZisK on a machine of our own, and proves them by ZisK's own tools where those are installed, for a coordinator that it connects to
//! (docs/spec/proving.md).
#![forbid(unsafe_code)]

mod arguments;

mod memory;

mod folder;

mod installation;

mod process;

mod proof;

mod backend;

use std::process::ExitCode;

use crate::arguments::{Arguments, HELP, Task};
use crate::backend::Zisk;

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
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    match arguments.task {
        Task::Help => println!("{HELP}"),
        Task::Serve => {
            // What the coordinator has to say is missed before anything else is.
            let worker = arguments.worker()?;
            let installation = arguments.installation();
            match installation.to_prove() {
                Ok(tools) => eprintln!("ZisK is ready to prove: {tools}"),
                Err(missing) => eprintln!("ZisK executes here and proves nothing: {missing}"),
            }
            worker.serve(Zisk::new(arguments, installation)?).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
