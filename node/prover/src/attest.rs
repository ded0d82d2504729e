//! Proofs that L1 has no verifier for: each of several signers verifies a proof and signs that it did, and L1 counts them (SPEC S-24).
//!
//! 1. A signer signs only what its own verifier accepted.
//! 2. What is signed names the program, and by its public values the exchange and the chain.

use std::sync::Arc;

use ashlar_batch::PublicValues;
use ashlar_types::sign::{WalletSecret, recover};
use ashlar_types::{Address, Domain, to_bytes};

use crate::kept::KeptProof;
use crate::verify::{Verifier, VerifyError};

/// Bytes of one signature: `r`, `s`, `v`.
pub const ATTESTATION_BYTES: usize = 65;

/// What a signer signs.
pub fn attestation_digest(key: &[u8; 32], values: &PublicValues) -> [u8; 32] {
    Domain::ATTESTATION.hash(&[key, &values.hash().0])
}

/// Why a signer does not sign.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AttestError {
    /// Its verifier refuses the proof.
    #[error("signer {signer:02x?} does not sign: {why}")]
    Refused {
        /// Whose.
        signer: [u8; 20],
        /// Why.
        why: VerifyError,
    },
    /// Fewer have signed than must.
    #[error("{got} of the {threshold} signatures that are needed: {why}")]
    TooFew {
        /// How many must sign.
        threshold: usize,
        /// How many did.
        got: usize,
        /// Why one of the others did not.
        why: String,
    },
}

/// One signer, with the verifier that it believes.
#[derive(Clone)]
pub struct Attestor {
    secret: WalletSecret,
    verifier: Arc<dyn Verifier>,
}

impl std::fmt::Debug for Attestor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attestor({:02x?})", self.address().0)
    }
}

impl Attestor {
    /// A signer.
    pub fn new(secret: WalletSecret, verifier: Arc<dyn Verifier>) -> Attestor {
        Attestor { secret, verifier }
    }

    /// By what L1 knows it.
    pub fn address(&self) -> Address {
        self.secret.address()
    }

    /// Verifies a proof and signs that it did.
    pub fn attest(&self, proof: &KeptProof) -> Result<[u8; ATTESTATION_BYTES], AttestError> {
        let refused = |why| AttestError::Refused { signer: self.address().0, why };
        self.verifier.verify(&proof.claim(&to_bytes(&proof.values))).map_err(refused)?;
        Ok(self.secret.sign(&attestation_digest(&proof.program.0, &proof.values)))
    }
}

/// Signers of whom a number must sign.
#[derive(Clone, Debug)]
pub struct Quorum {
    signers: Vec<Attestor>,
    threshold: usize,
}

impl Quorum {
    /// These signers, of whom so many must sign. The signers that a contract has must be the same.
    pub const fn new(signers: Vec<Attestor>, threshold: usize) -> Quorum {
        Quorum { signers, threshold }
    }

    /// How many must sign.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// All of them, ascending, as the contract is given them.
    pub fn members(&self) -> Vec<Address> {
        let mut members: Vec<_> = self.signers.iter().map(Attestor::address).collect();
        members.sort_unstable_by_key(|member| member.0);
        members
    }

    /// Has a proof attested: each signer verifies it.
    pub fn attest(&self, proof: &KeptProof) -> Result<Attestation, AttestError> {
        let mut attestation = Attestation::default();
        let mut refused = None;
        for signer in &self.signers {
            match signer.attest(proof) {
                Ok(signature) => attestation.insert(signer.address(), signature),
                Err(error) => refused = Some(error),
            }
        }
        let got = attestation.signatures.len();
        if got >= self.threshold {
            return Ok(attestation);
        }
        let why = refused.map_or_else(|| "there are no more signers".to_owned(), |error| error.to_string());
        Err(AttestError::TooFew { threshold: self.threshold, got, why })
    }
}

/// Signatures under one proof.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attestation {
    /// Ascending by signer, each once.
    signatures: Vec<(Address, [u8; ATTESTATION_BYTES])>,
}

impl Attestation {
    fn insert(&mut self, signer: Address, signature: [u8; ATTESTATION_BYTES]) {
        match self.signatures.binary_search_by_key(&signer.0, |(of, _)| of.0) {
            Ok(at) => self.signatures[at] = (signer, signature),
            Err(at) => self.signatures.insert(at, (signer, signature)),
        }
    }

    /// Who signed.
    pub fn signers(&self) -> Vec<Address> {
        self.signatures.iter().map(|(signer, _)| *signer).collect()
    }

    /// As the contract takes it: the signatures one after another, ascending by signer.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.signatures.iter().flat_map(|(_, signature)| *signature).collect()
    }

    /// Reads what [`Attestation::to_bytes`] wrote about a proof; `None` if one of the signatures is none or their order is another.
    pub fn from_bytes(bytes: &[u8], program: &[u8; 32], values: &PublicValues) -> Option<Attestation> {
        let (signatures, []) = bytes.as_chunks::<ATTESTATION_BYTES>() else { return None };
        let digest = attestation_digest(program, values);
        let mut attestation = Attestation::default();
        for signature in signatures {
            attestation.insert(recover(&digest, signature).ok()?, *signature);
        }
        (attestation.to_bytes() == bytes).then_some(attestation)
    }
}
