use ashlar_types::Domain;
use curve25519_dalek::{RistrettoPoint, Scalar};
use sha2::{Digest as _, Sha512};

/// What prover and verifier both draw from.
pub(crate) struct Transcript(Sha512);

impl Transcript {
    pub(crate) fn new(length: usize, commitment: &RistrettoPoint) -> Transcript {
        let mut hash = Sha512::new_with_prefix(Domain::DA_CHALLENGE.bytes());
        hash.update(b"ipa/1");
        hash.update((length as u32).to_le_bytes());
        hash.update(commitment.compress().as_bytes());
        Transcript(hash)
    }

    pub(crate) fn number(&mut self, number: u32) {
        self.0.update(number.to_le_bytes());
    }

    pub(crate) fn scalar(&mut self, scalar: &Scalar) {
        self.0.update(scalar.as_bytes());
    }

    /// A scalar that depends on everything so far; it is part of what follows.
    pub(crate) fn draw(&mut self) -> Scalar {
        let hash: [u8; 64] = self.0.clone().finalize().into();
        self.0.update(hash);
        Scalar::from_bytes_mod_order_wide(&hash)
    }

    pub(crate) fn fold(&mut self, left: &RistrettoPoint, right: &RistrettoPoint) -> Scalar {
        self.0.update(left.compress().as_bytes());
        self.0.update(right.compress().as_bytes());
        self.draw()
    }
}
