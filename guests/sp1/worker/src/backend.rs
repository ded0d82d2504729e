//! What a coordinator may ask.

use std::time::Instant;

use ashlar_guest::words_to_bytes;
use ashlar_guest_hints::prepare;
use ashlar_guest_worker::{check_cycles, memory, packed};
use ashlar_prover_wire::{
    Backend, BackendName, Description, Evidence, Failure, FailureKind, Measured, ProgramHash, ProofKind, Proved, Watch,
};
use ashlar_sp1_engine::Engine;
use ashlar_sp1_meter::{ExecuteError, Executed, execute};

use crate::proof::{encode, verify};
use crate::wrap::Wrap;

/// SP1, with one program.
pub struct Sp1 {
    engine: Engine,
    cycles_max: u64,
    wraps: Vec<Wrap>,
}

/// What is known before a proof.
struct Prepared {
    packed: Vec<u64>,
    executed: Executed,
}

impl Sp1 {
    pub const fn new(engine: Engine, cycles_max: u64, wraps: Vec<Wrap>) -> Sp1 {
        Sp1 { engine, cycles_max, wraps }
    }

    /// Runs plain code and the program, and compares.
    fn prepare(&self, evidence: &[Evidence]) -> Result<Prepared, Failure> {
        let packed = packed(evidence)?;
        let executed = execute(self.engine.elf(), &packed).map_err(|error| match error {
            ExecuteError::Refused(_) => Failure::new(FailureKind::Refused, error),
            ExecuteError::Program(_) | ExecuteError::Machine(_) | ExecuteError::Differs { .. } => {
                Failure::new(FailureKind::Backend, error)
            }
        })?;
        Ok(Prepared { packed, executed })
    }
}

fn measured(begun: Instant, executed: Option<&Executed>) -> Measured {
    Measured {
        cycles: executed.map_or(0, |executed| executed.count.cycles),
        instruction_equivalents: executed.map_or(0, |executed| executed.count.instruction_equivalents()),
        millis: begun.elapsed().as_millis() as u64,
        memory_bytes: memory::peak_bytes(),
    }
}

impl Backend for Sp1 {
    fn describe(&self) -> Description {
        let wraps = self.wraps.iter().map(|wrap| wrap.kind());
        Description {
            backend: BackendName::SP1,
            program: ProgramHash(self.engine.program().hash()),
            kinds: [ProofKind::Core, ProofKind::Compressed].into_iter().chain(wraps).collect(),
            cycles_max: self.cycles_max,
            memory_bytes: memory::total_bytes(),
        }
    }

    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        for wrap in [Wrap::Groth16, Wrap::Plonk] {
            if kind == wrap.kind() && !self.wraps.contains(&wrap) {
                return Err(Failure::new(FailureKind::Unsupported, wrap.refusal()));
            }
        }
        let begun = Instant::now();
        memory::reset_peak();
        watch.progress(0, 0, "executing");
        let Prepared { packed, executed } = self.prepare(evidence)?;
        check_cycles(executed.count.cycles, self.cycles_max)?;
        watch.check()?;
        let (_, hints) = prepare(&packed).map_err(|error| Failure::new(FailureKind::Refused, error))?;
        let items = [words_to_bytes(&packed), words_to_bytes(&hints)];
        let made = self.engine.prove(kind, &items, watch)?;
        let public_values = made.public_values.to_vec();
        if public_values != executed.public_values {
            return Err(Failure::new(FailureKind::Backend, "SP1 has proven other public values than it executed"));
        }
        let proof = encode(&made.proof)?;
        let measured = measured(begun, Some(&executed));
        verify(&mut self.engine, kind, &public_values, &proof)?;
        Ok(Proved { public_values, proof, measured })
    }

    fn execute(&mut self, evidence: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let Prepared { executed, .. } = self.prepare(evidence)?;
        let measured = measured(begun, Some(&executed));
        Ok(Proved { public_values: executed.public_values, proof: Vec::new(), measured })
    }

    fn verify(&mut self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        verify(&mut self.engine, kind, public_values, proof)?;
        Ok(measured(begun, None))
    }

    fn profile(&mut self, evidence: &[Evidence], _: &Watch) -> Result<(Measured, Vec<(String, u64)>), Failure> {
        let begun = Instant::now();
        memory::reset_peak();
        let Prepared { executed, .. } = self.prepare(evidence)?;
        let parts = executed.count.parts().into_iter().map(|(name, cost)| (name.to_owned(), cost)).collect();
        Ok((measured(begun, Some(&executed)), parts))
    }
}
