use std::collections::BTreeMap;

use ashlar_prover_wire::Measured;

use super::job::Target;

/// What each kind of proof costs here, as it was measured.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Microseconds for each command, on a moving average.
    micros_per_command: BTreeMap<Target, u64>,
}

impl Profiles {
    pub(super) fn note(&mut self, target: Target, commands: u64, measured: &Measured) {
        if measured.millis == 0 || commands == 0 {
            return;
        }
        let now = (measured.millis.saturating_mul(1_000) / commands).max(1);
        // A quarter of what is new: one odd batch does not turn the router round.
        self.micros_per_command
            .entry(target)
            .and_modify(|before| *before = before.saturating_mul(3).saturating_add(now) / 4)
            .or_insert(now);
    }

    /// How long a job is expected to take; `None` if none was measured.
    pub fn estimate_ms(&self, target: Target, commands: u64) -> Option<u64> {
        self.micros_per_command.get(&target).map(|micros| micros.saturating_mul(commands) / 1_000)
    }

    /// Every measurement: microseconds for each command.
    pub fn iter(&self) -> impl Iterator<Item = (Target, u64)> {
        self.micros_per_command.iter().map(|(target, micros)| (*target, *micros))
    }

    /// Takes over what an earlier run has measured.
    pub(crate) fn recall(&mut self, target: Target, micros: u64) {
        self.micros_per_command.insert(target, micros.max(1));
    }

    /// Commands in a second; 0 if none was measured.
    pub fn rate(&self, target: Target) -> u64 {
        self.micros_per_command.get(&target).map_or(0, |micros| 1_000_000 / (*micros).max(1))
    }
}
