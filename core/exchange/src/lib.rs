//! The exchange: applies one input to accounts, funds, risk, fees and books.
//!
//! The rules are written once, over the narrow door of a [`Store`]. Behind it stands the hot store of the live engine, or the leaves of the
//! authenticated map, as the witness recorder and the proof guest hold them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answers;
mod apply;
mod genesis;
mod output;
mod record;
mod store;

mod account;
mod cascade;
mod change;
mod funds;
mod inbox;
mod outcome;
mod params;
mod place;
mod removal;
mod run;
mod several;
mod trading;

mod hot;
mod leaf;

pub use answers::{Answered, Answers, Retry};
pub use apply::Exchange;
pub use genesis::Genesis;
pub use hot::{Ahead, Expected, HotConfig, HotStore, HotView, RestoreError};
pub use leaf::{LeafStore, LeafView, Lists, OrderIndex, RecordingLists, ReplayedLists};
pub use output::{Line, Output};
pub use record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};
pub use store::{Listed, NonceLane, Store, View};
pub use trading::HOUSE;
