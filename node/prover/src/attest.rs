//! Proofs that L1 has no verifier for: each of several signers verifies a proof and signs that it did, and L1 counts them (SPEC S-24).
//!
//! 1. A signer signs only what its own verifier accepted.
//! 2. What is signed names the program, and by its public values the exchange and the chain.
//! 3. What comes from elsewhere counts only if it is the signature of the one who was asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

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
    /// It is elsewhere, and gave no signature.
    #[error("signer {signer:02x?} gave no signature: {why}")]
    Elsewhere {
        /// Whose.
        signer: [u8; 20],
        /// Why.
        why: String,
    },
    /// What it gave is somebody else's, or of something else.
    #[error("what signer {signer:02x?} gave is not its signature of this proof")]
    Foreign {
        /// Whose it had to be.
        signer: [u8; 20],
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

/// A signer that is not in this process.
pub trait Signer: Send + Sync {
    /// By what L1 knows it.
    fn address(&self) -> Address;

    /// Has it verify a proof and sign that it did, or say why not within a bounded time.
    fn attest(&self, proof: &KeptProof) -> Result<[u8; ATTESTATION_BYTES], AttestError>;
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
#[derive(Clone)]
pub struct Quorum {
    signers: Vec<Attestor>,
    elsewhere: Vec<Arc<dyn Signer>>,
    threshold: usize,
}

impl std::fmt::Debug for Quorum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Quorum({} of {})", self.threshold, self.signers.len() + self.elsewhere.len())
    }
}

impl Quorum {
    /// These signers, of whom so many must sign. The signers that a contract has must be the same.
    pub const fn new(signers: Vec<Attestor>, threshold: usize) -> Quorum {
        Quorum { signers, elsewhere: Vec::new(), threshold }
    }

    /// The same with signers that are elsewhere.
    pub fn and(self, elsewhere: Vec<Arc<dyn Signer>>) -> Quorum {
        Quorum { elsewhere, ..self }
    }

    /// How many must sign.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// All of them, ascending, as the contract is given them.
    pub fn members(&self) -> Vec<Address> {
        let here = self.signers.iter().map(Attestor::address);
        let mut members: Vec<_> = here.chain(self.elsewhere.iter().map(|signer| signer.address())).collect();
        members.sort_unstable_by_key(|member| member.0);
        members
    }

    /// Whether these who have signed are enough, and all of them are counted.
    pub fn is_enough(&self, signers: &[Address]) -> bool {
        let members = self.members();
        signers.len() >= self.threshold && signers.iter().all(|one| members.contains(one))
    }

    /// Has a proof attested: each signer verifies it. Those that are elsewhere are asked at once, and meanwhile those that are here.
    pub fn attest(&self, proof: &KeptProof) -> Result<Attestation, AttestError> {
        let answers: Vec<_> = thread::scope(|scope| {
            let asked: Vec<_> = self
                .elsewhere
                .iter()
                .map(|signer| (signer, scope.spawn(move || of_elsewhere(&**signer, proof))))
                .collect();
            let mut answers: Vec<_> =
                self.signers.iter().map(|signer| (signer.address(), signer.attest(proof))).collect();
            answers.extend(asked.into_iter().map(|(signer, asked)| {
                let died =
                    |_| Err(AttestError::Elsewhere { signer: signer.address().0, why: "asking it failed".to_owned() });
                (signer.address(), asked.join().unwrap_or_else(died))
            }));
            answers
        });
        let mut attestation = Attestation::default();
        let mut refused = None;
        for (signer, answer) in answers {
            match answer {
                Ok(signature) => attestation.insert(signer, signature),
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

/// The signature of a signer that is elsewhere, if it is that.
fn of_elsewhere(signer: &dyn Signer, proof: &KeptProof) -> Result<[u8; ATTESTATION_BYTES], AttestError> {
    let signature = signer.attest(proof)?;
    let digest = attestation_digest(&proof.program.0, &proof.values);
    match recover(&digest, &signature) {
        Ok(of) if of == signer.address() => Ok(signature),
        _ => Err(AttestError::Foreign { signer: signer.address().0 }),
    }
}

/// Signers by the version from which on L1 counts them. L1 counts the same ones for a version for good: others are another version's.
#[derive(Clone, Debug, Default)]
pub struct Quorums(BTreeMap<u32, Option<Quorum>>);

impl Quorums {
    /// The same, and these from this version on; nobody, if its proofs need no signatures.
    #[must_use]
    pub fn since(mut self, version: u32, quorum: Option<Quorum>) -> Quorums {
        self.0.insert(version, quorum);
        self
    }

    /// Who signs proofs of a version, if they need signatures.
    pub fn of(&self, version: u32) -> Option<&Quorum> {
        self.0.range(..=version).next_back()?.1.as_ref()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Quorum> {
        self.0.values().flatten()
    }
}

/// The same signers for every version.
impl From<Quorum> for Quorums {
    fn from(quorum: Quorum) -> Quorums {
        Quorums::default().since(0, Some(quorum))
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
