use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ashlar_api::door::Refusal;

use super::histogram::Histogram;
use crate::watch::AlertKind;

/// A number that is added to, or set.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// Sets.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The kinds of refusals, as a label says them.
const REFUSALS: [&str; 7] = ["malformed", "signature", "inadmissible", "nonce_taken", "rate", "overloaded", "closed"];

macro_rules! metrics {
    (
        counters { $($(#[$doc:meta])* $counter:ident = $counter_name:literal, $counter_help:literal;)* }
        gauges { $($(#[$gauge_doc:meta])* $gauge:ident = $gauge_name:literal, $gauge_help:literal;)* }
        times { $($(#[$time_doc:meta])* $time:ident = $time_name:literal, $time_help:literal;)* }
    ) => {
        /// Everything the node measures.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $(#[doc = $counter_help] pub $counter: Counter,)*
            $(#[doc = $gauge_help] pub $gauge: Counter,)*
            $(#[doc = $time_help] pub $time: Histogram,)*
            refusals: [Counter; REFUSALS.len()],
            firing: [Counter; AlertKind::ALL.len()],
        }

        impl Metrics {
            /// Appends everything in the text format of Prometheus.
            pub fn render(&self, out: &mut String) {
                $(number(out, $counter_name, "counter", $counter_help, self.$counter.get());)*
                $(number(out, $gauge_name, "gauge", $gauge_help, self.$gauge.get());)*
                $(self.$time.render($time_name, $time_help, out);)*
                let name = "ashlar_refusals_total";
                // Writing to a string cannot fail.
                let _ = writeln!(out, "# HELP {name} Messages refused at the door.\n# TYPE {name} counter");
                for (count, kind) in self.refusals.iter().zip(REFUSALS) {
                    let _ = writeln!(out, "{name}{{kind=\"{kind}\"}} {}", count.get());
                }
                let name = "ashlar_alert";
                let _ = writeln!(out, "# HELP {name} 1 while an alert is firing.\n# TYPE {name} gauge");
                for (firing, kind) in self.firing.iter().zip(AlertKind::ALL) {
                    let _ = writeln!(out, "{name}{{kind=\"{}\"}} {}", kind.label(), firing.get());
                }
            }
        }
    };
}

metrics! {
    counters {
        messages = "ashlar_messages_total", "Messages that took a place.";
        commands = "ashlar_commands_total", "Commands executed.";
        repeats = "ashlar_repeats_total", "Messages answered again as they were before.";
        blocks = "ashlar_blocks_total", "Blocks made durable.";
        groups = "ashlar_group_commits_total", "Group commits: one sync of the disk and one signature each.";
        inbox = "ashlar_inbox_total", "Entries of the L1 inbox consumed.";
        batches = "ashlar_batches_total", "Batches built.";
        batch_bytes = "ashlar_batch_bytes_total", "Bytes of batch data.";
        failures = "ashlar_service_failures_total", "Attempts of a service that failed and were made again.";
        rebuilt = "ashlar_batches_rebuilt_total", "Batches that were built anew since L1 had begun another version before their commit.";
        unwindings = "ashlar_unwindings_total", "Times that L1 took back what was consumed and the order was made anew.";
        unwound = "ashlar_unwound_commands_total", "Commands that were answered otherwise after an unwinding.";
        checks = "ashlar_checks_total", "Whole checks of the layers against each other.";
        looks = "ashlar_check_looks_total", "Stored batches that were read and executed again.";
        data_samples = "ashlar_check_data_total", "Published batches that were fetched and hashed.";
        findings = "ashlar_check_findings_total", "Differences that checks found, each counted once.";
        audits = "ashlar_audits_total", "Operations of the operator written to the audit log.";
    }
    gauges {
        next_sequence = "ashlar_next_sequence", "The number of the next command.";
        uncaptured = "ashlar_uncaptured_commands", "Commands executed and not yet in a batch.";
        unproven = "ashlar_unproven_commands", "Commands executed and not yet proven.";
        capacity = "ashlar_unproven_commands_max", "Unproven commands at which new orders are refused.";
        batch_built = "ashlar_batch_built", "The last batch built.";
        batch_published = "ashlar_batch_published", "The last batch whose data is available.";
        batch_committed = "ashlar_batch_committed", "The last batch committed on L1.";
        batch_proven = "ashlar_batch_proven", "The last batch proven on L1.";
        batch_final = "ashlar_batch_final", "The last batch that is final.";
        l1_block = "ashlar_l1_block", "The last L1 block seen.";
        l1_reorgs = "ashlar_l1_reorgs", "Times that L1 left blocks that were followed, since the start.";
        l1_reorg_deepest = "ashlar_l1_reorg_deepest_blocks", "Blocks that L1 left at most at once, since the start.";
        l1_waiting = "ashlar_l1_outbox", "What is to be done on L1 and not final there.";
        l1_in_flight = "ashlar_l1_outbox_in_flight", "Of that, what was sent and is in no block.";
        l1_gas_used = "ashlar_l1_gas_used", "Gas used by the transactions of this node that were mined, since the start.";
        l1_paid = "ashlar_l1_paid_gwei", "What they cost, blobs included, since the start.";
        door_waiting = "ashlar_door_waiting", "Messages that came in at the door and have no place yet.";
        door_waiting_max = "ashlar_door_waiting_max", "Messages waiting there at which others are refused.";
        epoch = "ashlar_epoch", "The order in force: one more each time it was made anew.";
        alerts = "ashlar_alerts_firing", "Alerts that are firing.";
        prover_lag = "ashlar_prover_lag_seconds", "Age of the oldest batch that is not proven.";
        commit_lag = "ashlar_commit_lag_seconds", "Age of the oldest batch that is not committed.";
        l1_silent = "ashlar_l1_silent_seconds", "Since L1 was heard of last.";
        proven_pace = "ashlar_proven_commands_per_second", "Commands proven per second, over a minute.";
        balance = "ashlar_submitter_balance_gwei", "What the account has that pays for L1 transactions.";
        divergence = "ashlar_divergence", "1 if the state here and the state on L1 differ.";
        checked = "ashlar_checked_timestamp_seconds", "When layers were checked against each other last, in seconds since 1970.";
        lag_data = "ashlar_sync_lag_data_batches", "Batches built whose data is not published.";
        lag_l1 = "ashlar_sync_lag_l1_batches", "Batches built that are not committed on L1.";
        lag_proven = "ashlar_sync_lag_proven_batches", "Batches built that are not proven on L1.";
        lag_local = "ashlar_sync_lag_local_batches", "Batches committed on L1 that this node does not have yet: of a node that follows.";
        checkpoint_age = "ashlar_checkpoint_age_seconds", "Time of the exchange since the newest checkpoint; since its beginning, if there is none.";
        recovery = "ashlar_recovery_milliseconds", "What the last rebuilding of the state from L1 and published data took; 0 if there was none.";
        narrowed = "ashlar_door_narrowed", "1 while new orders are refused for the provers' sake.";
        deadline = "ashlar_settlement_deadline_seconds", "How long the contract gives a batch until it is final.";
        level = "ashlar_answers_within_permille", "Answers within the promised time in the last hour, in a thousand.";
        answer_recent = "ashlar_answer_recent_microseconds", "What an answer takes lately.";
        answer_usual = "ashlar_answer_usual_microseconds", "What an answer usually takes here.";
    }
    times {
        check_us = "ashlar_check_seconds", "Checking the signatures of a group.";
        wait_us = "ashlar_wait_seconds", "From a message's arrival to its execution.";
        execute_us = "ashlar_execute_seconds", "Executing a block.";
        sync_us = "ashlar_sync_seconds", "Making a group of blocks durable.";
        answer_us = "ashlar_answer_seconds", "From a message's arrival to its durable answer.";
        seal_us = "ashlar_seal_seconds", "Building a batch.";
        publish_us = "ashlar_publish_seconds", "From a batch being built to its data being available.";
        commit_us = "ashlar_commit_seconds", "From a batch being built to its commit on L1.";
        prove_us = "ashlar_prove_seconds", "From a batch being built to its proof on L1.";
        unwind_us = "ashlar_unwind_seconds", "From knowing what L1 took back to trading again.";
        noted_us = "ashlar_sync_latency_seconds", "From the last look at L1 that did not show something to its being known here: at least as long as it was there.";
        followed_us = "ashlar_follow_seconds", "The same for a batch, until a node that follows has executed it and has the same header.";
        final_us = "ashlar_final_seconds", "From a batch being built to its being final.";
        accepted_built_us = "ashlar_accepted_built_seconds", "From acceptance to a built batch; each command counts as the first of its batch.";
        accepted_published_us = "ashlar_accepted_published_seconds", "The same to published data.";
        accepted_committed_us = "ashlar_accepted_committed_seconds", "The same to the commit on L1.";
        accepted_proven_us = "ashlar_accepted_proven_seconds", "The same to the proof on L1.";
        accepted_final_us = "ashlar_accepted_final_seconds", "The same to finality.";
    }
}

impl Metrics {
    /// Counts a refusal by its kind.
    pub fn refused(&self, refusal: &Refusal) {
        let kind = match refusal {
            Refusal::Malformed(_) => 0,
            Refusal::Signature(_) => 1,
            Refusal::Inadmissible(_) => 2,
            Refusal::NonceTaken { .. } => 3,
            Refusal::RateLimited { .. } => 4,
            Refusal::Overloaded { .. } => 5,
            Refusal::Closed { .. } | Refusal::Lost { .. } => 6,
        };
        self.refusals[kind].add(1);
    }

    /// Says which alerts are firing.
    pub fn fire(&self, on: &[AlertKind]) {
        for (firing, kind) in self.firing.iter().zip(AlertKind::ALL) {
            firing.set(u64::from(on.contains(&kind)));
        }
        self.alerts.set(on.len() as u64);
    }

    /// Refusals that are the node's doing, not the sender's: overload and a closed gate.
    pub fn turned_away(&self) -> u64 {
        self.refusals[5].get() + self.refusals[6].get()
    }
}

fn number(out: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_rendered_once() {
        let metrics = Metrics::default();
        metrics.messages.add(3);
        metrics.refused(&Refusal::RateLimited { retry_ms: 1 });
        metrics.answer_us.record(5);
        metrics.fire(&[AlertKind::Balance]);
        let mut text = String::new();
        metrics.render(&mut text);
        assert!(text.contains("\nashlar_messages_total 3\n"), "{text}");
        assert!(text.contains("ashlar_refusals_total{kind=\"rate\"} 1\n"), "{text}");
        assert!(text.contains("ashlar_alert{kind=\"balance\"} 1\n"), "{text}");
        assert!(text.contains("ashlar_alert{kind=\"degraded\"} 0\n"), "{text}");
        let mut names: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let all = names.len();
        names.dedup();
        assert_eq!(all, names.len());
    }
}
