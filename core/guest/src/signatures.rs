//! The signatures of a batch: session keys' all at once, wallets' one by one.

use alloc::vec::Vec;

use ashlar_batch::merkle::{Digest, RootBuilder, TreeKind};
use ashlar_batch::{SIGNATURE_BYTES, row_bytes};
use ashlar_types::sign::SignatureError;
use ashlar_types::sign::{BatchError, Curve, SchnorrSigned, session_prefix, verify_batch, wallet_digest};
use ashlar_types::{Address, Deployment, Encode, ExchangeId, Message, Sha256Prefix, Writer};

use crate::error::GuestError;
use crate::platform::Platform;

/// A session key said to have signed a digest.
#[derive(Clone, Copy, Debug)]
struct Claim {
    input: usize,
    public: [u8; 32],
    digest: [u8; 32],
    signature: [u8; SIGNATURE_BYTES],
}

/// Takes the signatures in the order of the messages.
#[derive(Debug)]
pub(crate) struct SignatureReader<'a> {
    bytes: &'a [u8],
    left: &'a [u8],
    deployment: Deployment,
    prefix: Sha256Prefix,
    claims: Vec<Claim>,
    scratch: Writer,
}

impl<'a> SignatureReader<'a> {
    pub(crate) fn new(bytes: &'a [u8], deployment: Deployment, exchange: &ExchangeId) -> SignatureReader<'a> {
        SignatureReader {
            bytes,
            left: bytes,
            deployment,
            prefix: Sha256Prefix::new(&session_prefix(exchange)),
            claims: Vec::new(),
            scratch: Writer::new(),
        }
    }

    fn take(&mut self) -> Result<[u8; SIGNATURE_BYTES], GuestError> {
        match self.left.split_first_chunk() {
            Some((signature, left)) => {
                self.left = left;
                Ok(*signature)
            }
            None => {
                let expected = self.bytes.len() - self.left.len() + SIGNATURE_BYTES;
                Err(GuestError::SignatureBytes { expected, got: self.bytes.len() })
            }
        }
    }

    /// Remembers that this key must have signed this message.
    pub(crate) fn session(&mut self, input: usize, message: &Message, public: [u8; 32]) -> Result<(), GuestError> {
        let signature = self.take()?;
        self.scratch.clear();
        message.encode(&mut self.scratch);
        let digest = self.prefix.finish_bytes(&self.scratch);
        self.claims.push(Claim { input, public, digest, signature });
        Ok(())
    }

    /// Checks that the owner's wallet signed this message.
    pub(crate) fn wallet<P: Platform>(
        &mut self,
        platform: &mut P,
        input: usize,
        message: &Message,
        owner: Address,
    ) -> Result<(), GuestError> {
        let signature = unpack_wallet_signature(&self.take()?);
        let fails = |error| GuestError::Signature { input, error };
        let digest = wallet_digest(&self.deployment, message).map_err(fails)?;
        let got = platform.recover(&digest, &signature).map_err(fails)?;
        if got == owner { Ok(()) } else { Err(fails(SignatureError::WrongOwner { expected: owner, got })) }
    }

    /// Checks all session keys' signatures, and that none is left over. Gives the root over the section.
    pub(crate) fn finish<C: Curve>(self, curve: &mut C) -> Result<Digest, GuestError> {
        if !self.left.is_empty() {
            let expected = self.bytes.len() - self.left.len();
            return Err(GuestError::SignatureBytes { expected, got: self.bytes.len() });
        }
        let signed: Vec<_> = self
            .claims
            .iter()
            .map(|Claim { public, digest, signature, .. }| SchnorrSigned {
                public: *public,
                message: digest,
                signature: *signature,
            })
            .collect();
        verify_batch(curve, &signed).map_err(|error| match error {
            BatchError::Mismatch => GuestError::SessionSignatures { checked: signed.len() },
            BatchError::Malformed { index, error } => {
                let input = self.claims.get(index).map_or(index, |claim| claim.input);
                GuestError::Signature { input, error }
            }
        })?;
        Ok(root(self.bytes))
    }
}

/// The root over the rows of a signatures section (B-25), without a copy of it.
fn root(bytes: &[u8]) -> Digest {
    let mut builder = RootBuilder::new(TreeKind::SIGNATURES);
    let row_bytes = row_bytes(bytes.len());
    for row in bytes.chunks(row_bytes) {
        // There are at most 256 rows, and a tree takes far more.
        builder.push_padded(row, row_bytes - row.len());
    }
    builder.root()
}

/// A wallet's signature in 64 bytes: the recovery bit in the top bit of `s`, which a low `s` leaves free (EIP-2098).
pub const fn pack_wallet_signature(signature: &[u8; 65]) -> [u8; SIGNATURE_BYTES] {
    let mut packed = [0; SIGNATURE_BYTES];
    let mut i = 0;
    while i < SIGNATURE_BYTES {
        packed[i] = signature[i];
        i += 1;
    }
    // `v` is 27 or 28, or 0 or 1 for the same.
    packed[32] |= ((signature[64] ^ (signature[64] >= 27) as u8) & 1) << 7;
    packed
}

/// The 65 bytes `r`, `s`, `v` of a wallet's signature in 64 bytes.
pub const fn unpack_wallet_signature(packed: &[u8; SIGNATURE_BYTES]) -> [u8; 65] {
    let mut signature = [0; 65];
    let mut i = 0;
    while i < SIGNATURE_BYTES {
        signature[i] = packed[i];
        i += 1;
    }
    signature[32] &= 0x7f;
    signature[64] = packed[32] >> 7;
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallets_signature_in_64_bytes_is_the_same_signature() {
        let mut signature = [0x77; 65];
        for (v, odd) in [(0, 0), (1, 1), (27, 0), (28, 1)] {
            signature[64] = v;
            let unpacked = unpack_wallet_signature(&pack_wallet_signature(&signature));
            assert_eq!((&unpacked[..64], unpacked[64]), (&signature[..64], odd));
        }
    }

    /// The same root as by the section's own rows, for every number of signatures up to some rows.
    #[test]
    fn the_root_is_that_of_the_section() {
        let mut section = ashlar_batch::Signatures::new();
        for number in 0..40 {
            assert_eq!(root(section.as_bytes()), section.root());
            section.push(&[number; SIGNATURE_BYTES]).unwrap();
        }
    }
}
