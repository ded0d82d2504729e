//! What a development chain is asked to be.

use std::path::PathBuf;
use std::time::Duration;

/// What a development chain is asked to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// The loopback port of its JSON-RPC; 0 lets the system choose.
    pub port: u16,
    /// Its chain id.
    pub chain_id: u64,
    /// When blocks are made.
    pub mining: Mining,
    /// Which blocks are called safe and finalized.
    pub tags: Tags,
    /// Further addresses that begin with 10,000 ether, beside the development accounts.
    pub funded: Vec<[u8; 20]>,
    /// How many of the newest blocks that carry blobs keep them; a real chain forgets them after some weeks.
    pub blob_blocks: usize,
    /// Where blocks and heads are recorded, to be replayed at the next start.
    pub record: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            port: 0,
            chain_id: 9_001,
            mining: Mining::OnDemand,
            tags: Tags { safe_behind: 2, finalized_behind: 4 },
            funded: Vec::new(),
            blob_blocks: 4_096,
            record: None,
        }
    }
}

/// When blocks are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mining {
    /// Only when asked.
    OnDemand,
    /// As soon as a transaction is accepted, and when asked.
    OnTransaction,
    /// By the clock.
    Every {
        /// The time between blocks while transactions wait or are not final yet.
        busy: Duration,
        /// The time between blocks otherwise.
        idle: Duration,
    },
}

/// How far the tags trail the head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tags {
    /// Blocks between the head and `safe`.
    pub safe_behind: u64,
    /// Blocks between the head and `finalized`; not less than `safe_behind`.
    pub finalized_behind: u64,
}
