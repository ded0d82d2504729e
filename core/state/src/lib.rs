//! The state of the exchange as one authenticated, ordered map.
//!
//! Every fact of the exchange is a leaf: a fixed 192-bit [`Key`] and a [`Value`] of one to eight words. The
//! leaves form a path-compressed binary Merkle trie, so one [`Digest`] commits to all of them *and* to
//! their order, which is what lets a proof say "nothing lies between".
//!
//! 1. [`Map`] holds the leaves and the trie; a batch of changes is applied in bulk and hashes every changed
//!    node once.
//! 2. [`Rows`] is the only door through which the exchange touches leaves while a batch is recorded or proven.
//! 3. [`Overlay`] and [`Recorder`] open that door over a [`Map`], [`Table`] over the [`Witness`] that a recorder leaves.
//! 4. [`Table::prove`] computes the root before and after a batch from the witness alone.
//! 5. [`LookupProof`] and [`SuccessorProof`] stand alone: a browser or L1 checks them against a root.
//!
//! The crate is pure: no I/O, no threads (see [`Executor`]), no panic reachable from foreign bytes.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod limits;

mod key;
mod value;

mod hash;

mod executor;
mod map;

mod proof;

mod rows;

mod overlay;
mod recorder;

mod witness;

pub use executor::{Executor, Serial};
pub use hash::{Digest, NodeHash, Sha256Node};
pub use key::Key;
pub use limits::{KEY_BITS, OVERLAY_ROWS_MAX, VALUE_WORDS_MAX};
pub use map::{Change, Iter, Map, MapError};
pub use overlay::Overlay;
pub use proof::{LookupProof, ProofError, ProofLimits, ProofPath, ProofStep, SuccessorProof};
pub use recorder::Recorder;
pub use rows::{Fault, Row, Rows};
pub use value::{Value, ValueLengthError};
pub use witness::{Roots, Section, Table, Witness, WitnessBytesError, WitnessError, WitnessLimits, WitnessView};
