//! The exchange as leaves of the authenticated map: what the recorder of a witness and the proof guest run over.
//!
//! 1. Keys and values are those of SPEC K-1 to K-8, and of no other place.
//! 2. Reading is total: a word out of its range reads as the nearest value in range. That a leaf says what the state's
//!    root says is proven after the run, so a false one costs the prover its proof and nothing else.

mod kept;
mod lists;
mod replayed;
mod store;
mod view;

pub(crate) mod keys;
pub(crate) mod places;
pub(crate) mod words;

pub use lists::{Lists, OrderIndex};
pub use replayed::{RecordingLists, ReplayedLists};
pub use store::LeafStore;
pub use view::LeafView;
