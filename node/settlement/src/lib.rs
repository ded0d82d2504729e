//! The client of the contracts on L1: outbox, follower, finality.
//!
//! Whatever comes from L1 can be taken back until it is final. So everything here is keyed by block hashes, derived from blocks
//! that are applied and rolled back in order, and rebuilt from the last final block after a restart. Whatever goes to L1 is
//! durable before it is sent and watched until it is final. Rules: docs/spec/settlement.md; reasons: docs/adr/0012-l1-client.md.
#![forbid(unsafe_code)]

pub mod limits;

pub mod contract;
pub mod l1;

pub mod rpc;
pub mod sim;

pub mod signer;
pub mod store;

pub mod estimate;
pub mod fees;
pub mod gas;
pub mod transaction;

pub mod finality;
pub mod follower;

pub mod inbox;
pub mod ledger;

pub mod commitments;
pub mod outbox;

mod versions;

mod service;

pub mod courier;
pub mod deploy;
pub mod user;

pub use service::{
    CommitGas, Config, Events, Handle, Health, Noted, RequestError, Runtime, Settlement, SettlementEvent, SetupError,
    Status, StopReason, check_balance, check_contracts, check_operator, committed_at, header_hash_at, safe_inbox_hash,
};
pub use versions::{Activation, Listing, Program, Version, activations};
