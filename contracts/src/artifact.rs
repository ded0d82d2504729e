//! The compiled contracts, as they are committed.

use std::fmt;

use alloy::primitives::{Bytes, hex};

/// One compiled contract.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Artifact {
    name: &'static str,
    json: &'static str,
}

/// A committed artifact that is not what the compiler script writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("artifacts/{artifact}.json has no readable {field}: run contracts/compile.js and commit what it writes")]
pub struct ArtifactError {
    /// Which contract.
    pub artifact: &'static str,
    /// Which of its fields.
    pub field: &'static str,
}

macro_rules! artifacts {
    ($($constant:ident = $name:literal, $doc:literal;)*) => {
        impl Artifact {
            $(
                #[doc = $doc]
                pub const $constant: Artifact =
                    Artifact { name: $name, json: include_str!(concat!("../artifacts/", $name, ".json")) };
            )*
            /// All contracts that can be deployed.
            pub const ALL: &'static [Artifact] = &[$(Artifact::$constant),*];
        }
    };
}

artifacts! {
    SETTLEMENT = "Settlement", "The chain of batches; behind a proxy.";
    BRIDGE = "Bridge", "Money in and out; behind a proxy.";
    VERIFIER_REGISTRY = "VerifierRegistry", "Programs, verifiers and policy.";
    GOVERNANCE = "Governance", "The timelock.";
    INCIDENT_LOG = "IncidentLog", "Incidents, for ever.";
    PROXY = "Proxy", "The address that stays.";
    DEVELOPMENT_VERIFIER = "DevelopmentVerifier", "Proves nothing; for development.";
    DEVELOPMENT_TOKEN = "DevelopmentToken", "A token that anyone can make; for development.";
    ATTESTATION_VERIFIER = "AttestationVerifier", "k of n signers who verified a STARK.";
    GROTH16_KEY = "Groth16Key", "A verification key as code.";
    SP1_GROTH16_VERIFIER = "Sp1Groth16Verifier", "Checks SP1's Groth16 proofs.";
    SP1_GATEWAY_VERIFIER = "Sp1GatewayVerifier", "Asks SP1's contract on this chain.";
    RISC_ZERO_GROTH16_VERIFIER = "RiscZeroGroth16Verifier", "Checks RISC Zero's Groth16 receipts.";
    ZISK_VERIFIER = "ZiskVerifier", "Asks ZisK's contract on this chain.";
}

impl Artifact {
    /// The contract's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What a transaction that creates it begins with; the constructor's arguments follow.
    pub fn creation_code(&self) -> Result<Bytes, ArtifactError> {
        self.code("bytecode", "\"bytecode\": \"0x")
    }

    /// What is on chain afterwards, with zeros where the constructor fills in immutable values.
    pub fn runtime_code(&self) -> Result<Bytes, ArtifactError> {
        self.code("deployedBytecode", "\"deployedBytecode\": \"0x")
    }

    fn code(&self, field: &'static str, opening: &str) -> Result<Bytes, ArtifactError> {
        let unreadable = ArtifactError { artifact: self.name, field };
        let (_, rest) = self.json.split_once(opening).ok_or_else(|| unreadable.clone())?;
        let (digits, _) = rest.split_once('"').ok_or_else(|| unreadable.clone())?;
        hex::decode(digits).map(Bytes::from).map_err(|_| unreadable)
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Artifact").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EIP-170.
    const CODE_BYTES_MAX: usize = 24_576;

    #[test]
    fn each_contract_has_code_within_the_limit() {
        for artifact in Artifact::ALL {
            let runtime = artifact.runtime_code().expect("committed");
            assert!(!runtime.is_empty() && runtime.len() <= CODE_BYTES_MAX, "{artifact:?}: {} bytes", runtime.len());
            assert!(artifact.creation_code().expect("committed").len() > runtime.len(), "{artifact:?}");
        }
    }
}
