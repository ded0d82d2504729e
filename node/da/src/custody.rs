//! What custodians and writers sign.

use ashlar_batch::merkle::Digest;
use ashlar_coding::DaCommitment;
use ashlar_types::sign::{SignatureError, WalletSecret, recover};
use ashlar_types::{Address, Decode, DecodeError, Domain, Encode, ExchangeId, Reader, Writer, to_bytes};
use sha2::{Digest as _, Sha256};

use crate::BatchKey;

/// Bytes of a signature from which its signer is recovered: r, s, v.
pub const SIGNED_BYTES: usize = 65;

/// What a custodian signs: that it holds its part of what these two digests stand for. The contract recomputes it.
pub fn custody_digest(exchange: &ExchangeId, commitment: DaCommitment, signatures_root: Digest) -> [u8; 32] {
    Domain::CUSTODY.hash(&[&exchange.0, &commitment.digest().to_word(), &signatures_root.to_word()])
}

/// A custodian's signature over a batch that it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Who holds it.
    pub custodian: Address,
    /// What L1 recovers the custodian from.
    pub signature: [u8; SIGNED_BYTES],
}

impl Receipt {
    /// Signs for a batch.
    pub fn sign(
        key: &WalletSecret,
        exchange: &ExchangeId,
        commitment: DaCommitment,
        signatures_root: Digest,
    ) -> Receipt {
        let digest = custody_digest(exchange, commitment, signatures_root);
        Receipt { custodian: key.address(), signature: key.sign(&digest) }
    }

    /// Whether the custodian signed this.
    pub fn check(
        &self,
        exchange: &ExchangeId,
        commitment: DaCommitment,
        signatures_root: Digest,
    ) -> Result<(), SignatureError> {
        let got = recover(&custody_digest(exchange, commitment, signatures_root), &self.signature)?;
        if got == self.custodian { Ok(()) } else { Err(SignatureError::WrongOwner { expected: self.custodian, got }) }
    }

    /// The signatures of many as the contract takes them: in ascending order of the signers, each once.
    pub fn for_contract(receipts: &[Receipt]) -> Vec<u8> {
        let mut sorted: Vec<&Receipt> = receipts.iter().collect();
        sorted.sort_by_key(|receipt| receipt.custodian);
        sorted.dedup_by_key(|receipt| receipt.custodian);
        sorted.iter().flat_map(|receipt| receipt.signature).collect()
    }
}

impl Encode for Receipt {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.custodian.0);
        writer.bytes(&self.signature);
    }
}

impl Decode for Receipt {
    const BYTES_MAX: usize = 20 + SIGNED_BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Receipt { custodian: Address(reader.array()?), signature: reader.array()? })
    }
}

/// What lets a deposit in, and can be judged before its body is read: who wrote it is recovered from the signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permit {
    /// Of which exchange the batch is.
    pub exchange: ExchangeId,
    /// The SHA-256 of the body.
    pub body_hash: [u8; 32],
    /// In milliseconds since 1970; afterwards it is worth nothing.
    pub not_after_ms: u64,
    signature: [u8; SIGNED_BYTES],
}

impl Permit {
    /// The version of how a permit is written.
    pub const VERSION: u8 = 1;
    /// Bytes of its encoding.
    pub const BYTES: usize = 1 + 32 + 32 + 8 + SIGNED_BYTES;

    /// For one body, one batch, one custodian, and a time.
    pub fn sign(
        writer: &WalletSecret,
        exchange: ExchangeId,
        custodian: Address,
        key: &BatchKey,
        body: &[u8],
        not_after_ms: u64,
    ) -> Permit {
        let body_hash = Sha256::digest(body).into();
        let unsigned = Permit { exchange, body_hash, not_after_ms, signature: [0; SIGNED_BYTES] };
        Permit { signature: writer.sign(&unsigned.digest(custodian, key)), ..unsigned }
    }

    /// Who signed it for this custodian and batch.
    pub fn writer(&self, custodian: Address, key: &BatchKey) -> Result<Address, SignatureError> {
        recover(&self.digest(custodian, key), &self.signature)
    }

    /// Whether a body is the one it was signed for.
    pub fn is_for(&self, body: &[u8]) -> bool {
        <[u8; 32]>::from(Sha256::digest(body)) == self.body_hash
    }

    fn digest(&self, custodian: Address, key: &BatchKey) -> [u8; 32] {
        let time = self.not_after_ms.to_le_bytes();
        Domain::DA_WRITE.hash(&[&self.exchange.0, &custodian.0, &to_bytes(key), &self.body_hash, &time])
    }
}

impl Encode for Permit {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(Self::VERSION);
        writer.bytes(&self.exchange.0);
        writer.bytes(&self.body_hash);
        writer.u64(self.not_after_ms);
        writer.bytes(&self.signature);
    }
}

impl Decode for Permit {
    const BYTES_MAX: usize = Self::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let got = reader.u8()?;
        if got != Self::VERSION {
            return Err(DecodeError::UnknownTag { what: "permit version", got, offset });
        }
        Ok(Permit {
            exchange: ExchangeId(reader.array()?),
            body_hash: reader.array()?,
            not_after_ms: reader.u64()?,
            signature: reader.array()?,
        })
    }
}
