//! Batches of the Ashlar exchange: their bytes, the trees over them, and the chain of headers that L1 keeps.
//!
//! Nothing here executes a command. What a batch holds has one string of bytes (docs/spec/batch.md), the bytes one root,
//! and a batch one header; every reader of untrusted bytes is total and bounded by [`limits`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod limits;

mod content;
mod error;

mod column;

pub mod codec;

mod sha;

pub mod merkle;

mod rows;
mod signatures;

mod receipts;
mod withdrawals;

mod chain;
mod inbox;

pub use chain::{BatchHeader, Hash, JoinError, LinkError, PublicValues};
pub use column::Column;
pub use content::{Batch, Timed};
pub use error::BatchError;
pub use inbox::{InboxChain, NO_ACCOUNT, entry_bytes};
pub use receipts::{ReceiptProof, ReceiptsRoot, receipts_tree};
pub use rows::{RowProof, Rows, coded_root, data_root, row_bytes, unpad};
pub use signatures::{SIGNATURE_BYTES, Signatures};
pub use withdrawals::{Withdrawal, WithdrawalProof, WithdrawalsRoot, withdrawals_tree};
