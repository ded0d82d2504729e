//! BIP-340 over secp256k1, one signature at a time.

use k256::elliptic_curve::ops::MulByGeneratorVartime;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::schnorr::SigningKey;
use k256::{ProjectivePoint, Scalar};

use super::{Curve, Native, SignatureError};
use crate::encode::{Sha256Prefix, Writer};

/// `SHA256("BIP0340/challenge")` twice: the prefix of every challenge.
const CHALLENGE_PREFIX: [u8; 64] = {
    const TAG: [u8; 32] = [
        0x7b, 0xb5, 0x2d, 0x7a, 0x9f, 0xef, 0x58, 0x32, 0x3e, 0xb1, 0xbf, 0x7a, 0x40, 0x7d, 0xb3, 0x82, 0xd2, 0xf3,
        0xf2, 0xd8, 0x1b, 0xb1, 0x22, 0x4f, 0x49, 0xfe, 0x51, 0x8f, 0x6d, 0x48, 0xd3, 0x7c,
    ];
    let mut prefix = [0; 64];
    let mut i = 0;
    while i < 64 {
        prefix[i] = TAG[i % 32];
        i += 1;
    }
    prefix
};

/// The hash of challenges, its prefix already hashed.
pub(super) struct ChallengeHash {
    prefix: Sha256Prefix,
    room: Writer,
}

impl ChallengeHash {
    pub(super) fn new() -> ChallengeHash {
        ChallengeHash { prefix: Sha256Prefix::new(&CHALLENGE_PREFIX), room: Writer::new() }
    }
}

/// A message with the session key and the signature it came with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SchnorrSigned<'a> {
    /// The x coordinate of the key.
    pub public: [u8; 32],
    /// What was signed: the digest of a message of the exchange.
    pub message: &'a [u8],
    /// The x coordinate of the commitment, then the response.
    pub signature: [u8; 64],
}

impl SchnorrSigned<'_> {
    pub(super) fn commitment(&self) -> &[u8; 32] {
        self.signature.first_chunk().expect("64 bytes have a first half")
    }

    pub(super) fn response(&self) -> &[u8; 32] {
        self.signature.last_chunk().expect("64 bytes have a second half")
    }

    /// The challenge before it is reduced. It depends on commitment, key and message, and so stands for all three.
    pub(super) fn challenge(&self, hash: &mut ChallengeHash) -> [u8; 32] {
        hash.room.clear();
        for part in [self.commitment(), &self.public, self.message] {
            hash.room.bytes(part);
        }
        hash.prefix.finish_bytes(&hash.room)
    }
}

/// Checks one signature by the rules of BIP-340, and no others: `s = 0` is accepted where it fits (G-7).
pub fn verify(signed: &SchnorrSigned<'_>) -> Result<(), SignatureError> {
    let key = Native.lift_x(&signed.public).ok_or(SignatureError::PublicKeyNotOnCurve)?;
    let response = Native.scalar(signed.response()).ok_or(SignatureError::ScalarTooLarge)?;
    let challenge: Scalar = Native.scalar_reduced(&signed.challenge(&mut ChallengeHash::new()));
    let commitment =
        ProjectivePoint::mul_by_generator_and_mul_add_vartime(&response, &-challenge, &key.into()).to_affine();
    // The point at infinity has the coordinates zero here, and no point of the curve has the x coordinate zero.
    let fits = commitment != k256::AffinePoint::IDENTITY
        && !bool::from(commitment.y_is_odd())
        && commitment.x().as_slice() == signed.commitment();
    if fits { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// A session key's secret, for clients and tests.
#[derive(Clone)]
pub struct SessionSecret(SigningKey);

impl SessionSecret {
    /// The secret of 32 bytes, which must not be zero nor reach the order of the group.
    pub fn new(bytes: &[u8; 32]) -> Result<SessionSecret, SignatureError> {
        SigningKey::from_slice(bytes).map(SessionSecret).map_err(|_| SignatureError::BadSecret)
    }

    /// The x coordinate that the owner registers.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes().into()
    }

    /// Signs with BIP-340's own nonce: deterministic, hedged by `aux`, for which fresh randomness is best and zeros are safe.
    pub fn sign(&self, message: &[u8], aux: &[u8; 32]) -> Result<[u8; 64], SignatureError> {
        self.0.sign_raw(message, aux).map(|signature| signature.to_bytes()).map_err(|_| SignatureError::BadSecret)
    }
}

impl core::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SessionSecret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_challenge_prefix_is_the_tag_twice() {
        let tag = Sha256::digest(b"BIP0340/challenge");
        assert_eq!(CHALLENGE_PREFIX[..32], tag[..]);
        assert_eq!(CHALLENGE_PREFIX[32..], tag[..]);
    }
}
