//! Looks at the numbers every second: raises alarms, and closes the door to new orders when proofs fall too far behind.

use std::sync::Arc;
use std::time::Duration;

use ashlar_api::door::ServiceState;
use commonware_runtime::Clock;
use tokio::sync::watch;

use super::board::{Board, Station};
use crate::admit::Gate;
use crate::build::{Books, Newest, Waits};
use crate::config::Limits;
use crate::measure::{Metrics, millis};
use crate::outside::Proving;
use crate::watch::{Alarm, Alarms, AlertKind, Baseline, ServiceLevel, Sight};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// Over how many looks a rate is smoothed.
const SMOOTH: u64 = 60;
/// Over how many looks the time until facts of L1 are known is smoothed.
const RECENT: u64 = 8;
/// The name on the board of what publishes data.
const PUBLISHER: &str = "data-publisher";
/// The door opens again below this share, in a hundred, of where it closed, so that it does not flutter.
const OPENS_AT_PERCENT: u64 = 90;

/// The watchman.
pub(crate) struct Watchman {
    pub books: Books,
    pub board: Board,
    pub gate: Gate,
    pub metrics: Arc<Metrics>,
    pub limits: watch::Receiver<Limits>,
    /// When L1 was heard of last, and what the submitter has.
    pub l1: Option<watch::Receiver<(u64, Option<u128>)>>,
    /// Where the newest checkpoint stands.
    pub newest: watch::Receiver<Newest>,
    /// Commands after which there is to be another.
    pub checkpoint_every: u64,
    /// Who proves: without a prover nothing is expected to be proven.
    pub prover: Option<Arc<dyn Proving>>,
    pub station: Station,
    pub alarms: Alarms,
    pub level: ServiceLevel,
    pub baseline: Baseline,
    /// How long it takes lately until what L1 says is known here, in microseconds.
    pub noted_us: Option<u64>,
    /// What it raised and ended, for those who listen.
    pub bell: tokio::sync::broadcast::Sender<Alarm>,
}

/// What was counted at the last look.
#[derive(Clone, Copy, Default)]
struct Counted {
    answered: u64,
    turned_away: u64,
    proven: u64,
    /// Commands proven per second, times a thousand.
    pace: u64,
    /// Answers, those within the promised time, and the times of all.
    answers: u64,
    within: u64,
    answers_us: u64,
    /// Facts of L1 that were noted, and how long all of them took.
    noted: u64,
    noted_us: u64,
}

impl Watchman {
    /// Looks until it is stopped.
    pub async fn run<E: Clock>(mut self, context: E) {
        self.station.say(ServiceState::Running, "all is well");
        let mut last = self.count(&self.books.waits());
        loop {
            context.sleep(EVERY).await;
            self.station.go().await;
            let waits = self.books.waits();
            let now = self.count(&waits);
            let proven = now.proven.saturating_sub(last.proven).saturating_mul(1_000);
            let pace = (last.pace * (SMOOTH - 1) + proven) / SMOOTH;
            self.level.look(now.within.saturating_sub(last.within), now.answers.saturating_sub(last.answers));
            let (answers, sum) =
                (now.answers.saturating_sub(last.answers), now.answers_us.saturating_sub(last.answers_us));
            self.baseline.look(answers, sum);
            let (noted, sum) = (now.noted.saturating_sub(last.noted), now.noted_us.saturating_sub(last.noted_us));
            if let Some(mean) = sum.checked_div(noted) {
                let before = self.noted_us.unwrap_or(mean);
                self.noted_us = Some((before * (RECENT - 1) + mean) / RECENT);
            }
            // What the prover has measured of itself holds also while nothing was there to prove.
            let measured = self.prover.as_ref().map_or(0, |prover| prover.pressure().commands_per_second);
            let per_second = (pace / 1_000).max(measured);
            self.show_lags(&waits, millis(&context));
            let sight = self.sight(&waits, millis(&context), &now, &last, per_second);
            self.show(&sight, per_second);
            self.narrow(&sight);
            self.ring(&sight);
            last = Counted { pace, ..now };
        }
    }

    fn count(&self, waits: &Waits) -> Counted {
        let executed = self.metrics.next_sequence.get();
        let waiting = self.metrics.uncaptured.get() + waits.unproven_commands;
        Counted {
            answered: self.metrics.messages.get() + self.metrics.repeats.get(),
            turned_away: self.metrics.turned_away(),
            proven: executed.saturating_sub(waiting),
            pace: 0,
            answers: self.metrics.answer_us.count(),
            within: self.metrics.answer_us.within(self.limits.borrow().alerts.answer_us_max),
            answers_us: self.metrics.answer_us.sum_us(),
            noted: self.metrics.noted_us.count(),
            noted_us: self.metrics.noted_us.sum_us(),
        }
    }

