//! The signatures of a batch's messages: kept by whoever holds the data, needed to prove and not to replay (B-25).

use alloc::vec::Vec;

use crate::error::BatchError;
use crate::limits::INPUTS_MAX;
use crate::merkle::{Digest, TreeKind};
use crate::rows::Rows;

/// One signature per message, in the order of the messages. Other inputs have none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Signatures {
    bytes: Vec<u8>,
}

/// Bytes of one signature, whatever its scheme: BIP-340, or ECDSA with its recovery bit in the top of `s` (EIP-2098).
pub const SIGNATURE_BYTES: usize = 64;

impl Signatures {
    /// None yet.
    pub const fn new() -> Signatures {
        Signatures { bytes: Vec::new() }
    }

    /// Appends the signature of the next message; refused beyond the inputs a batch can hold.
    pub fn push(&mut self, signature: &[u8; SIGNATURE_BYTES]) -> Result<(), BatchError> {
        if self.len() >= INPUTS_MAX {
            return Err(BatchError::TooMany { what: "signatures", max: INPUTS_MAX, got: self.len() + 1 });
        }
        self.bytes.extend_from_slice(signature);
        Ok(())
    }

    /// The section of a batch with so many messages.
    pub fn from_bytes(messages: usize, bytes: &[u8]) -> Result<Signatures, BatchError> {
        if messages > INPUTS_MAX {
            return Err(BatchError::TooMany { what: "signatures", max: INPUTS_MAX, got: messages });
        }
        let expected = messages * SIGNATURE_BYTES;
        if bytes.len() != expected {
            return Err(BatchError::Signatures { expected, got: bytes.len() });
        }
        Ok(Signatures { bytes: bytes.to_vec() })
    }

    /// All signatures, one after the other.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.bytes.len() / SIGNATURE_BYTES
    }

    /// Whether no message has been signed.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = &[u8; SIGNATURE_BYTES]> {
        self.bytes.as_chunks::<SIGNATURE_BYTES>().0.iter()
    }

    /// The rows they are published and proven in.
    pub const fn rows(&self) -> Result<Rows<'_>, BatchError> {
        Rows::of(TreeKind::SIGNATURES, self.bytes.as_slice())
    }

    /// The root over their rows; of none, the empty digest. No section is longer than the limit on rows.
    pub fn root(&self) -> Digest {
        self.rows().map_or(Digest::EMPTY, |rows| rows.root())
    }
}

const _: () = assert!(INPUTS_MAX * SIGNATURE_BYTES <= crate::limits::BATCH_BYTES_MAX, "every section fits its rows");
