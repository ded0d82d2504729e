//! Proofs that L1 has no verifier for: each of several signers verifies a proof and signs that it did, and L1 counts them (SPEC S-24).
//!
//! 1. A signer signs only what its own verifier accepted.
//! 2. What is signed names the program, and by its public values the exchange and the chain.
//! 3. What comes from elsewhere counts only if it is the signature of the one who was asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use ashlar_batch::PublicValues;
use ashlar_types::sign::{WalletSecret, recover};
use ashlar_types::{Address, Domain, to_bytes};

use crate::kept::KeptProof;
use crate::limits::QUESTIONS_MAX;
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

/// What a signer says of a proof.
type Said = Result<[u8; ATTESTATION_BYTES], AttestError>;

/// A signer that is not in this process, and how many answers it owes.
#[derive(Clone)]
struct Elsewhere {
    signer: Arc<dyn Signer>,
    owed: Arc<AtomicUsize>,
}

/// An answer that is owed until this is dropped.
struct Owed(Arc<AtomicUsize>);

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Elsewhere {
    /// Asks in a thread of its own, which ends with the answer: whoever has enough of them need not wait for it.
    fn ask(&self, proof: Arc<KeptProof>, say: mpsc::Sender<(Address, Said)>) -> Result<(), AttestError> {
        let signer = self.signer.clone();
        let address = signer.address();
        let failed = |why| AttestError::Elsewhere { signer: address.0, why };
        let before = self.owed.fetch_add(1, Ordering::Relaxed);
        let owed = Owed(self.owed.clone());
        if before >= QUESTIONS_MAX {
            return Err(failed(format!("it owes {before} answers already")));
        }
        let asking = thread::Builder::new().name("signer".to_owned()).spawn(move || {
            let said = of_elsewhere(&*signer, &proof);
            drop(owed);
            // Whoever asked may have had enough without it.
            let _ = say.send((address, said));
        });
        asking.map(drop).map_err(|error| failed(format!("there is no thread to ask it with: {error}")))
    }
}

/// Signers of whom a number must sign.
#[derive(Clone)]
pub struct Quorum {
    signers: Vec<Attestor>,
    elsewhere: Vec<Elsewhere>,
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
        let elsewhere = elsewhere.into_iter().map(|signer| Elsewhere { signer, owed: Arc::default() }).collect();
        Quorum { elsewhere, ..self }
    }

    /// How many must sign.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// All of them, ascending, as the contract is given them.
    pub fn members(&self) -> Vec<Address> {
        let here = self.signers.iter().map(Attestor::address);
        let mut members: Vec<_> = here.chain(self.elsewhere.iter().map(|one| one.signer.address())).collect();
        members.sort_unstable_by_key(|member| member.0);
        members
    }

    /// Whether these who have signed are enough, and all of them are counted.
    pub fn is_enough(&self, signers: &[Address]) -> bool {
        let members = self.members();
        signers.len() >= self.threshold && signers.iter().all(|one| members.contains(one))
    }

    /// Has a proof attested: each signer verifies it. Those that are elsewhere are asked at once, and meanwhile those that are here, all of whom sign. An
    /// answer from elsewhere is waited for only while too few have signed.
    pub fn attest(&self, proof: &KeptProof) -> Result<Attestation, AttestError> {
        let (mut attestation, mut refused) = (Attestation::default(), None);
        let (say, answers) = mpsc::channel();
        let shown = Arc::new(proof.clone());
        for signer in &self.elsewhere {
            if let Err(error) = signer.ask(shown.clone(), say.clone()) {
                refused = Some(error);
            }
        }
        // The answers end when the last of those that were asked has given its own.
        drop(say);
        let here = self.signers.iter().map(|signer| (signer.address(), signer.attest(proof)));
        for (before, (signer, said)) in here.chain(answers).enumerate() {
            match said {
                Ok(signature) => attestation.insert(signer, signature),
                Err(error) => refused = Some(error),
            }
            if before + 1 >= self.signers.len() && attestation.signatures.len() >= self.threshold {
                return Ok(attestation);
            }
        }
        let why = refused.map_or_else(|| "no other signer has answered".to_owned(), |error| error.to_string());
        Err(AttestError::TooFew { threshold: self.threshold, got: attestation.signatures.len(), why })
    }
}

/// The signature of a signer that is elsewhere, if it is that.
fn of_elsewhere(signer: &dyn Signer, proof: &KeptProof) -> Said {
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::kept::tests::sample;
    use crate::verify::Claim;

    struct Believing;

    impl Verifier for Believing {
        fn verify(&self, _: &Claim<'_>) -> Result<(), VerifyError> {
            Ok(())
        }
    }

    fn attestor(key: u8) -> Attestor {
        Attestor::new(WalletSecret::new(&[key; 32]).expect("a secret"), Arc::new(Believing))
    }

    impl Signer for Attestor {
        fn address(&self) -> Address {
            Attestor::address(self)
        }

        fn attest(&self, proof: &KeptProof) -> Said {
            Attestor::attest(self, proof)
        }
    }

    /// Says nothing before the other end of its channel is gone.
    struct Silent(Mutex<mpsc::Receiver<()>>);

    impl Signer for Silent {
        fn address(&self) -> Address {
            attestor(9).address()
        }

        fn attest(&self, _: &KeptProof) -> Said {
            let waited = self.0.lock().expect("nobody panics").recv();
            Err(AttestError::Elsewhere { signer: Signer::address(self).0, why: format!("{waited:?}") })
        }
    }

    #[test]
    fn enough_signatures_are_enough_whoever_else_is_silent_and_who_is_silent_is_not_asked_for_ever() {
        let (hold, held) = mpsc::channel();
        let silent: Arc<dyn Signer> = Arc::new(Silent(Mutex::new(held)));
        let [first, second]: [Arc<dyn Signer>; 2] = [Arc::new(attestor(1)), Arc::new(attestor(2))];
        let quorum = Quorum::new(Vec::new(), 2).and(vec![silent.clone(), first.clone(), second]);
        let mixed = Quorum::new(vec![attestor(2)], 2).and(vec![silent, first]);
        for _ in 0..QUESTIONS_MAX {
            assert_eq!(quorum.attest(&sample()).expect("two have signed").signers().len(), 2);
        }
        assert_eq!(mixed.attest(&sample()).expect("one here and one elsewhere").signers().len(), 2);
        // Nobody waits for one that owes so many answers: it counts as one that refuses.
        let all = Quorum { threshold: 3, ..quorum.clone() };
        let error = all.attest(&sample()).expect_err("the third owes its answers").to_string();
        assert!(error.contains("2 of the 3") && error.contains("owes"), "{error}");
        assert_eq!(quorum.attest(&sample()).expect("the others go on").signers().len(), 2);
        drop(hold);
    }

    #[test]
    fn whoever_is_here_signs_though_fewer_are_enough() {
        let quorum = Quorum::new((1..=3).map(attestor).collect(), 2);
        assert_eq!(quorum.attest(&sample()).expect("all sign").signers(), quorum.members());
        let wants_more = Quorum::new(vec![attestor(1)], 2);
        let error = wants_more.attest(&sample()).expect_err("there is one").to_string();
        assert!(error.contains("1 of the 2"), "{error}");
    }
}
