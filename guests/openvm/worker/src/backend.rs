//! What a coordinator may ask.

use std::time::Instant;

use ashlar_guest_worker::{check_cycles, memory, packed};
use ashlar_openvm_machine::{Engine, Keys, Refusal};
use ashlar_openvm_meter::{Count, ExecuteError, Prepared, compare, prepare};
use ashlar_prover_wire::{
    Backend, BackendName, Description, Evidence, Failure, FailureKind, Measured, ProgramHash, ProofKind, Proved, Watch,
};

/// OpenVM, with one program.
pub struct OpenVm {
    engine: Engine,
    /// 0 for no limit.
    cycles_max: u64,
}

/// OpenVM's verifier of joined proofs alone, which needs a key and neither machine nor memory.
pub struct Verifier(pub Keys);

impl OpenVm {
    pub const fn new(engine: Engine, cycles_max: u64) -> OpenVm {
        OpenVm { engine, cycles_max }
    }

    /// Runs plain code and the program, and compares.
    fn run(&self, evidence: &[Evidence]) -> Result<(Prepared, Count), Failure> {
        let packed = packed(evidence)?;
        let failure = |error: ExecuteError| match error {
            ExecuteError::Refused(_) => Failure::new(FailureKind::Refused, error),
            ExecuteError::Machine(_) | ExecuteError::Differs { .. } => Failure::new(FailureKind::Backend, error),
        };
        let prepared = prepare(&packed).map_err(failure)?;
        let executed = self.engine.execute(prepared.items.clone())?;
        compare(&prepared.public_values, &executed).map_err(failure)?;
        Ok((prepared, Count::of(&executed)))
    }
}

fn check(keys: &Keys, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<(), Failure> {
    let outcome = match kind {
        ProofKind::App => keys.check_segments(public_values, proof),
        ProofKind::Stark => keys.check_joined(public_values, proof),
        other => return Err(unsupported(other)),
    };
    outcome.map_err(|refusal| {
        let kind = match refusal {
            Refusal::WrongProgram(_) => FailureKind::WrongProgram,
            Refusal::WrongPublicValues => FailureKind::WrongPublicValues,
            Refusal::Malformed(_) | Refusal::Invalid(_) => FailureKind::InvalidProof,
            Refusal::NoKey => FailureKind::Unsupported,
        };
        Failure::new(kind, refusal)
    })
}

fn unsupported(kind: ProofKind) -> Failure {
    Failure::new(FailureKind::Unsupported, format!("OpenVM makes no {kind:?} proofs"))
}

fn measured(begun: Instant, count: &Count) -> Measured {
    Measured {
        cycles: count.instructions,
        // What a cell of each kind costs here was not measured.
        instruction_equivalents: 0,
        millis: begun.elapsed().as_millis() as u64,
        memory_bytes: memory::peak_bytes(),
    }
}

impl Backend for OpenVm {
    fn describe(&self) -> Description {
        Description {
            backend: BackendName::OPENVM,
            program: ProgramHash(self.engine.program().hash()),
            kinds: vec![ProofKind::App, ProofKind::Stark],
            cycles_max: self.cycles_max,
            memory_bytes: memory::total_bytes(),
        }
    }

    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        if !matches!(kind, ProofKind::App | ProofKind::Stark) {
            return Err(unsupported(kind));
        }
        let begun = Instant::now();
        memory::reset_peak();
        watch.progress(0, 0, "executing");
        let (Prepared { public_values, items }, count) = self.run(evidence)?;
        check_cycles(count.instructions, self.cycles_max)?;
        watch.check()?;
        let proof = self.engine.prove(kind, items, watch)?;
        let measured = measured(begun, &count);
        check(self.engine.keys(), kind, &public_values, &proof)?;
        Ok(Proved { public_values, proof, measured })
    }

    fn execute(&mut self, evidence: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let (Prepared { public_values, .. }, count) = self.run(evidence)?;
        Ok(Proved { public_values, proof: Vec::new(), measured: measured(begun, &count) })
    }

    fn verify(&mut self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        check(self.engine.keys(), kind, public_values, proof)?;
        Ok(measured(begun, &Count::default()))
    }

    fn profile(&mut self, evidence: &[Evidence], _: &Watch) -> Result<(Measured, Vec<(String, u64)>), Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let (_, count) = self.run(evidence)?;
        let parts = count.parts().into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect();
        Ok((measured(begun, &count), parts))
    }
}

impl Backend for Verifier {
    fn describe(&self) -> Description {
        Description {
            backend: BackendName::OPENVM,
            program: ProgramHash(self.0.program().hash()),
            kinds: vec![ProofKind::Stark],
            cycles_max: 0,
            memory_bytes: memory::total_bytes(),
        }
    }

    fn prove(&mut self, _: ProofKind, _: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        Err(Failure::new(FailureKind::Unsupported, "this worker was started with --verify-only"))
    }

    fn execute(&mut self, _: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        Err(Failure::new(FailureKind::Unsupported, "this worker was started with --verify-only"))
    }

    fn verify(&mut self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        check(&self.0, kind, public_values, proof)?;
        Ok(measured(begun, &Count::default()))
    }
}
