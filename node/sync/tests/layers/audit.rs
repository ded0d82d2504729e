use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, PublicValues, data_root};
use ashlar_replica::Shadow;
use ashlar_state::{Key, Serial};
use ashlar_sync::limits::AHEAD_BATCHES;
use ashlar_sync::{AcceptedProof, BatchSource, Finding, Report, SourceError, compare_state, verify};
use ashlar_types::{BatchNumber, InboxIndex};
use commonware_runtime::deterministic::Context;
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};

use crate::sim::{Sim, World};
use crate::world::{History, history};

/// Audits a history after something in it was changed.
fn audit(change: impl FnOnce(&mut World)) -> (History, Report) {
    let history = history(11, 6, 200);
    let sim = Sim::of(&history);
    sim.change(change);
    let (start, chain) = (crate::world::history(11, 0, 0).genesis, sim.clone());
    let report = deterministic::Runner::seeded(1).start(|context| async move {
        let mut shadow = Shadow::from_snapshot(start);
        verify(&context, &chain, &chain, &mut shadow, None, &Serial).await.expect("the sources answer")
    });
    (history, report)
}

fn one(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    &report.findings[0]
}

#[test]
fn a_true_history_is_clean() {
    let (history, report) = audit(|world| {
        let values = PublicValues::of(&world.committed[0].header);
        let number = BatchNumber::new(1);
        world.proofs.push(AcceptedProof { first: number, last: number, values });
    });
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.batches, 6);
    assert_eq!(report.commands, history.batches[5].0.next_sequence.get());
}

#[test]
fn a_wrong_root_is_named_with_both_values() {
    for (field, change) in [("state root after", 0), ("receipts root", 1), ("withdrawals root", 2)] {
        let wrong = Digest::truncate(&[7; 8]);
        let (_, report) = audit(|world| {
            world.committed.truncate(4);
            let batch = &mut world.committed[3];
            let bytes = world.data.remove(&batch.hash).expect("there");
            match change {
                0 => batch.header.state_root_after = wrong,
                1 => batch.header.receipts_root = wrong,
                _ => {
                    batch.header.withdrawals_root = wrong;
                    batch.header.withdrawals_next = batch.header.withdrawals_next.next();
                }
            }
            batch.hash = batch.header.hash();
            world.data.insert(batch.hash, bytes);
        });
        assert_eq!(report.batches, 4);
        let Finding::WrongField { batch, field: got, .. } = one(&report) else { panic!("{report:?}") };
        assert_eq!((batch.get(), *got), (4, field));
    }
}

#[test]
fn withheld_and_altered_data_are_told_apart() {
    let (_, report) = audit(|world| drop(world.data.remove(&world.committed[2].hash)));
    assert!(matches!(one(&report), Finding::DataWithheld { batch, .. } if batch.get() == 3), "{report:?}");
    let (history, report) = audit(|world| {
        let hash = world.committed[2].hash;
        let bytes = world.data.get_mut(&hash).expect("there");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
    });
    let Finding::DataAltered { batch, expected, got } = one(&report) else { panic!("{report:?}") };
    assert_eq!((batch.get(), *expected), (3, data_root(&history.batches[2].1).expect("a batch")));
    assert_ne!(expected, got);
}

#[test]
fn a_proof_for_another_batch_is_named() {
    let (_, report) = audit(|world| {
        let values = PublicValues::of(&world.committed[4].header);
        let number = BatchNumber::new(3);
        world.proofs.push(AcceptedProof { first: number, last: number, values });
    });
    assert!(matches!(one(&report), Finding::ForeignProof { first, .. } if first.get() == 3), "{report:?}");
    assert_eq!(report.batches, 6, "what is executed does not depend on it");
}

#[test]
fn a_skipped_inbox_entry_is_named_with_its_command() {
    let (_, report) = audit(|world| {
        // L1 holds an entry that the operator left out: what follows it has other indexes there.
        let skipped = world.inbox[20].clone();
        world.inbox.insert(20, skipped);
        for (index, entry) in world.inbox.iter_mut().enumerate() {
            entry.index = InboxIndex::new(index as u64);
        }
        world.inbox[20].time = ashlar_types::Time::ZERO;
    });
    let Finding::Inbox { batch, command, index } = &report.findings[0] else { panic!("{report:?}") };
    assert_eq!((batch.get(), command.get(), index.get()), (1, 20, 20));
}

