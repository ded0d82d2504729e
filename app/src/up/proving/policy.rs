//! Which proofs a batch needs, on what they rest, and in which words every screen says so.

use alloy::primitives::{Address as L1Address, B256};
use anyhow::{Result, anyhow};
use ashlar_contracts::{ProgramTerms, VerifierTerms};
use ashlar_prover::{Attestor, Quorum};
use ashlar_types::Address;
use ashlar_types::sign::WalletSecret;
use sha2::{Digest as _, Sha256};

use crate::proving::{Backend, verifier_of};
use crate::up::wallet::development_key;

/// The number of execution in a deployment's registry.
pub const EXECUTE_ONLY_TYPE: u8 = 0;
/// The numbers of attested STARKs of SP1 and of RISC Zero.
const SP1_ATTESTED_TYPE: u8 = 1;
const RISC_ZERO_ATTESTED_TYPE: u8 = 3;
/// Signers of a development deployment, and how many of them must sign.
const SIGNERS: usize = 3;
const THRESHOLD: usize = 2;

/// One way of proving, as contracts and screens know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy(Backend);

impl Policy {
    /// The policy of a deployment that proves so.
    pub const fn of(backend: Backend) -> Policy {
        Policy(backend)
    }

    /// What every screen calls its proofs.
    pub const fn kind(self) -> &'static str {
        match self.0 {
            Backend::Execute => "execute-only (development)",
            Backend::Sp1 => "proven by SP1 (compressed STARK), verified and signed by 2 of 3 development signers",
            Backend::RiscZero => {
                "proven by RISC Zero (succinct STARK), verified and signed by 2 of 3 development signers"
            }
        }
    }

    /// What believing them rests on.
    pub const fn trust(self) -> &'static str {
        match self.0 {
            Backend::Execute => "nothing is proven on this chain: its operator says that it ran every batch",
            Backend::Sp1 | Backend::RiscZero => {
                "a STARK without trusted setup, which anyone can verify (`ashlar verify-proof`); L1 itself has no verifier for it and counts 2 of 3 \
                 signers, whose keys are public in a development deployment"
            }
        }
    }

    /// Its number in the contracts' registry.
    pub const fn proof_type(self) -> u8 {
        match self.0 {
            Backend::Execute => EXECUTE_ONLY_TYPE,
            Backend::Sp1 => SP1_ATTESTED_TYPE,
            Backend::RiscZero => RISC_ZERO_ATTESTED_TYPE,
        }
    }

    /// What the contracts are told of it.
    pub fn terms(self) -> Result<ProgramTerms> {
        let proof_type = self.proof_type();
        Ok(match self.0 {
            Backend::Execute => ProgramTerms {
                proof_type,
                program_hash: B256::from(development_key("execute-only program hash")),
                key: B256::from(self.key()),
                verifier: VerifierTerms::Development,
            },
            Backend::Sp1 => self.attested(include_bytes!("../../../../guests/sp1/program.elf"))?,
            Backend::RiscZero => self.attested(include_bytes!("../../../../guests/risc0/program.elf"))?,
        })
    }

    /// Of a program whose proofs signers verify.
    fn attested(self, elf: &[u8]) -> Result<ProgramTerms> {
        Ok(ProgramTerms {
            proof_type: self.proof_type(),
            program_hash: B256::from_slice(&Sha256::digest(elf)),
            key: B256::from(self.key()),
            verifier: VerifierTerms::Attestation {
                members: self.quorum()?.members().into_iter().map(l1_address).collect(),
                threshold: THRESHOLD as u8,
            },
        })
    }

    /// The program, as the contracts' verifier names it.
    pub fn key(self) -> [u8; 32] {
        match self.0 {
            Backend::Execute => development_key("execute-only program"),
            Backend::Sp1 | Backend::RiscZero => self.0.program().0,
        }
    }

    /// The signers of a development deployment. Each verifies what it signs.
    pub fn quorum(self) -> Result<Quorum> {
        let backend = self.0.target().backend;
        let verifier =
            verifier_of(backend).ok_or_else(|| anyhow!("there is no verifier for {backend} in this build"))?;
        let signer = |number: usize| {
            let secret = WalletSecret::new(&development_key(&format!("attestation signer {number}")));
            Ok(Attestor::new(secret.map_err(|_| anyhow!("a signer's key is no key"))?, verifier.clone()))
        };
        Ok(Quorum::new((0..SIGNERS).map(signer).collect::<Result<_>>()?, THRESHOLD))
    }
}

fn l1_address(address: Address) -> L1Address {
    L1Address::from(address.0)
}
