use std::time::Duration;

use crate::contract::{Addresses, DataRef};
use crate::inbox::InboxMark;
use crate::limits::WINDOW_BLOCKS;
use crate::outbox::{GasLimit, OutboxConfig};

/// What the client of one exchange on one L1 needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which chain it must be.
    pub chain_id: u64,
    /// Where the contracts are.
    pub addresses: Addresses,
    /// The name under which everything durable is kept.
    pub partition: String,
    /// How deep a reorg may be.
    pub depth: usize,
    /// How often L1 is asked for news.
    pub poll_every: Duration,
    /// How transactions are sent.
    pub outbox: OutboxConfig,
    /// Gas for commits, which are not tried beforehand because they may be behind others that they need.
    pub commit_gas: CommitGas,
    /// Every inbox mark that the caller consumed up to and that may not be final, the oldest first; the last is where it stands. Empty: it
    /// consumed nothing.
    pub consumed: Vec<InboxMark>,
    /// What the caller has written down of what L1 did, and does not need to be told again.
    pub noted: Noted,
    /// Whether this client sends, or only follows: then it needs neither the operator's role nor ether.
    pub sends: bool,
}

impl Config {
    /// The usual values for these contracts.
    pub fn new(chain_id: u64, addresses: Addresses) -> Config {
        Config {
            chain_id,
            addresses,
            partition: "settlement".into(),
            depth: WINDOW_BLOCKS - 1,
            poll_every: Duration::from_secs(1),
            outbox: OutboxConfig::default(),
            commit_gas: CommitGas::default(),
            consumed: Vec::new(),
            noted: Noted::default(),
            sends: true,
        }
    }
}

/// What a caller has written down of what L1 did: a client that starts again begins at a final block that says no more. Of a caller that has written
/// down nothing it begins where the contracts do, which on an old chain is long ago.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Noted {
    /// The last batch that is written down as final in the contracts.
    pub finalized: u64,
    /// How the inbox stood after batches up to it, as far as that is remembered. A block at which it stood otherwise may be of a chain of which the
    /// caller consumed other entries.
    pub inbox: Vec<InboxMark>,
}

impl Noted {
    /// Whether nothing up to a block with this inbox and these batches would be news.
    pub(super) fn covers(&self, inbox: InboxMark, committed: u64) -> bool {
        committed <= self.finalized && (inbox == InboxMark::START || self.inbox.contains(&inbox))
    }
}

/// Upper bounds of a commit's gas. What is not used is not paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitGas {
    /// Whatever the data.
    pub base: u64,
    /// For each byte in the call.
    pub per_byte: u64,
    /// For each custodian's signature.
    pub per_signature: u64,
    /// For checking a proof, where it is sent behind commits that it needs.
    pub proof: u64,
}

impl Default for CommitGas {
    fn default() -> CommitGas {
        CommitGas { base: 400_000, per_byte: 80, per_signature: 15_000, proof: 900_000 }
    }
}

impl CommitGas {
    /// The bound for one proof of so many bytes; its batches cost nothing each.
    pub const fn prove_limit(&self, bytes: usize) -> u64 {
        self.proof.saturating_add(self.per_byte.saturating_mul(bytes as u64))
    }

    /// The bound for one commit.
    pub fn limit(&self, data: &DataRef) -> GasLimit {
        let extra = match data {
            DataRef::Calldata { content } => self.per_byte.saturating_mul(content.len() as u64),
            DataRef::Blobs { .. } => 0,
            DataRef::Custody { signatures, siblings, .. } => {
                let bytes = self.per_byte.saturating_mul((signatures.len() + 32 * siblings.len()) as u64);
                self.per_signature.saturating_mul(signatures.len() as u64 / 65).saturating_add(bytes)
            }
        };
        GasLimit::Fixed(self.base.saturating_add(extra))
    }
}
