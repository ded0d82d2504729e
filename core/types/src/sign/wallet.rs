//! Owners' wallets: secp256k1 ECDSA from which the signer's address is recovered.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use k256::elliptic_curve::scalar::IsHigh;
use sha3::{Digest, Keccak256};

use super::{SignatureError, wallet_digest};
use crate::command::Message;
use crate::domain::Deployment;
use crate::ids::Address;

/// The address whose key made this signature (`r`, `s`, `v`) of this digest.
///
/// There is one accepted form of each signature but for `v`, which may be 0 or 1 as well as 27 or 28 (G-13).
pub fn recover(digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
    let recovery = match signature[64] {
        odd @ (0 | 1) => odd,
        odd @ (27 | 28) => odd - 27,
        got => return Err(SignatureError::UnknownRecovery { got }),
    };
    let halves = Signature::from_slice(&signature[..64]).map_err(|_| SignatureError::EcdsaRange)?;
    if halves.s().is_high().into() {
        return Err(SignatureError::HighS);
    }
    let key = VerifyingKey::recover_from_prehash(digest, &halves, RecoveryId::new(recovery == 1, false))
        .map_err(|_| SignatureError::Unrecoverable)?;
    Ok(address_of(&key))
}

/// Checks that a message was signed by the wallet of the account's owner.
pub fn recover_owner(
    deployment: &Deployment,
    message: &Message,
    signature: &[u8; 65],
    owner: Address,
) -> Result<(), SignatureError> {
    let got = recover(&wallet_digest(deployment, message)?, signature)?;
    if got == owner { Ok(()) } else { Err(SignatureError::WrongOwner { expected: owner, got }) }
}

/// The last 20 bytes of the Keccak-256 of the key's two coordinates.
fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    let hash = Keccak256::digest(&point.as_bytes()[1..]);
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address(address)
}

/// A wallet's secret, for clients and tests.
#[derive(Clone)]
pub struct WalletSecret(SigningKey);

impl WalletSecret {
    /// The secret of 32 bytes, which must not be zero nor reach the order of the group.
    pub fn new(bytes: &[u8; 32]) -> Result<WalletSecret, SignatureError> {
        SigningKey::from_slice(bytes).map(WalletSecret).map_err(|_| SignatureError::BadSecret)
    }

    /// The address.
    pub fn address(&self) -> Address {
        address_of(self.0.verifying_key())
    }

    /// Signs a digest with the deterministic nonce of RFC 6979; `v` is 27 or 28.
    pub fn sign(&self, digest: &[u8; 32]) -> [u8; 65] {
        let (halves, recovery) = self.0.sign_prehash_recoverable(digest);
        let mut signature = [0; 65];
        signature[..64].copy_from_slice(&halves.to_bytes());
        signature[64] = 27 + u8::from(recovery.is_y_odd());
        signature
    }
}

impl core::fmt::Debug for WalletSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WalletSecret(hidden)")
    }
}
