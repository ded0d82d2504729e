//! The binary `ashlar`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ashlar::main()
}
