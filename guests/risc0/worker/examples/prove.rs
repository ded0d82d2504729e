//! Has a worker prove a small real batch, and refuse every way in which the proof could be of something else.
//!
//! `prove WORKER [--of match|place|...|sample] [--commands N] [--kind succinct|composite] [--cancel-first] [--keep FOLDER] [-- OPTION...]` starts the worker
//! as a coordinator does, with the options behind the dashes, and prints one line of JSON with what it took. The batch is of so many commands of one kind,
//! or a sample with a bit of everything. `--keep` writes the proof and what it is of, in the form of `vectors/risc0`.

use std::process::ExitCode;

use ashlar_guest_worker::{Error, Kind, Made, Started, Trial, other_values, with};
use ashlar_light_risc0::{Image, Preamble, RiscZeroError};
use ashlar_prover_wire::{FailureKind, ProofKind};

fn main() -> ExitCode {
    let trial = Trial {
        name: "risc0",
        kinds: &[ProofKind::Succinct, ProofKind::Composite],
        of: Some(Kind::Match),
        commands: 2,
        apart: &[],
        says: "image",
        preamble: Preamble::BYTES,
        refuses: check_lies,
        lines: |_| Ok(Vec::new()),
    };
    trial.main()
}

/// A proof names its program and the hash of what it says, and nothing proves those names: rewritten to fit other values, they lie about what is proven.
fn check_lies(worker: &mut Started, made: &Made) -> Result<(), Error> {
    let (kind, public_values, proof) = (made.kind, &made.proved.public_values, &made.proved.proof);
    let image = Image(*proof.first_chunk().ok_or("a proof has an image")?);
    let lie = |image: Image, values: &[u8]| {
        let (preamble, rest) = (Preamble::of(image, values), proof.get(Preamble::BYTES..).unwrap_or_default());
        [&preamble.to_bytes()[..], rest].concat()
    };
    for (what, values) in other_values(&made.recorded, public_values) {
        match worker.verify(kind, &values, &lie(image, &values))? {
            Err(failure) if failure.kind == FailureKind::InvalidProof => {}
            other => return Err(format!("a proof that lies about {what}: {other:?}").into()),
        }
    }
    if kind == ProofKind::Succinct {
        let mut other = image;
        other.0[31] ^= 1;
        match ashlar_light_risc0::check(&other, public_values, &lie(other, public_values)) {
            Err(RiscZeroError::Rejected { .. }) => {}
            verdict => return Err(format!("a proof that lies about its program: {verdict:?}").into()),
        }
    }
    match worker.verify(kind, public_values, &with(proof, 31))? {
        Err(failure) if failure.kind == FailureKind::WrongProgram => Ok(()),
        other => Err(format!("a proof of another program: {other:?}").into()),
    }
}
