//! Executes batches for ZisK on a machine of our own, and proves them by ZisK's own tools where those are installed, for a coordinator that it connects to
//! (docs/spec/proving.md).
#![forbid(unsafe_code)]

mod arguments;

mod folder;

mod installation;

mod process;

mod proof;

mod backend;

use std::process::ExitCode;

use ashlar_guest_worker::begin;

use crate::arguments::{Arguments, HELP, Task};
use crate::backend::Zisk;

fn main() -> ExitCode {
    begin(Arguments::parse(std::env::args().skip(1)), &HELP, run)
}

fn run(arguments: Arguments) -> Result<(), String> {
    match arguments.task {
        Task::Help => println!("{HELP}"),
        Task::Serve => {
            // What the coordinator has to say is missed before anything else is.
            let worker = arguments.options.worker().map_err(|error| error.to_string())?;
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
