//! What a deployment of `ashlar up` rests on: signers whose keys everybody knows.

use alloy::primitives::B256;
use anyhow::{Result, anyhow};
use ashlar_contracts::{ProgramTerms, VerifierTerms};
use ashlar_types::sign::WalletSecret;

use super::{Backend, Policy, SIGNERS, SignerKeys, THRESHOLD};
use crate::development::development_key;

impl SignerKeys {
    /// Those of a development deployment, which everybody knows.
    pub fn development() -> Result<SignerKeys> {
        let signer = |number: usize| {
            let secret = WalletSecret::new(&development_key(&format!("attestation signer {number}")));
            secret.map_err(|_| anyhow!("a signer's key is no key"))
        };
        let secrets = (0..SIGNERS).map(signer).collect::<Result<_>>()?;
        Ok(SignerKeys { are_public: true, ..SignerKeys::named(secrets) })
    }
}

impl Policy {
    /// What the contracts of a development deployment are told of it.
    pub fn terms(self) -> Result<ProgramTerms> {
        let verifier = match self.backend {
            Backend::Execute => VerifierTerms::Development,
            _ => {
                let mut members = SignerKeys::development()?.addresses();
                members.sort_unstable();
                VerifierTerms::Attestation { members, threshold: THRESHOLD as u8 }
            }
        };
        let program_hash = B256::from(self.backend.file_hash());
        Ok(ProgramTerms { proof_type: self.proof_type, program_hash, key: B256::from(self.key), verifier })
    }
}
