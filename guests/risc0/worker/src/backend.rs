//! What a coordinator may ask.

use std::time::Instant;

use ashlar_guest_worker::{memory, packed};
use ashlar_light_risc0::Image;
use ashlar_prover_wire::{
    Backend, BackendName, Description, Evidence, Failure, FailureKind, Measured, ProgramHash, ProofKind, Proved, Watch,
};

use crate::composite;
use crate::engine::{Limits, prove};
use crate::execute::{ExecuteError, Executed, execute};
use crate::machine::Program;

/// RISC Zero, with one program.
pub struct RiscZero {
    program: Program,
    limits: Limits,
}

impl RiscZero {
    pub const fn new(program: Program, limits: Limits) -> RiscZero {
        RiscZero { program, limits }
    }

    /// The program's name.
    pub const fn image(&self) -> Image {
        Image(self.program.image())
    }

    /// Runs plain code and the program, and compares.
    fn run(&self, evidence: &[Evidence], keep: bool) -> Result<Executed, Failure> {
        let packed = packed(evidence)?;
        execute(&self.program, &packed, self.limits.segment_po2, keep).map_err(|error| match error {
            ExecuteError::Refused(_) => Failure::new(FailureKind::Refused, error),
            ExecuteError::Machine(_) | ExecuteError::Differs { .. } => Failure::new(FailureKind::Backend, error),
        })
    }

    fn check(&self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<(), Failure> {
        match kind {
            ProofKind::Composite => composite::check(&self.image(), public_values, proof),
            ProofKind::Succinct => ashlar_light_risc0::check(&self.image(), public_values, proof)
                .map_err(|error| composite::failure(&error)),
            other => Err(unsupported(other)),
        }
    }
}

fn unsupported(kind: ProofKind) -> Failure {
    let why = match kind {
        ProofKind::Groth16 => {
            "this worker makes no proofs for L1: they need a recursion program and a circuit that RISC Zero publishes as downloads, \
             and its container; wrap a succinct proof where those are"
                .to_owned()
        }
        other => format!("RISC Zero makes no {other:?} proofs"),
    };
    Failure::new(FailureKind::Unsupported, why)
}

fn measured(begun: Instant, executed: Option<&Executed>) -> Measured {
    Measured {
        cycles: executed.map_or(0, |executed| executed.count.total()),
        // What a cycle of each kind costs here was not measured.
        instruction_equivalents: 0,
        millis: begun.elapsed().as_millis() as u64,
        memory_bytes: memory::peak_bytes(),
    }
}

impl Backend for RiscZero {
    fn describe(&self) -> Description {
        Description {
            backend: BackendName::RISC_ZERO,
            program: ProgramHash(self.program.image()),
            kinds: vec![ProofKind::Composite, ProofKind::Succinct],
            cycles_max: self.limits.cycles_max,
            memory_bytes: memory::total_bytes(),
        }
    }

    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        if !self.describe().kinds.contains(&kind) {
            return Err(unsupported(kind));
        }
        let begun = Instant::now();
        memory::reset_peak();
        watch.progress(0, 0, "executing");
        let executed = self.run(evidence, true)?;
        self.limits.check(&executed)?;
        let proof = prove(kind, self.image(), &executed, watch)?;
        let measured = measured(begun, Some(&executed));
        self.check(kind, &executed.public_values, &proof)?;
        Ok(Proved { public_values: executed.public_values, proof, measured })
    }

    fn execute(&mut self, evidence: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let executed = self.run(evidence, false)?;
        let measured = measured(begun, Some(&executed));
        Ok(Proved { public_values: executed.public_values, proof: Vec::new(), measured })
    }

    fn verify(&mut self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        self.check(kind, public_values, proof)?;
        Ok(measured(begun, None))
    }

    fn profile(&mut self, evidence: &[Evidence], _: &Watch) -> Result<(Measured, Vec<(String, u64)>), Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let executed = self.run(evidence, false)?;
        let parts = executed.count.parts().into_iter().map(|(name, cost)| (name.to_owned(), cost)).collect();
        Ok((measured(begun, Some(&executed)), parts))
    }
}