    fn sight(&self, waits: &Waits, now_ms: u64, now: &Counted, last: &Counted, per_second: u64) -> Sight {
        let age = |since: Option<u64>| since.map(|since| now_ms.saturating_sub(since));
        let heard = self.l1.as_ref().map(|l1| *l1.borrow());
        let has_prover = self.prover.is_some();
        let unproven = if has_prover { self.metrics.uncaptured.get() + waits.unproven_commands } else { 0 };
        let unproven_max = self.limits.borrow().batches.unproven_max(per_second);
        self.metrics.unproven.set(unproven);
        self.metrics.capacity.set(unproven_max);
        let (executed, saved) = (self.metrics.next_sequence.get(), self.newest.borrow().next);
        Sight {
            answered: now.answered.saturating_sub(last.answered),
            turned_away: now.turned_away.saturating_sub(last.turned_away),
            unproven_ms: age(waits.unproven_since_ms).filter(|_| has_prover),
            unpublished_ms: age(waits.unpublished_since_ms),
            publisher: self.board.trying(PUBLISHER),
            uncommitted_ms: age(waits.uncommitted_since_ms).filter(|_| heard.is_some()),
            l1_silent_ms: heard.map(|(ms, _)| now_ms.saturating_sub(ms)),
            divergence: self.books.divergence(),
            balance: heard.and_then(|(_, balance)| balance),
            unproven,
            unproven_max,
            stopped: self.board.stopped(),
            held: self.gate.held(),
            upgrade: self.books.upgrade(),
            answers: self.baseline.known(),
            level: self.level.permille(),
            behind: heard.map(|_| (waits.uncommitted_batches, self.limits.borrow().checks.lag_max)),
            noted_ms: self.noted_us.map(|us| us / 1_000),
            unsaved: Some((executed.saturating_sub(saved.get()), self.checkpoint_every)),
            checkpoint_age_s: self.checkpoint_age_s(now_ms),
        }
    }

    fn checkpoint_age_s(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.newest.borrow().time_ms) / 1_000
    }

    /// Puts what the rules look at where collectors see it.
    fn show(&self, sight: &Sight, pace: u64) {
        let metrics = &self.metrics;
        metrics.prover_lag.set(sight.unproven_ms.unwrap_or(0) / 1_000);
        metrics.commit_lag.set(sight.uncommitted_ms.unwrap_or(0) / 1_000);
        metrics.l1_silent.set(sight.l1_silent_ms.unwrap_or(0) / 1_000);
        metrics.proven_pace.set(pace);
        metrics.deadline.set(self.limits.borrow().batches.deadline_ms / 1_000);
        metrics.balance.set(sight.balance.map_or(0, |wei| u64::try_from(wei / 1_000_000_000).unwrap_or(u64::MAX)));
        metrics.divergence.set(u64::from(sight.divergence.is_some()));
        metrics.level.set(sight.level.unwrap_or(1_000));
        let (recent, usual) = sight.answers.unwrap_or_default();
        metrics.answer_recent.set(recent);
        metrics.answer_usual.set(usual);
    }

    /// How far each layer is behind what was built, and how old the newest checkpoint is.
    fn show_lags(&self, waits: &Waits, now_ms: u64) {
        let metrics = &self.metrics;
        metrics.lag_data.set(waits.unpublished_batches);
        metrics.lag_l1.set(waits.uncommitted_batches);
        metrics.lag_proven.set(waits.unsettled_batches);
        metrics.checkpoint_age.set(self.checkpoint_age_s(now_ms));
    }

    /// SPEC Q-14: new orders are refused while too much is unproven.
    fn narrow(&self, sight: &Sight) {
        let is_narrow = self.gate.refuses_new_risk();
        let opens_at = sight.unproven_max / 100 * OPENS_AT_PERCENT;
        if !is_narrow && sight.unproven > sight.unproven_max {
            let why = format!(
                "{} commands wait for their proof, more than {}; new orders are refused until proofs catch up, cancels are accepted",
                sight.unproven, sight.unproven_max
            );
            tracing::warn!(why, "the door is narrowed");
            self.gate.refuse_new_risk(Some(why));
        } else if is_narrow && sight.unproven <= opens_at {
            tracing::info!("proofs have caught up; new orders are accepted again");
            self.gate.refuse_new_risk(None);
        }
        self.metrics.narrowed.set(u64::from(self.gate.refuses_new_risk()));
    }

    fn ring(&mut self, sight: &Sight) {
        let rules = self.limits.borrow().alerts;
        for alarm in self.alarms.look(&rules, sight) {
            if alarm.begins {
                tracing::error!(kind = ?alarm.kind, what = alarm.what, "an alarm begins");
            } else {
                tracing::info!(kind = ?alarm.kind, what = alarm.what, "an alarm is over");
            }
            // Nobody may be listening.
            let _ = self.bell.send(alarm);
        }
        let on: Vec<_> = self.alarms.on().map(|(kind, what)| format!("{kind:?}: {what}")).collect();
        let kinds: Vec<AlertKind> = self.alarms.on().map(|(kind, _)| kind).collect();
        self.metrics.fire(&kinds);
        // Who only is slow, or only builds no batch for a while, is not taken out of service for it.
        let state = match kinds.iter().all(|kind| kind.leaves_service()) {
            true => ServiceState::Running,
            false => ServiceState::Degraded,
        };
        let note = if on.is_empty() { "all is well".to_owned() } else { on.join("; ") };
        self.station.say(state, note);
    }
}
