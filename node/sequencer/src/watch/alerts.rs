//! Rules that turn numbers into alarms.
//!
//! 1. An alarm begins when its rule is broken and ends when it holds again; both are told once.
//! 2. What is not known breaks no rule, and a rule set to zero is off.

use std::collections::BTreeMap;
use std::fmt;

/// What is watched. The words are part of the metrics and of the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlertKind {
    /// Too large a share of messages was turned away by the node's own doing.
    ErrorRate,
    /// The oldest batch that is built and not proven is too old.
    ProverLag,
    /// L1 has not been heard of for too long, or a batch waits too long for its commit.
    L1Lag,
    /// The state here and the state on L1 differ.
    Divergence,
    /// The account that pays for L1 transactions runs out of funds.
    Balance,
    /// Unproven work nears what makes the door refuse new orders.
    Capacity,
    /// A service has stopped.
    Service,
    /// Answers take much longer than they usually do here.
    Degraded,
    /// Too few answers come within the promised time.
    ServiceLevel,
    /// L1 took back what was consumed: the order of everything is in doubt, or is being made anew.
    Unwinding,
    /// A batch waits too long for enough stores of data, or for their signatures.
    Unpublished,
    /// L1 is too many batches behind, or what it says is known here too late.
    Sync,
    /// A version begins: no batch is built for a while, or some are built anew.
    Upgrade,
    /// The newest checkpoint is too old: a start would replay long, and the journal forgets nothing.
    Checkpoint,
}

impl AlertKind {
    /// Every kind, in the order in which metrics list them.
    pub const ALL: [AlertKind; 14] = [
        AlertKind::ErrorRate,
        AlertKind::ProverLag,
        AlertKind::L1Lag,
        AlertKind::Divergence,
        AlertKind::Balance,
        AlertKind::Capacity,
        AlertKind::Service,
        AlertKind::Degraded,
        AlertKind::ServiceLevel,
        AlertKind::Unwinding,
        AlertKind::Unpublished,
        AlertKind::Sync,
        AlertKind::Upgrade,
        AlertKind::Checkpoint,
    ];

    /// Whether who asks is served all the same: answers or what follows from L1 are only slow, or only batches or a later start wait.
    pub const fn leaves_service(self) -> bool {
        matches!(
            self,
            AlertKind::Degraded
                | AlertKind::ServiceLevel
                | AlertKind::Sync
                | AlertKind::Upgrade
                | AlertKind::Checkpoint
        )
    }

    /// The label that metrics give it.
    pub const fn label(self) -> &'static str {
        match self {
            AlertKind::ErrorRate => "error_rate",
            AlertKind::ProverLag => "prover_lag",
            AlertKind::L1Lag => "l1_lag",
            AlertKind::Divergence => "divergence",
            AlertKind::Balance => "balance",
            AlertKind::Capacity => "capacity",
            AlertKind::Service => "service",
            AlertKind::Degraded => "degraded",
            AlertKind::ServiceLevel => "service_level",
            AlertKind::Unwinding => "unwinding",
            AlertKind::Unpublished => "unpublished",
            AlertKind::Sync => "sync",
            AlertKind::Upgrade => "upgrade",
            AlertKind::Checkpoint => "checkpoint",
        }
    }
}

/// When an alarm is raised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertRules {
    /// Messages turned away, in a thousand.
    pub errors_permille: u64,
    /// Age of the oldest unproven batch, in milliseconds.
    pub prover_lag_ms: u64,
    /// Age of the oldest batch whose data is not published, in milliseconds.
    pub data_lag_ms: u64,
    /// Silence of L1, or age of the oldest uncommitted batch, in milliseconds.
    pub l1_lag_ms: u64,
    /// The least the submitter may have, in wei.
    pub balance_min: u128,
    /// Of the unproven work at which orders are refused, in a hundred.
    pub capacity_percent: u64,
    /// The time within which answers are promised, in microseconds.
    pub answer_us_max: u64,
    /// The share of answers that must keep the promise, over an hour, in a thousand.
    pub level_permille_min: u64,
    /// How long answers may take beside what is usual here, in a hundred of it.
    pub slower_percent: u64,
    /// The time within which what L1 says has to be known here, in milliseconds.
    pub sync_ms_max: u64,
    /// How many times the commands after which there should be a checkpoint may pass without one, in a hundred.
    pub checkpoint_percent: u64,
}

