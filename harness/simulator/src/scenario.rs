//! What a seed decides before a run begins.

use ashlar_settlement::sim::{Dice, Weather};

const GWEI: u128 = 1_000_000_000;

/// How a disk fails, in ten thousand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Disk {
    /// Writes.
    pub writes: u32,
    /// Syncs.
    pub syncs: u32,
}

/// A run, but for what happens by chance while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// From which all of it follows.
    pub seed: u64,
    /// How long the storm is, if it is one and not what the seed alone decides.
    pub storm_minutes: Option<u64>,
    /// Lives of the node. Each but the last ends by a kill.
    pub lives: u32,
    /// How long a life is at least and at most, in milliseconds.
    pub life_ms: (u64, u64),
    /// Traders from the beginning.
    pub traders: u32,
    /// Between two messages of a trader, in milliseconds on average.
    pub send_ms: u64,
    /// Between two L1 blocks, in seconds.
    pub block_s: u64,
    /// How far `safe` and `finalized` are behind L1's head.
    pub marks: (u64, u64),
    /// Fees, failures and losses of L1.
    pub weather: Weather,
    /// That L1 leaves its newest blocks, at each block, in ten thousand.
    pub reorgs: u32,
    /// How many at most.
    pub depth_max: u64,
    /// Entries of the inbox by others, at each block, in ten thousand.
    pub entries: u32,
    /// Attempts to publish, to prove or to learn of a proof that fail, in ten thousand.
    pub outside_fails: u32,
    /// How long a proof takes at most, in milliseconds.
    pub prove_ms: u64,
    /// How the disk fails.
    pub disk: Disk,
    /// That the node's clock jumps, each second, in ten thousand; and how far at most, in milliseconds.
    pub jumps: (u32, u64),
    /// When a batch closes.
    pub batch: (u64, usize),
    /// Commands between two checkpoints.
    pub checkpoint_commands: u64,
    /// Versions that are announced on L1 at most, each under way for up to a minute.
    pub versions: u32,
    /// How long before one begins no batch is built, in milliseconds.
    pub version_margin_ms: u64,
}

impl Scenario {
    /// The scenario of a seed.
    pub fn of(seed: u64) -> Scenario {
        let mut dice = Dice::new(seed ^ 0x5ca1_ab1e);
        let d = &mut dice;
        let depth_max = [2, 4, 8, 16][d.below(4) as usize];
        // A deposit may be consumed two blocks deep, and final is below every reorganisation.
        let safe = 1 + d.below(4);
        let kind = d.below(4);
        let weather = Weather {
            base_fee_min: GWEI,
            calm_tip: (GWEI, 2 * GWEI),
            spike_begins: [0, 200, 800][d.below(3) as usize],
            spike_times: (2, 40),
            spike_blocks: (1, 4),
            request_fails: [0, 100, 500][d.below(3) as usize],
            outage_begins: [0, 100, 300][d.below(3) as usize],
            outage_blocks: (1, 5),
            transaction_lost: [0, 300, 1_000][d.below(3) as usize],
        };
        let is_bad_disk = d.below(3) == 0;
        Scenario {
            seed,
            storm_minutes: None,
            lives: 1 + d.below(4) as u32,
            life_ms: (200, 20_000),
            traders: 2 + d.below(3) as u32,
            send_ms: [80, 200, 500][d.below(3) as usize],
            block_s: 1 + d.below(3),
            marks: (safe, safe + depth_max + 2),
            weather: if kind == 0 { Weather::FAIR } else { weather },
            reorgs: [0, 300, 1_000, 2_500][d.below(4) as usize],
            depth_max,
            entries: [500, 3_000][d.below(2) as usize],
            outside_fails: [0, 500, 3_000][d.below(3) as usize],
            prove_ms: [100, 2_000, 10_000][d.below(3) as usize],
            disk: if is_bad_disk { Disk { writes: 10, syncs: 10 } } else { Disk::default() },
            jumps: ([0, 0, 1_000][d.below(3) as usize], 8_000),
            batch: ([300, 1_500][d.below(2) as usize], [5, 40, 10_000][d.below(3) as usize]),
            checkpoint_commands: [3, 50, 1 << 20][d.below(3) as usize],
            versions: [0, 1, 3][d.below(3) as usize],
            version_margin_ms: [0, 2_000, 20_000][d.below(3) as usize],
        }
    }

    /// Nothing fails: for measuring what there is to wait for.
    pub fn calm(seed: u64) -> Scenario {
        let storm = Scenario::storm(seed, 1);
        Scenario {
            storm_minutes: None,
            reorgs: 0,
            entries: 0,
            block_s: 1,
            send_ms: 200,
            batch: (1_000, 10_000),
            prove_ms: 200,
            versions: 0,
            ..storm
        }
    }

    /// Reorganisations of any depth up to 64 every few blocks for so long, on an L1 that is otherwise fair.
    pub fn storm(seed: u64, minutes: u64) -> Scenario {
        Scenario {
            storm_minutes: Some(minutes),
            lives: 3,
            life_ms: (minutes * 20_000, minutes * 20_000),
            traders: 3,
            send_ms: 3_000,
            block_s: 2,
            marks: (3, 70),
            weather: Weather::FAIR,
            reorgs: 2_500,
            depth_max: 64,
            entries: 2_000,
            outside_fails: 0,
            prove_ms: 500,
            disk: Disk::default(),
            jumps: (0, 0),
            batch: (4_000, 10_000),
            checkpoint_commands: 200,
            ..Scenario::of(seed)
        }
    }
}
