//! A real Ethereum L1, ethrex, in this process.
//!
//! Nothing about it is simulated: transactions run in ethrex's EVM, blocks are stored and linked by ethrex's own fork
//! choice, and a client speaks JSON-RPC to it over loopback as to any node. What a development chain adds is control:
//! blocks on demand, reorganisations, time, and failures.
//!
//! 1. A request that names a block by hash is answered about *that* block or refused, never about its canonical sibling.
//! 2. `safe` and `finalized` advance with the chain and never name a block that is not on it, whatever is reorganised.
//! 3. Memory is bounded by what is mined: no block is made without a transaction more often than [`Mining`] says.
//! 4. With a record, all blocks, their blobs and heads are on disk before they are visible, and the next start replays them.
//! 5. A transaction whose nonce the head's chain has used is not kept waiting: it would keep its sender's others out of every block.
#![forbid(unsafe_code)]

mod accounts;
mod config;
mod error;
mod genesis;

mod blobs;
mod chain;
mod record;
mod reorg;

mod faults;
mod miner;
mod rpc;

mod devnet;

pub use accounts::{Account, DEVELOPMENT_ACCOUNTS};
pub use config::{Config, Mining, Tags};
pub use devnet::{Devnet, Head};
pub use error::DevnetError;
pub use faults::Fault;
pub use reorg::{Orphaned, Reorg};
