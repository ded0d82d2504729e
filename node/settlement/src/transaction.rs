//! From an intent, a nonce and an offer to bytes that a pool takes.

use alloy::consensus::{
    EthereumTypedTransaction, SidecarBuilder, SignableTransaction, SimpleCoder, TxEip1559, TxEip4844,
    TxEip4844WithSidecar, TxEnvelope,
};
use alloy::eips::eip2718::Encodable2718;
use alloy::eips::eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant};
use alloy::primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use thiserror::Error;

use crate::fees::Offer;
use crate::limits::{BLOB_CONTENT_MAX, BLOBS_MAX, CALLDATA_MAX};

/// What a transaction is to do, apart from what it offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Body {
    /// To whom; none creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// The input.
    pub input: Bytes,
}

/// Why no transaction can be made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BodyError {
    /// More input than pools take.
    #[error("a transaction with {got} bytes of input, pools take {max}; publish the data in blobs or with custodians")]
    Input {
        /// The most.
        max: usize,
        /// How many.
        got: usize,
    },
    /// More data than fits into the blobs of one transaction.
    #[error("{got} bytes for blobs, one transaction carries {max}")]
    Blobs {
        /// The most.
        max: usize,
        /// How many.
        got: usize,
    },
    /// Blobs cannot create a contract.
    #[error("a transaction with blobs must have a recipient")]
    BlobsWithoutRecipient,
    /// The commitments could not be computed.
    #[error("the commitments of the blobs could not be computed: {reason}")]
    Commitments {
        /// What the library said.
        reason: String,
    },
}

/// How many blobs this content takes.
pub const fn blobs_needed(bytes: usize) -> usize {
    bytes.div_ceil(BLOB_CONTENT_MAX)
}

/// Checks the bounds of pools.
pub fn check(body: &Body, blob_content: &[u8]) -> Result<(), BodyError> {
    // Creating a contract is bounded by twice the largest code instead, which is below this bound as well.
    if body.input.len() > CALLDATA_MAX {
        return Err(BodyError::Input { max: CALLDATA_MAX, got: body.input.len() });
    }
    if blob_content.len() > BLOBS_MAX * BLOB_CONTENT_MAX {
        return Err(BodyError::Blobs { max: BLOBS_MAX * BLOB_CONTENT_MAX, got: blob_content.len() });
    }
    if !blob_content.is_empty() && body.to.is_none() {
        return Err(BodyError::BlobsWithoutRecipient);
    }
    Ok(())
}

/// Cuts content into blobs and computes what goes with them (EIP-7594). Costly: once per intent.
pub fn sidecar(content: &[u8]) -> Result<BlobTransactionSidecarEip7594, BodyError> {
    let built = SidecarBuilder::<SimpleCoder>::from_slice(content).build_7594();
    built.map_err(|error| BodyError::Commitments { reason: error.to_string() })
}

/// A transaction that has all but its signature.
#[derive(Clone, Debug)]
pub struct Unsigned(EthereumTypedTransaction<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>);

impl Unsigned {
    /// Puts the parts together.
    pub fn new(
        chain_id: u64,
        nonce: u64,
        gas_limit: u64,
        offer: &Offer,
        body: &Body,
        sidecar: Option<&BlobTransactionSidecarEip7594>,
    ) -> Unsigned {
        let kind = body.to.map_or(TxKind::Create, TxKind::Call);
        match (sidecar, body.to) {
            (Some(sidecar), Some(to)) => {
                let tx = TxEip4844 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: offer.fee_max,
                    max_priority_fee_per_gas: offer.tip,
                    to,
                    value: body.value,
                    input: body.input.clone(),
                    access_list: Default::default(),
                    blob_versioned_hashes: sidecar.versioned_hashes().collect(),
                    max_fee_per_blob_gas: offer.blob_fee_max.unwrap_or(1),
                };
                let sidecar = BlobTransactionSidecarVariant::Eip7594(sidecar.clone());
                Unsigned(EthereumTypedTransaction::Eip4844(TxEip4844WithSidecar::from_tx_and_sidecar(tx, sidecar)))
            }
            _ => Unsigned(EthereumTypedTransaction::Eip1559(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: offer.fee_max,
                max_priority_fee_per_gas: offer.tip,
                to: kind,
                value: body.value,
                input: body.input.clone(),
                access_list: Default::default(),
            })),
        }
    }

    /// What is signed.
    pub fn signing_hash(&self) -> B256 {
        match &self.0 {
            EthereumTypedTransaction::Eip1559(tx) => tx.signature_hash(),
            EthereumTypedTransaction::Eip4844(tx) => tx.signature_hash(),
            other => unreachable_kind(other),
        }
    }

    /// The transaction's hash and the bytes for the pool.
    pub fn signed(self, signature: Signature) -> (B256, Bytes) {
        match self.0 {
            EthereumTypedTransaction::Eip1559(tx) => {
                let signed = TxEnvelope::Eip1559(tx.into_signed(signature));
                (*signed.tx_hash(), signed.encoded_2718().into())
            }
            EthereumTypedTransaction::Eip4844(tx) => {
                let signed = tx.into_signed(signature);
                (*signed.hash(), signed.encoded_2718().into())
            }
            other => (unreachable_kind(&other), Bytes::new()),
        }
    }
}

/// [`Unsigned::new`] makes no other kinds; a hash of zero is a transaction that no pool knows.
const fn unreachable_kind<T>(_: &T) -> B256 {
    B256::ZERO
}