impl Default for AlertRules {
    fn default() -> AlertRules {
        AlertRules {
            errors_permille: 10,
            prover_lag_ms: 15 * 60 * 1_000,
            data_lag_ms: 60 * 1_000,
            l1_lag_ms: 5 * 60 * 1_000,
            balance_min: 50_000_000_000_000_000,
            capacity_percent: 50,
            answer_us_max: 25_000,
            level_permille_min: 950,
            slower_percent: 300,
            sync_ms_max: 500,
            checkpoint_percent: 300,
        }
    }
}

/// The numbers of one moment. Counts are of the time since the moment before.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Messages that were answered.
    pub answered: u64,
    /// Messages that the node turned away.
    pub turned_away: u64,
    /// Age of the oldest batch that is not proven, if there is one.
    pub unproven_ms: Option<u64>,
    /// Age of the oldest batch whose data is not published, if there is one.
    pub unpublished_ms: Option<u64>,
    /// What publishing failed with last, if it does.
    pub publisher: Option<String>,
    /// Age of the oldest batch that is not committed, if there is one.
    pub uncommitted_ms: Option<u64>,
    /// Since L1 was heard of last, if it ever was.
    pub l1_silent_ms: Option<u64>,
    /// What diverges, if something does.
    pub divergence: Option<String>,
    /// What the submitter has, if that is known.
    pub balance: Option<u128>,
    /// Unproven commands.
    pub unproven: u64,
    /// Unproven commands at which orders are refused.
    pub unproven_max: u64,
    /// A service that has stopped, if there is one.
    pub stopped: Option<String>,
    /// What answers take lately and usually, in microseconds, once that is known.
    pub answers: Option<(u64, u64)>,
    /// Answers within the promised time, in a thousand, once that is known.
    pub level: Option<u64>,
    /// Why the order of everything is in doubt, if it is.
    pub held: Option<String>,
    /// Batches that L1 is behind, and how many it may be, if there is an L1.
    pub behind: Option<(u64, u64)>,
    /// How long it takes lately until what L1 says is known here, in milliseconds, once that is known.
    pub noted_ms: Option<u64>,
    /// What stands between batches and L1 because a version begins, if something does.
    pub upgrade: Option<String>,
    /// Commands since the newest checkpoint, and after how many there should be one.
    pub unsaved: Option<(u64, u64)>,
    /// Since the last command of the newest checkpoint, in seconds.
    pub checkpoint_age_s: u64,
}

/// An alarm that begins or ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// About what.
    pub kind: AlertKind,
    /// Whether it begins.
    pub begins: bool,
    /// One sentence: what, with which value, and what to do.
    pub what: String,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.begins { "alarm" } else { "over" };
        write!(f, "{word}: {:?}: {}", self.kind, self.what)
    }
}

/// The alarms that are on.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    on: BTreeMap<AlertKind, String>,
}

impl Alarms {
    /// Looks at the numbers of a moment and tells what begins and what ends.
    pub fn look(&mut self, rules: &AlertRules, sight: &Sight) -> Vec<Alarm> {
        let mut changes = Vec::new();
        for (kind, broken) in broken(rules, sight) {
            match (broken, self.on.contains_key(&kind)) {
                (Some(what), false) => {
                    self.on.insert(kind, what.clone());
                    changes.push(Alarm { kind, begins: true, what });
                }
                (Some(what), true) => {
                    self.on.insert(kind, what);
                }
                (None, true) => {
                    let what = self.on.remove(&kind).unwrap_or_default();
                    changes.push(Alarm { kind, begins: false, what });
                }
                (None, false) => {}
            }
        }
        changes
    }

