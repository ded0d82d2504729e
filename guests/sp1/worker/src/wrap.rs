//! Proofs for L1: a compressed proof, proven again by a circuit that contracts can check.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ashlar_prover_wire::ProofKind;
use sp1_prover::build::{groth16_circuit_artifacts_dir, plonk_circuit_artifacts_dir};

/// A circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrap {
    Groth16,
    Plonk,
}

impl Wrap {
    pub fn of(name: &str) -> Option<Wrap> {
        [Wrap::Groth16, Wrap::Plonk].into_iter().find(|wrap| wrap.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Wrap::Groth16 => "groth16",
            Wrap::Plonk => "plonk",
        }
    }

    pub const fn kind(self) -> ProofKind {
        match self {
            Wrap::Groth16 => ProofKind::Groth16,
            Wrap::Plonk => ProofKind::Plonk,
        }
    }

    fn folder(self) -> anyhow::Result<PathBuf> {
        match self {
            Wrap::Groth16 => groth16_circuit_artifacts_dir(),
            Wrap::Plonk => plonk_circuit_artifacts_dir(),
        }
    }

    /// Whether everything is there that it needs. SP1 itself would download what is missing, or panic, an hour into a proof.
    pub fn check(self) -> anyhow::Result<()> {
        let (name, folder) = (self.name(), self.folder()?);
        let variable = format!("SP1_{}_CIRCUIT_PATH", name.to_uppercase());
        let needs = format!(
            "--wrap {name} needs two things that are not part of this project: SP1's {name} circuit with its proving key, which its makers publish \
             for each release, unpacked in {} ({variable} names another folder than that above the release's), and a running Docker with SP1's image \
             of the gnark prover",
            folder.display(),
        );
        anyhow::ensure!(folder.is_dir(), "{needs}. The folder is not there");
        let docker = Command::new("docker").arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
        anyhow::ensure!(docker.is_ok_and(|status| status.success()), "{needs}. `docker info` fails");
        anyhow::ensure!(
            env::var("SP1_CIRCUIT_MODE").as_deref() != Ok("dev"),
            "SP1_CIRCUIT_MODE=dev: L1 knows no such keys"
        );
        Ok(())
    }

    /// What is said where it was not asked for at the start.
    pub fn refusal(self) -> String {
        let name = self.name();
        format!("this worker makes no {name} proofs: start one with --wrap {name}, which says what it needs")
    }
}
