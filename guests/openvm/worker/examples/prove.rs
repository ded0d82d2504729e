//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--of sample|match|place|...] [--commands N] [--kind stark|app] [--cancel-first] [--keep FOLDER] [-- OPTION...]` starts the worker as a
//! coordinator does, with the options behind the dashes, and prints one line of JSON with what it took. The batch is of so many commands of one kind, or a
//! sample with a bit of everything. `--keep` writes the proof and what it is of, in the form of `vectors/openvm`.

use std::process::ExitCode;

use ashlar_guest_worker::Trial;
use ashlar_prover_wire::ProofKind;

fn main() -> ExitCode {
    let trial = Trial {
        name: "openvm",
        kinds: &[ProofKind::Stark, ProofKind::App],
        of: None,
        commands: 40,
        apart: &[ProofKind::Stark],
        says: "program",
        preamble: 0,
        refuses: |_, _| Ok(()),
        lines: |_| Ok(Vec::new()),
    };
    trial.main()
}
