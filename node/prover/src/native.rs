//! The execute-only backend: the guest's own code, run as it is. It proves nothing to anyone who does not run it too.

use std::time::{SystemTime, UNIX_EPOCH};

use ashlar_guest::VERSION;
use ashlar_prover_wire::{
    Backend, BackendName, Description, Evidence, Failure, FailureKind, Measured, ProgramHash, ProofKind, Proved, Watch,
};
use ashlar_types::sign::{Curve as _, Native as NativeHash};
use ashlar_types::to_bytes;

use ashlar_prover_evidence::execute;

/// The name of the program that execution alone stands for: there is no other one of the same version.
pub fn native_program() -> ProgramHash {
    ProgramHash(NativeHash.sha256(&[b'n'; 64], &[b"ashlar native guest", &VERSION.to_be_bytes()]))
}

/// Executes and proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Backend for Native {
    fn describe(&self) -> Description {
        Description {
            backend: BackendName::NATIVE,
            program: native_program(),
            kinds: vec![ProofKind::Execution],
            cycles_max: 0,
            memory_bytes: 0,
        }
    }

    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        if kind != ProofKind::Execution {
            return Err(Failure::new(FailureKind::Unsupported, format!("{kind:?}: this worker only executes")));
        }
        self.execute(evidence, watch)
    }

    fn execute(&mut self, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        let begun = now_ms();
        watch.check()?;
        watch.progress(0, evidence.len() as u64, "executing");
        let values = execute(evidence).map_err(|error| Failure::new(FailureKind::Refused, error))?;
        let measured = Measured { millis: now_ms().saturating_sub(begun).max(1), ..Measured::default() };
        Ok(Proved { public_values: to_bytes(&values), proof: Vec::new(), measured })
    }

    fn verify(&mut self, _: ProofKind, _: &[u8], _: &[u8]) -> Result<Measured, Failure> {
        Err(Failure::new(FailureKind::Unsupported, "an execution is checked by executing again"))
    }
}

/// A worker is a process of its own and no part of a simulation; its clock measures and decides nothing.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
