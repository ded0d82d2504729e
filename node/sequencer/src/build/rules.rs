//! When a batch is closed, and when new orders have to wait for the provers.

use ashlar_batch::limits::{BATCH_BYTES_MAX, COMMANDS_MAX};
use ashlar_types::limits::MESSAGE_COMMANDS_MAX;

use crate::limits::BLOCK_COMMANDS_MAX;

/// The rules by which batches are closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchRules {
    /// Commands after which a batch is closed.
    pub commands_max: usize,
    /// Bytes, estimated from the journal's form, after which a batch is closed.
    pub bytes_max: usize,
    /// Milliseconds after its first command after which a batch is closed.
    pub age_ms_max: u64,
    /// With a price of gas above this, in wei, a batch may become this many times as old; zero means that gas does not matter.
    pub gas_price_high: u64,
    /// How many times as old.
    pub patience: u64,
    /// Batches that wait for a proof above which batches are made as large as they may be, since a proof costs less per command then.
    pub unproven_batches_high: u64,
    /// How long a batch may take from its first command to being final, by the contract, in milliseconds.
    pub deadline_ms: u64,
    /// Unproven commands that are never too many, whatever was measured: a node that has proven nothing yet has measured nothing.
    pub unproven_commands_floor: u64,
    /// How long before a version begins no batch is built any more, in milliseconds: longer than a batch takes from being built to its commit.
    pub version_margin_ms: u64,
}

impl Default for BatchRules {
    fn default() -> BatchRules {
        BatchRules {
            commands_max: 1 << 16,
            bytes_max: BATCH_BYTES_MAX / 2,
            age_ms_max: 2_000,
            gas_price_high: 0,
            patience: 4,
            unproven_batches_high: 8,
            deadline_ms: 24 * 3_600 * 1_000,
            unproven_commands_floor: 1 << 24,
            version_margin_ms: 30 * 60 * 1_000,
        }
    }
}

/// What is known of a batch that is not closed yet, and of the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outlook {
    /// Commands in it.
    pub commands: usize,
    /// Bytes in it, about.
    pub bytes: usize,
    /// Milliseconds since its first command.
    pub age_ms: u64,
    /// Batches that wait for a proof.
    pub unproven_batches: u64,
    /// The price of gas in wei, as far as is known.
    pub gas_price: u64,
    /// The prover asks for fewer and larger batches.
    pub prover_is_behind: bool,
}

/// Why a batch is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Close {
    /// It has as many commands or bytes as it may.
    Size,
    /// Its first command has waited long enough.
    Time,
    /// The operator wants it.
    Manual,
    /// It was closed there before a restart.
    Before,
}

impl BatchRules {
    /// The most that `commands_max` may be: a block more than that still fits a batch.
    pub const fn commands_most() -> usize {
        COMMANDS_MAX - BLOCK_COMMANDS_MAX - MESSAGE_COMMANDS_MAX
    }

    /// The most that `bytes_max` may be, since it is compared with an estimate.
    pub const fn bytes_most() -> usize {
        BATCH_BYTES_MAX / 2
    }

    /// Everything that is wrong with them, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let room = BatchRules::commands_most();
        let mut found = Vec::new();
        if self.commands_max == 0 || self.commands_max > room {
            found.push(format!("batches.commands_max must be between 1 and {room}, is {}", self.commands_max));
        }
        let most = BatchRules::bytes_most();
        if self.bytes_max == 0 || self.bytes_max > most {
            found.push(format!("batches.bytes_max must be between 1 and {most}, is {}", self.bytes_max));
        }
        if self.age_ms_max == 0 || self.patience == 0 || self.deadline_ms == 0 {
            found.push("batches.age_ms_max, patience and deadline_ms must not be zero".to_owned());
        }
        found
    }

    /// Whether a batch is closed now, and why.
    pub fn closes(&self, outlook: &Outlook) -> Option<Close> {
        if outlook.commands == 0 {
            return None;
        }
        if outlook.commands >= self.commands_max || outlook.bytes >= self.bytes_max {
            return Some(Close::Size);
        }
        let is_dear = self.gas_price_high > 0 && outlook.gas_price > self.gas_price_high;
        let is_late = outlook.unproven_batches > self.unproven_batches_high || outlook.prover_is_behind;
        let patience = if is_dear || is_late { self.patience } else { 1 };
        (outlook.age_ms >= self.age_ms_max.saturating_mul(patience)).then_some(Close::Time)
    }

    /// Unproven commands at which new orders are refused: a quarter of what can be proven within the deadline (SPEC Q-14).
    pub fn unproven_max(&self, proven_per_second: u64) -> u64 {
        let within_deadline = proven_per_second.saturating_mul(self.deadline_ms / 1_000);
        (within_deadline / 4).max(self.unproven_commands_floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BatchRules = BatchRules {
        commands_max: 100,
        bytes_max: 1_000,
        age_ms_max: 10,
        gas_price_high: 50,
        patience: 3,
        unproven_batches_high: 2,
        deadline_ms: 1_000_000,
        unproven_commands_floor: 10,
        version_margin_ms: 1_000,
    };

    #[test]
    fn batches_close_by_size_and_time() {
        let cases = [
            ((0, 0, 99, 0, 0), None),
            ((1, 1, 9, 0, 0), None),
            ((1, 1, 10, 0, 0), Some(Close::Time)),
            ((100, 1, 0, 0, 0), Some(Close::Size)),
            ((1, 1_000, 0, 0, 0), Some(Close::Size)),
            ((1, 1, 29, 0, 51), None),
            ((1, 1, 30, 0, 51), Some(Close::Time)),
            ((1, 1, 29, 3, 0), None),
            ((1, 1, 10, 2, 50), Some(Close::Time)),
        ];
        for ((commands, bytes, age_ms, unproven_batches, gas_price), expected) in cases {
            let outlook = Outlook { commands, bytes, age_ms, unproven_batches, gas_price, prover_is_behind: false };
            assert_eq!(RULES.closes(&outlook), expected, "{outlook:?}");
            let behind = Outlook { prover_is_behind: true, ..outlook };
            let later = expected.filter(|why| *why == Close::Size || age_ms >= 30);
            assert_eq!(RULES.closes(&behind), later, "a prover that is behind is given more time: {outlook:?}");
        }
    }

    #[test]
    fn a_quarter_of_the_deadline_may_be_unproven() {
        assert_eq!(RULES.unproven_max(8), 2_000);
        assert_eq!(RULES.unproven_max(0), 10);
        assert!(BatchRules::default().mistakes().is_empty());
        assert_eq!(BatchRules { commands_max: 0, age_ms_max: 0, ..RULES }.mistakes().len(), 2);
    }
}