#[test]
fn a_header_that_is_not_the_stored_one_or_does_not_follow_is_named() {
    let (_, report) = audit(|world| world.committed[1].hash.0[5] ^= 1);
    assert!(matches!(one(&report), Finding::HeaderHash { batch, .. } if batch.get() == 2), "{report:?}");
    let (_, report) = audit(|world| {
        world.committed.remove(2);
    });
    assert!(matches!(one(&report), Finding::Link { batch, .. } if batch.get() == 3), "{report:?}");
}

/// A source that takes a second for each answer, and counts how many it is asked for at once.
#[derive(Clone)]
struct Slow {
    sim: Sim,
    context: Arc<Context>,
    asked: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl BatchSource for Slow {
    async fn fetch(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, SourceError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(asked, Ordering::Relaxed);
        self.context.sleep(Duration::from_secs(1)).await;
        self.asked.fetch_sub(1, Ordering::Relaxed);
        self.sim.fetch(header).await
    }
}

#[test]
fn batches_are_read_ahead_side_by_side_and_never_more_than_may_be() {
    let history = history(13, 3 * AHEAD_BATCHES, 5);
    let sim = Sim::of(&history);
    deterministic::Runner::seeded(1).start(|context| async move {
        let (asked, most) = (Arc::default(), Arc::<AtomicUsize>::default());
        let slow = Slow { sim: sim.clone(), context: Arc::new(context.child("slow")), asked, most: most.clone() };
        let begun = context.current();
        let mut shadow = Shadow::from_snapshot(crate::world::history(13, 0, 0).genesis);
        let report = verify(&context, &sim, &slow, &mut shadow, None, &Serial).await.expect("the sources answer");
        assert!(report.is_clean() && report.batches == 3 * AHEAD_BATCHES as u64, "{report:?}");
        assert_eq!(most.load(Ordering::Relaxed), AHEAD_BATCHES);
        let took = context.current().duration_since(begun).expect("time goes on");
        assert!(took < Duration::from_secs(5), "three rounds of a second each: {took:?}");
        // What is missing ends it, and nobody is asked for much that is not used.
        sim.change(|world| {
            world.fetched = 0;
            drop(world.data.remove(&world.committed[1].hash));
        });
        let mut shadow = Shadow::from_snapshot(crate::world::history(13, 0, 0).genesis);
        let report = verify(&context, &sim, &sim, &mut shadow, None, &Serial).await.expect("the sources answer");
        assert!(matches!(one(&report), Finding::DataWithheld { batch, .. } if batch.get() == 2), "{report:?}");
        assert!(sim.change(|world| world.fetched) <= 2 + AHEAD_BATCHES as u64);
    });
}

#[test]
fn a_local_state_edited_by_one_byte_is_named_by_key_and_command() {
    let mut history = history(12, 4, 300);
    let leaves = history.live.store.leaves();
    let mut shadow = Shadow::from_snapshot(crate::world::history(12, 0, 0).genesis);
    for (header, bytes) in &history.batches[..3] {
        shadow.run(bytes, header, &Serial).expect("a batch");
    }
    let (header, bytes) = &history.batches[3];
    let writers: Vec<_> =
        leaves.iter().map(|(key, _)| shadow.last_writer(bytes, key).expect("a batch")).take(60).collect();
    shadow.run(bytes, header, &Serial).expect("a batch");
    let view = |leaves: &[(Key, Vec<u64>)]| leaves.to_vec();
    let plain: Vec<(Key, Vec<u64>)> = leaves.iter().map(|(key, value)| (*key, value.words().to_vec())).collect();
    let borrowed = |of: &[(Key, Vec<u64>)]| {
        compare_state(of.iter().map(|(key, words)| (*key, words.as_slice())), &shadow, |_| None)
    };
    assert!(borrowed(&plain).is_none());
    let (mut written, mut quiet) = (0, 0);
    for (place, writer) in writers.iter().enumerate() {
        let mut edited = view(&plain);
        edited[place].1[0] ^= 1 << 8;
        let local = edited.iter().map(|(key, words)| (*key, words.as_slice()));
        let finding = compare_state(local, &shadow, |_| *writer).expect("it was edited");
        let Finding::LocalState { batch, command, key, .. } = &finding else { panic!("{finding}") };
        assert_eq!((batch.get(), *command, *key), (4, *writer, plain[place].0));
        if command.is_some() { written += 1 } else { quiet += 1 }
    }
    assert!(written > 0 && quiet > 0, "{written} {quiet}");
    let finding = borrowed(&plain[1..]).expect("a leaf is missing");
    assert!(matches!(finding, Finding::LocalState { local: None, .. }));
}
