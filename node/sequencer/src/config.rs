//! What whoever runs a node may choose.

use ashlar_api::door::AssetName;
use ashlar_exchange::{Genesis, HotConfig};
use ashlar_replica::JournalSizes;
use ashlar_sync::CheckConfig;
use ashlar_types::{AssetId, BatchNumber, Deployment};

use crate::admit::Rate;
use crate::build::{BatchRules, ProgramNames};
use crate::limits::UNBUILT_COMMANDS_MAX;
use crate::receipt::NodeKey;
use crate::watch::AlertRules;

/// What kind of node it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Takes messages, builds batches, settles them, publishes their data.
    Standard,
    /// The same, but data is with custodians alone and never on L1: nobody can leave without them. Where commits leave data is up to what
    /// settles them.
    Validium,
    /// Takes no messages: replays the batches that others settled, from this one on.
    Following {
        /// The first batch it replays.
        from: BatchNumber,
    },
}

impl Mode {
    /// Whether another node orders.
    pub const fn follows(self) -> bool {
        matches!(self, Mode::Following { .. })
    }

    /// The word that every screen shows.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Standard => "standard",
            Mode::Validium => "validium",
            Mode::Following { .. } => "following",
        }
    }
}

/// How much senders may send, and how much the node takes on. Can be changed while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Of one address, before anything is checked.
    pub per_peer: Rate,
    /// Of one key, once it is known to have signed.
    pub per_key: Rate,
    /// When batches are closed, and when new orders are refused for the provers' sake.
    pub batches: BatchRules,
    /// When the operator is told.
    pub alerts: AlertRules,
    /// How often layers are compared, and what follows if they differ; never, with an interval of zero.
    pub checks: CheckConfig,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            per_peer: Rate { burst: 200_000, per_second: 100_000 },
            per_key: Rate { burst: 20_000, per_second: 10_000 },
            batches: BatchRules::default(),
            alerts: AlertRules::default(),
            checks: CheckConfig::default(),
        }
    }
}

/// A node's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it settles.
    pub deployment: Deployment,
    /// How the exchange begins.
    pub genesis: Genesis,
    /// What kind of node it is.
    pub mode: Mode,
    /// The lowest epoch that it orders in: of whoever takes over, above all that another node can have signed in.
    pub epoch_min: u64,
    /// What signs receipts at the door.
    pub key: NodeKey,
    /// The beginning of the names of everything it stores.
    pub partition: String,
    /// How much the journal makes and writes at once.
    pub journal: JournalSizes,
    /// Room in memory.
    pub store: HotConfig,
    /// Threads that check signatures.
    pub checkers: usize,
    /// Messages that may wait at the door; the next one is refused.
    pub waiting_max: usize,
    /// Commands whose answers are kept for those who ask again.
    pub kept_commands_max: u64,
    /// Commands between two checkpoints.
    pub checkpoint_commands: u64,
    /// Commands that wait to be built into batches; trading waits when there are more.
    pub unbuilt_commands_max: u64,
    /// What can be changed while it runs.
    pub limits: Limits,
    /// How batches are proven, in the words that every screen shows.
    pub proofs: String,
    /// The programs of this release, by the names that L1's registry has for them: what is of another one is not built (SPEC Q-19). Without them every
    /// version is taken for one whose rules are known.
    pub programs: Option<ProgramNames>,
    /// What each thread does first that works beside trading, which is to give way to it: how, only the caller of an operating system knows.
    pub gives_way: fn(),
    /// Names of assets for people.
    pub names: Vec<(AssetId, AssetName)>,
}

impl Config {
    /// How the names of everything stored begin, unless another beginning is asked for.
    pub const PARTITION: &str = "ashlar";

    /// A configuration with everything but the essentials as it usually is.
    pub fn new(deployment: Deployment, genesis: Genesis, key: NodeKey) -> Config {
        Config {
            deployment,
            genesis,
            mode: Mode::Standard,
            epoch_min: 0,
            key,
            partition: Self::PARTITION.to_owned(),
            journal: JournalSizes::default(),
            store: HotConfig::default(),
            checkers: 2,
            waiting_max: 1 << 14,
            kept_commands_max: 1 << 18,
            checkpoint_commands: 1 << 20,
            unbuilt_commands_max: UNBUILT_COMMANDS_MAX,
            limits: Limits::default(),
            proofs: "none".to_owned(),
            programs: None,
            gives_way: || (),
            names: Vec::new(),
        }
    }

    /// Everything that is wrong with it, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                found.push(what.to_owned());
            }
        };
        expect(self.checkpoint_commands > 0, "checkpoint_commands must not be zero");
        expect(self.checkers >= 1 && self.checkers <= 256, "checkers must be between 1 and 256");
        expect(self.waiting_max >= 1 && self.waiting_max <= 1 << 20, "waiting_max must be between 1 and 1048576");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        expect(
            !self.partition.is_empty() && self.partition.chars().all(plain),
            "partition must be letters, digits, hyphens and underscores",
        );
        let Limits { per_peer, per_key, batches, .. } = &self.limits;
        let moves = |rate: &Rate| rate.burst > 0 && rate.per_second > 0;
        expect(moves(per_peer) && moves(per_key), "a rate of zero lets nobody in; close the gate instead");
        found.extend(batches.mistakes());
        found
    }
}
