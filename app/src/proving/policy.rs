//! Which proofs a batch needs, on what they rest, and in which words every screen says so.

use std::path::Path;

use alloy::primitives::{Address as L1Address, B256};
use anyhow::{Result, anyhow};
use ashlar_contracts::{ProgramTerms, VerifierTerms};
use ashlar_prover::{Attestor, Quorum};
use ashlar_types::Address;
use ashlar_types::sign::WalletSecret;
use sha2::{Digest as _, Sha256};

use super::{Backend, verifier_of};
use crate::up::wallet::development_key;

/// The number of execution in a deployment's registry.
pub const EXECUTE_ONLY_TYPE: u8 = 0;
/// The numbers of attested STARKs.
const SP1_ATTESTED_TYPE: u8 = 1;
const OPENVM_ATTESTED_TYPE: u8 = 2;
const RISC_ZERO_ATTESTED_TYPE: u8 = 3;
/// Signers of a development deployment, and how many of them must sign.
const SIGNERS: usize = 3;
const THRESHOLD: usize = 2;

/// One way of proving, as contracts and screens know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    backend: Backend,
    proof_type: u8,
    signers: Signers,
}

/// Those who sign for a STARK, which L1 has no verifier for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Signers {
    count: usize,
    threshold: usize,
    /// Whether everybody knows their keys.
    are_public: bool,
}

impl Policy {
    /// The policy of a development deployment that proves so.
    pub const fn development(backend: Backend) -> Policy {
        let proof_type = match backend {
            Backend::Execute => EXECUTE_ONLY_TYPE,
            Backend::Sp1 => SP1_ATTESTED_TYPE,
            Backend::RiscZero => RISC_ZERO_ATTESTED_TYPE,
            Backend::OpenVm => OPENVM_ATTESTED_TYPE,
        };
        Policy { backend, proof_type, signers: Signers { count: SIGNERS, threshold: THRESHOLD, are_public: true } }
    }

    /// The policy of contracts that know these proofs by a number, and count so many signers of so many.
    pub const fn of_contracts(backend: Backend, proof_type: u8, threshold: usize, count: usize) -> Policy {
        Policy { backend, proof_type, signers: Signers { count, threshold, are_public: false } }
    }

    /// Who proves.
    pub const fn backend(self) -> Backend {
        self.backend
    }

    /// What every screen calls its proofs.
    pub fn kind(self) -> String {
        let Signers { count, threshold, are_public } = self.signers;
        let whose = if are_public { "development signers" } else { "signers" };
        let how = match self.backend {
            Backend::Execute => return "execute-only (development)".to_owned(),
            Backend::Sp1 => "SP1 (compressed STARK)",
            Backend::RiscZero => "RISC Zero (succinct STARK)",
            Backend::OpenVm => "OpenVM (joined STARK)",
        };
        format!("proven by {how}, verified and signed by {threshold} of {count} {whose}")
    }

    /// What believing them rests on.
    pub fn trust(self) -> String {
        let Signers { count, threshold, are_public } = self.signers;
        let whose = if are_public { ", whose keys are public in a development deployment" } else { "" };
        match self.backend {
            Backend::Execute => "nothing is proven on this chain: its operator says that it ran every batch".to_owned(),
            Backend::Sp1 | Backend::RiscZero | Backend::OpenVm => format!(
                "a STARK without trusted setup, which anyone can verify (`ashlar verify-proof`); L1 itself has no verifier for it and \
                 counts {threshold} of {count} signers{whose}"
            ),
        }
    }

    /// Its number in the contracts' registry.
    pub const fn proof_type(self) -> u8 {
        self.proof_type
    }

    /// What the contracts of a development deployment are told of it.
    pub fn terms(self) -> Result<ProgramTerms> {
        let elf: &[u8] = match self.backend {
            Backend::Execute => {
                return Ok(ProgramTerms {
                    proof_type: self.proof_type,
                    program_hash: B256::from(development_key("execute-only program hash")),
                    key: B256::from(self.key()),
                    verifier: VerifierTerms::Development,
                });
            }
            Backend::Sp1 => include_bytes!("../../../guests/sp1/program.elf"),
            Backend::RiscZero => include_bytes!("../../../guests/risc0/program.elf"),
            Backend::OpenVm => include_bytes!("../../../guests/openvm/program.elf"),
        };
        let program_hash = B256::from_slice(&Sha256::digest(elf));
        let members = self.development_quorum(None)?.members().into_iter().map(l1_address).collect();
        let verifier = VerifierTerms::Attestation { members, threshold: THRESHOLD as u8 };
        Ok(ProgramTerms { proof_type: self.proof_type, program_hash, key: B256::from(self.key()), verifier })
    }

    /// The program, as the contracts' verifier names it.
    pub fn key(self) -> [u8; 32] {
        match self.backend {
            Backend::Execute => development_key("execute-only program"),
            Backend::Sp1 | Backend::RiscZero | Backend::OpenVm => self.backend.program().0,
        }
    }

    /// The signers of a development deployment.
    pub fn development_quorum(self, worker: Option<&Path>) -> Result<Quorum> {
        let signer = |number: usize| {
            let secret = WalletSecret::new(&development_key(&format!("attestation signer {number}")));
            secret.map_err(|_| anyhow!("a signer's key is no key"))
        };
        self.quorum((0..SIGNERS).map(signer).collect::<Result<_>>()?, worker)
    }

    /// Signers with these keys. Each verifies what it signs, by the worker that was named where one is needed for that.
    pub fn quorum(self, keys: Vec<WalletSecret>, worker: Option<&Path>) -> Result<Quorum> {
        let backend = self.backend.target().backend;
        let verifier =
            verifier_of(backend, worker).ok_or_else(|| anyhow!("there is no verifier for {backend} in this build"))?;
        let signers = keys.into_iter().map(|secret| Attestor::new(secret, verifier.clone())).collect();
        Ok(Quorum::new(signers, self.signers.threshold))
    }
}

fn l1_address(address: Address) -> L1Address {
    L1Address::from(address.0)
}
