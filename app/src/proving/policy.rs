//! Which proofs a batch needs, on what they rest, and in which words every screen says so.

use std::path::PathBuf;
use std::sync::Arc;

use alloy::primitives::Address as L1Address;
use anyhow::{Result, anyhow};
use ashlar_prover::{Attestor, Quorum, Signer, native_program};
use ashlar_prover_wire::ProgramHash;
use ashlar_types::Address;
use ashlar_types::sign::WalletSecret;

use super::{Backend, verifier_of};

#[cfg(feature = "devnet")]
mod development;

/// The number of execution in a deployment's registry.
pub const EXECUTE_ONLY_TYPE: u8 = 0;
/// The numbers of attested STARKs of SP1, of OpenVM, and of RISC Zero.
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
    /// The program, as the contracts' verifier names it.
    key: [u8; 32],
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

/// Whose signatures can be given here.
#[derive(Clone)]
pub struct SignerKeys {
    secrets: Vec<WalletSecret>,
    elsewhere: Vec<Arc<dyn Signer>>,
    are_public: bool,
    /// The worker by which they verify, where that is not what is usually built or not needed.
    worker: Option<PathBuf>,
}

impl SignerKeys {
    /// Secret ones.
    pub const fn named(secrets: Vec<WalletSecret>) -> SignerKeys {
        SignerKeys { secrets, elsewhere: Vec::new(), are_public: false, worker: None }
    }

    /// The same with signers on other machines.
    pub fn and(self, elsewhere: Vec<Arc<dyn Signer>>) -> SignerKeys {
        SignerKeys { elsewhere, ..self }
    }

    /// The same, verifying by this worker where a proof system has its verifier in one.
    pub fn verifying_by(self, worker: Option<PathBuf>) -> SignerKeys {
        SignerKeys { worker, ..self }
    }

    /// Of whom they are.
    pub fn addresses(&self) -> Vec<L1Address> {
        let here = self.secrets.iter().map(WalletSecret::address);
        here.chain(self.elsewhere.iter().map(|signer| signer.address())).map(l1_address).collect()
    }

    /// Those of them who are members, if they are enough: each verifies what it signs.
    pub fn quorum(&self, backend: Backend, members: &[L1Address], threshold: usize) -> Result<Quorum> {
        let system = backend.target().backend;
        let verifier = verifier_of(system, self.worker.as_deref())
            .ok_or_else(|| anyhow!("there is no verifier for {system} in this build"))?;
        let ours = self.secrets.iter().filter(|secret| members.contains(&l1_address(secret.address())));
        let signers = ours.map(|secret| Attestor::new(secret.clone(), verifier.clone())).collect::<Vec<_>>();
        let of_members = |signer: &&Arc<dyn Signer>| members.contains(&l1_address(signer.address()));
        let elsewhere: Vec<_> = self.elsewhere.iter().filter(of_members).cloned().collect();
        let named = signers.len() + elsewhere.len();
        if named < threshold {
            return Err(anyhow!(
                "L1 wants the signatures of {threshold} of {} signers, and prover.signer_key_files and prover.signers_file name {named} of them",
                members.len()
            ));
        }
        Ok(Quorum::new(signers, threshold).and(elsewhere))
    }
}

impl Policy {
    /// The policy of a development deployment that proves so.
    pub fn development(backend: Backend) -> Policy {
        let proof_type = match backend {
            Backend::Execute => EXECUTE_ONLY_TYPE,
            Backend::Sp1 => SP1_ATTESTED_TYPE,
            Backend::RiscZero => RISC_ZERO_ATTESTED_TYPE,
            Backend::OpenVm => OPENVM_ATTESTED_TYPE,
        };
        let signers = Signers { count: SIGNERS, threshold: THRESHOLD, are_public: true };
        Policy { backend, proof_type, key: backend.key(), signers }
    }

    /// The policy of contracts that know these proofs by a number and their program by a key, and count so many of so many signers.
    pub const fn of_contracts(
        backend: Backend,
        (proof_type, key): (u8, [u8; 32]),
        (threshold, count): (usize, usize),
        keys: &SignerKeys,
    ) -> Policy {
        Policy { backend, proof_type, key, signers: Signers { count, threshold, are_public: keys.are_public } }
    }

    /// Who proves.
    pub const fn backend(self) -> Backend {
        self.backend
    }

    /// What every screen calls its proofs.
    pub fn kind(self) -> String {
        let Signers { count, threshold, are_public } = self.signers;
        let whose = if are_public { "development signers" } else { "signers" };
        let by = match self.backend {
            Backend::Execute => return "execute-only (development)".to_owned(),
            Backend::Sp1 => "SP1 (compressed STARK)",
            Backend::RiscZero => "RISC Zero (succinct STARK)",
            Backend::OpenVm => "OpenVM (joined STARK)",
        };
        format!("proven by {by}, verified and signed by {threshold} of {count} {whose}")
    }

    /// What believing them rests on.
    pub fn trust(self) -> String {
        let Signers { count, threshold, are_public } = self.signers;
        let whose = if are_public { ", whose keys are public in a development deployment" } else { "" };
        match self.backend {
            Backend::Execute => "nothing is proven on this chain: its operator says that it ran every batch".to_owned(),
            _ => format!(
                "a STARK without trusted setup, which anyone can verify (`ashlar verify-proof`); L1 itself has no verifier for it and \
                 counts {threshold} of {count} signers{whose}"
            ),
        }
    }

    /// Its number in the contracts' registry.
    pub const fn proof_type(self) -> u8 {
        self.proof_type
    }

    /// The program, as the contracts' verifier names it.
    pub const fn key(self) -> [u8; 32] {
        self.key
    }

    /// The same, as workers name it. What is executed has no other name than that of this build.
    pub fn program(self) -> ProgramHash {
        match self.backend {
            Backend::Execute => native_program(),
            _ => ProgramHash(self.key),
        }
    }
}

fn l1_address(address: Address) -> L1Address {
    L1Address::from(address.0)
}