    /// Those that are on.
    pub fn on(&self) -> impl Iterator<Item = (AlertKind, &str)> {
        self.on.iter().map(|(kind, what)| (*kind, what.as_str()))
    }
}

fn above(value: Option<u64>, limit: u64) -> Option<u64> {
    value.filter(|value| limit > 0 && *value > limit)
}

/// Of each rule, what breaks it.
fn broken(rules: &AlertRules, sight: &Sight) -> [(AlertKind, Option<String>); AlertKind::ALL.len()] {
    let all = sight.answered + sight.turned_away;
    let permille = (all > 0).then(|| sight.turned_away.saturating_mul(1_000) / all);
    let errors = above(permille, rules.errors_permille)
        .map(|got| format!("{got} of 1000 messages were turned away; see why the door is closed or the queue full"));
    let prover = above(sight.unproven_ms, rules.prover_lag_ms)
        .map(|got| format!("a batch has waited {got} ms for its proof; add provers or see why they fail"));
    let silent = above(sight.l1_silent_ms, rules.l1_lag_ms)
        .map(|got| format!("L1 has not been heard of for {got} ms; check its endpoints"));
    let uncommitted = above(sight.uncommitted_ms, rules.l1_lag_ms)
        .map(|got| format!("a batch has waited {got} ms for its commit; check the submitter and the price of gas"));
    let unpublished = above(sight.unpublished_ms, rules.data_lag_ms).map(|got| {
        let why = sight.publisher.as_deref().unwrap_or("it is slow");
        format!("a batch has waited {got} ms for its data to be published and cannot be committed before: {why}")
    });
    let balance = sight.balance.filter(|got| *got < rules.balance_min);
    let balance = balance.map(|got| format!("the submitter has {got} wei; send it more"));
    let share = (sight.unproven_max > 0).then(|| sight.unproven.saturating_mul(100) / sight.unproven_max);
    let capacity = above(share, rules.capacity_percent).map(|got| {
        format!("unproven work is at {got}% of where new orders are refused; add provers before it gets there")
    });
    [
        (AlertKind::ErrorRate, errors),
        (AlertKind::ProverLag, prover),
        (AlertKind::L1Lag, silent.or(uncommitted)),
        (AlertKind::Divergence, sight.divergence.clone()),
        (AlertKind::Balance, balance),
        (AlertKind::Capacity, capacity),
        (AlertKind::Service, sight.stopped.clone()),
        (AlertKind::Degraded, slower(rules, sight)),
        (AlertKind::ServiceLevel, broken_promise(rules, sight)),
        (AlertKind::Unwinding, sight.held.clone()),
        (AlertKind::Unpublished, unpublished),
        (AlertKind::Sync, out_of_step(rules, sight)),
        (AlertKind::Upgrade, sight.upgrade.clone()),
        (AlertKind::Checkpoint, old_checkpoint(rules, sight)),
    ]
}

/// Commands that a start replays before anybody notices.
const REPLAYED_AT_ONCE: u64 = 100_000;

/// The age of a checkpoint is counted in what a start would have to replay: while nothing happens nothing ages.
fn old_checkpoint(rules: &AlertRules, sight: &Sight) -> Option<String> {
    let (got, every) = sight.unsaved?;
    let most = every.saturating_mul(rules.checkpoint_percent) / 100;
    let got = above(Some(got), most).filter(|got| *got > REPLAYED_AT_ONCE)?;
    let age = sight.checkpoint_age_s;
    Some(format!(
        "{got} commands came since the newest checkpoint, of {age} s ago, and there should be one after {every}; see what the builder of batches waits for, and the disk"
    ))
}

fn out_of_step(rules: &AlertRules, sight: &Sight) -> Option<String> {
    if let Some((got, max)) = sight.behind.filter(|(got, max)| got > max) {
        return Some(format!(
            "L1 is {got} batches behind this node, and {max} are allowed; check the submitter and the price of gas"
        ));
    }
    let got = above(sight.noted_ms, rules.sync_ms_max)?;
    let max = rules.sync_ms_max;
    Some(format!(
        "what L1 says is known here after {got} ms, and {max} are promised; lower l1.poll_ms, or see why its nodes are slow"
    ))
}

/// Below this many microseconds nobody minds that it was less before.
const SLOW_US: u64 = 1_000;

fn slower(rules: &AlertRules, sight: &Sight) -> Option<String> {
    let (recent, usual) = sight.answers?;
    let is_slow = recent > SLOW_US && recent.saturating_mul(100) > usual.saturating_mul(rules.slower_percent);
    (rules.slower_percent > 0 && is_slow).then(|| {
        format!("answers take {recent} µs lately and {usual} µs usually; look at the disk, the load and the neighbours of this machine")
    })
}

fn broken_promise(rules: &AlertRules, sight: &Sight) -> Option<String> {
    let got = sight.level.filter(|got| *got < rules.level_permille_min)?;
    let (least, most) = (rules.level_permille_min, rules.answer_us_max);
    Some(format!("{got} of 1000 answers came within {most} µs in the last hour, and {least} are promised"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_raises_and_ends_its_alarm_once() {
        let rules = AlertRules::default();
        let broken: [(AlertKind, Sight); AlertKind::ALL.len()] = [
            (AlertKind::ErrorRate, Sight { answered: 98, turned_away: 2, ..Sight::default() }),
            (AlertKind::ProverLag, Sight { unproven_ms: Some(rules.prover_lag_ms + 1), ..Sight::default() }),
            (AlertKind::L1Lag, Sight { l1_silent_ms: Some(rules.l1_lag_ms + 1), ..Sight::default() }),
            (AlertKind::Divergence, Sight { divergence: Some("batch 3".to_owned()), ..Sight::default() }),
            (AlertKind::Balance, Sight { balance: Some(1), ..Sight::default() }),
            (AlertKind::Capacity, Sight { unproven: 51, unproven_max: 100, ..Sight::default() }),
            (AlertKind::Service, Sight { stopped: Some("the prover".to_owned()), ..Sight::default() }),
            (AlertKind::Degraded, Sight { answers: Some((9_100, 3_000)), ..Sight::default() }),
            (AlertKind::ServiceLevel, Sight { level: Some(949), ..Sight::default() }),
            (AlertKind::Unwinding, Sight { held: Some("block 9".to_owned()), ..Sight::default() }),
            (AlertKind::Unpublished, Sight { unpublished_ms: Some(rules.data_lag_ms + 1), ..Sight::default() }),
            (AlertKind::Sync, Sight { noted_ms: Some(rules.sync_ms_max + 1), ..Sight::default() }),
            (AlertKind::Upgrade, Sight { upgrade: Some("version 2".to_owned()), ..Sight::default() }),
            (AlertKind::Checkpoint, Sight { unsaved: Some((300_001, 100_000)), ..Sight::default() }),
        ];
        for (kind, sight) in broken {
            let mut alarms = Alarms::default();
            let begun = alarms.look(&rules, &sight);
            assert_eq!(begun.iter().map(|alarm| (alarm.kind, alarm.begins)).collect::<Vec<_>>(), [(kind, true)]);
            assert!(alarms.look(&rules, &sight).is_empty(), "it is told once");
            assert_eq!(alarms.on().count(), 1);
            let ended = alarms.look(&rules, &Sight::default());
            assert_eq!(ended.iter().map(|alarm| (alarm.kind, alarm.begins)).collect::<Vec<_>>(), [(kind, false)]);
        }
        let (answers, level) = (Some((9_000, 3_000)), Some(950));
        let just =
            Sight { answered: 99, turned_away: 1, unproven: 50, unproven_max: 100, answers, level, ..Sight::default() };
        let just = Sight { unsaved: Some((300_000, 100_000)), ..just };
        assert!(Alarms::default().look(&rules, &just).is_empty(), "a limit is what may be");
    }
}
