use ashlar_replica::{DiffError, Epoch, Shadow, SnapshotStore, apply_diff, diff};
use ashlar_state::{Map, Serial, Value};
use ashlar_sync::limits::RECOVERY_CHECKPOINT_BATCHES;
use ashlar_sync::{Finding, RecoveryError, Stage, StateRecoveryManager, Target};
use ashlar_types::{BatchNumber, Time};
use commonware_runtime::deterministic::Context;
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::sim::{Sim, block};
use crate::world::{History, history};

/// What a node kept of what its batches changed, from the first on.
type Kept = Vec<Option<Vec<u8>>>;

fn manager(context: &Context, sim: &Sim, seed: u64) -> StateRecoveryManager<Context, Sim, Sim> {
    let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
    StateRecoveryManager::new(context.child("recovery"), sim.clone(), sim.clone(), store, move || {
        history(seed, 0, 0).genesis
    })
}

fn is_live(history: &mut History, shadow: &ashlar_replica::Shadow) {
    let live = history.live.store.leaves();
    assert!(shadow.map().iter().eq(live.iter().map(|(key, value)| (*key, value.words()))), "byte for byte");
}

#[test]
fn an_empty_folder_comes_to_the_live_state_from_l1_and_data_alone() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let mut history = history(21, 8, 200);
        let sim = Sim::of(&history);
        let manager = manager(&context, &sim, 21);
        let mut seen = Vec::new();
        let root = history.batches[7].0.state_root_after;
        let recovered =
            manager.recover_from_da(root, &Serial, &mut |progress| seen.push(progress)).await.expect("whole");
        is_live(&mut history, &recovered.shadow);
        assert_eq!(recovered.report.batches, 8);
        assert_eq!(seen.last().expect("told").batch.get(), 8);
    });
}

#[test]
fn every_target_is_found_and_reached() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let history = history(22, 7, 100);
        let sim = Sim::of(&history);
        let manager = manager(&context, &sim, 22);
        for (header, _) in &history.batches {
            let number = header.number;
            let mut targets = vec![
                Target::Batch(number),
                Target::Root(header.state_root_after),
                Target::L1Block(10 * number.get()),
                Target::L1Block(10 * number.get() + 9),
            ];
            let next = history.batches.get(number.get() as usize);
            if next.is_none_or(|(next, _)| next.last_time > header.last_time) {
                targets.push(Target::Time(header.last_time));
            }
            for target in targets {
                let recovered = manager.recover(target, &Serial, &mut |_| ()).await.expect("whole");
                assert_eq!(recovered.shadow.header(), header, "{target:?}");
            }
        }
        let error = manager.recover(Target::Batch(BatchNumber::new(8)), &Serial, &mut |_| ()).await;
        assert!(matches!(error, Err(RecoveryError::NoSuchBatch { tip, .. }) if tip.get() == 7));
        let mut range = Vec::new();
        let (first, last) = (BatchNumber::new(3), BatchNumber::new(5));
        manager.recover_range(first, last, |_, bytes| range.push(bytes)).await.expect("whole");
        assert!(range.iter().eq(history.batches[2..5].iter().map(|(_, bytes)| bytes)));
    });
}

#[test]
fn a_block_and_a_stretch_of_time_name_what_was_there_then() {
    deterministic::Runner::seeded(5).start(|context| async move {
        let history = history(26, 7, 100);
        let sim = Sim::of(&history);
        let manager = manager(&context, &sim, 26);
        // Batch 4 is in block 40, and nothing is in those up to 49.
        for (block, batch) in [(9, 0), (10, 1), (45, 4), (70, 7), (1_000, 7)] {
            let recovered = manager.recover_from_l1(block, &Serial, &mut |_| ()).await.expect("whole");
            assert_eq!(recovered.shadow.header().number.get(), batch, "at block {block}");
        }
        let ended = |number: usize| history.batches[number - 1].0.last_time;
        let range = |from, to| manager.range_of_time(from, to);
        let within = |from, to| {
            let inside =
                history.batches.iter().map(|(header, _)| header).filter(|one| (from..=to).contains(&one.last_time));
            inside.map(|header| header.number).collect::<Vec<_>>()
        };
        let later = |time: Time, ms: u64| Time::new(time.get() + ms).expect("a time");
        let stretches = [
            (ended(3), ended(5)),
            (later(ended(3), 1), ended(5)),
            (Time::ZERO, ended(2)),
            (Time::ZERO, later(ended(7), 9)),
        ];
        for (from, to) in stretches {
            let (first, last) = range(from, to).await.expect("whole");
            let expected = within(from, to);
            assert_eq!((Some(&first), Some(&last)), (expected.first(), expected.last()), "{from:?} to {to:?}");
            let mut taken = Vec::new();
            manager.recover_range(first, last, |header, _| taken.push(header.number)).await.expect("whole");
            assert_eq!(taken, expected);
        }
        let (first, last) = range(later(ended(7), 1), later(ended(7), 2)).await.expect("whole");
        manager.recover_range(first, last, |header, _| panic!("{header:?} ended before")).await.expect("nothing");
    });
}

#[test]
fn a_recovery_that_was_stopped_goes_on_from_the_checkpoint_that_it_left() {
    deterministic::Runner::seeded(6).start(|context| async move {
        let mut history = history(27, 310, 2);
        let sim = Sim::of(&history);
        let manager = manager(&context, &sim, 27);
        let (last, all) = (Target::Batch(BatchNumber::new(310)), sim.change(|world| world.data.clone()));
        sim.change(|world| drop(world.data.remove(&world.committed[299].hash)));
        let error = manager.recover(last, &Serial, &mut |_| ()).await.expect_err("batch 300 is withheld");
        assert!(matches!(error, RecoveryError::Wrong { reached, .. } if reached.get() == 299), "{error}");
        sim.change(|world| (world.data, world.fetched) = (all, 0));
        let mut seen = Vec::new();
        let recovered = manager.recover(last, &Serial, &mut |progress| seen.push(progress)).await.expect("whole");
        assert_eq!(recovered.begun_at.get(), RECOVERY_CHECKPOINT_BATCHES);
        assert_eq!(sim.change(|world| world.fetched), 310 - RECOVERY_CHECKPOINT_BATCHES, "nothing is fetched again");
        is_live(&mut history, &recovered.shadow);
        assert!(seen.iter().map(|progress| progress.batch.get()).eq(RECOVERY_CHECKPOINT_BATCHES + 1..=310));
    });
}

#[test]
fn it_begins_at_the_newest_checkpoint_that_is_whole_and_on_the_chain() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let mut history = history(23, 8, 100);
        let sim = Sim::of(&history);
        let manager = manager(&context, &sim, 23);
        for number in [2, 4, 6] {
            let target = Target::Batch(BatchNumber::new(number));
            let there = manager.recover(target, &Serial, &mut |_| ()).await.expect("whole");
            manager.create_checkpoint(&there.shadow, Epoch::new(0), block(1)).await.expect("a good disk");
        }
        sim.change(|world| world.fetched = 0);
        let newest = Target::Batch(BatchNumber::new(8));
        let recovered = manager.recover(newest, &Serial, &mut |_| ()).await.expect("whole");
        assert_eq!((recovered.begun_at.get(), sim.change(|world| world.fetched)), (6, 2));
        is_live(&mut history, &recovered.shadow);
        // The newest is damaged: the one before is used, and that is said.
        let mut names = context.scan("snapshots").await.expect("there");
        names.sort();
        let name = names.pop().expect("three");
        let (blob, length) = context.open("snapshots", &name).await.expect("there");
        blob.write_at(length - 9, vec![0xAA], WriteOptions::SYNC).await.expect("a good disk");
        drop(blob);
        let recovered = manager.recover(newest, &Serial, &mut |_| ()).await.expect("whole");
        assert_eq!((recovered.begun_at.get(), recovered.rejected.len()), (4, 1));
        is_live(&mut history, &recovered.shadow);
        // L1 went another way after batch 2: checkpoints of what it left are not used.
        let other = crate::world::history(24, 8, 100);
        let elsewhere = Sim::of(&other);
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let begin = move || crate::world::history(24, 0, 0).genesis;
        let manager = StateRecoveryManager::new(context.child("other"), elsewhere.clone(), elsewhere, store, begin);
        let recovered = manager.recover(newest, &Serial, &mut |_| ()).await.expect("whole");
        assert_eq!(recovered.begun_at.get(), 0);
        assert_eq!(*recovered.shadow.header(), other.batches[7].0);
    });
}

/// Every batch's diff, by executing it.
fn diffs(history: &History) -> Vec<Vec<u8>> {
    let genesis = &history.genesis;
    let leaves = |map: &Map<_>| -> Vec<_> {
        map.iter().map(|(key, words)| (key, Value::new(words).expect("a leaf"))).collect::<Vec<_>>()
    };
    let map = Map::from_sorted(&genesis.leaves, &Serial).expect("sorted");
    let mut shadow = Shadow::new(map, genesis.order_index(), genesis.head.header);
    let made = history.batches.iter().map(|(header, bytes)| {
        let before = Map::from_sorted(&leaves(shadow.map()), &Serial).expect("sorted");
        let outcome = shadow.run(bytes, header, &Serial).expect("executed");
        diff(&before, &outcome.changes, header)
    });
    made.collect()
}

/// The last of these diffs with a bit turned so that it can be read and leads to another state.
fn leads_elsewhere(history: &History, made: &[Vec<u8>]) -> Vec<u8> {
    let (last, before) = made.split_last().expect("some");
    let map_before = || {
        let mut map = Map::from_sorted(&history.genesis.leaves, &Serial).expect("sorted");
        for diff in before {
            apply_diff(&mut map, diff, &Serial).expect("right");
        }
        map
    };
    let turned = (0..last.len()).rev().map(|at| {
        let mut turned = last.clone();
        turned[at] ^= 2;
        turned
    });
    let leads_elsewhere =
        |turned: &Vec<u8>| matches!(apply_diff(&mut map_before(), turned, &Serial), Err(DiffError::After { .. }));
    turned.into_iter().find(leads_elsewhere).expect("most do")
}

/// What L1 made final is followed by diffs, and what it did not is executed; a diff that is not right is of no use and does no harm.
#[test]
fn a_recovery_goes_by_diffs_as_far_as_batches_are_final() {
    deterministic::Runner::seeded(5).start(|context| async move {
        let mut history = history(26, 8, 150);
        let made = diffs(&history);
        let sim = Sim::of(&history);
        sim.change(|world| world.committed.iter_mut().take(6).for_each(|batch| batch.stage = Stage::Final));
        let all = |sim: &Sim, diffs: Kept| {
            let store = SnapshotStore::new(context.child("snapshots"), "none");
            let begin = move || crate::world::history(26, 0, 0).genesis;
            let manager = StateRecoveryManager::new(context.child("quick"), sim.clone(), sim.clone(), store, begin);
            manager.with_diffs(Box::new(move |number| {
                let told = match diffs.get(number.get() as usize - 1) {
                    Some(Some(diff)) if diff.is_empty() => Err("nobody answers".to_owned()),
                    known => Ok(known.cloned().flatten()),
                };
                Box::pin(std::future::ready(told))
            }))
        };
        let some = |change: &dyn Fn(&mut Kept)| {
            let mut diffs: Vec<_> = made.iter().cloned().map(Some).collect();
            change(&mut diffs);
            diffs
        };
        let target = Target::Batch(BatchNumber::new(8));
        let wrong = leads_elsewhere(&history, &made[..5]);
        let cases: [(&str, Kept, u64, Option<u64>); 6] = [
            ("all", some(&|_| ()), 6, None),
            ("none of the fourth", some(&|diffs| diffs[3] = None), 3, None),
            ("another in its place", some(&|diffs| diffs.swap(3, 4)), 3, Some(4)),
            // What it leads to is no state of any header: everything is executed.
            ("a wrong word at the end", some(&|diffs| diffs[4] = Some(wrong.clone())), 0, Some(5)),
            ("none", some(&|diffs| diffs.fill(None)), 0, None),
            ("nobody to ask from the third on", some(&|diffs| diffs[2..].fill(Some(Vec::new()))), 2, Some(3)),
        ];
        for (what, diffs, by_diffs, useless) in cases {
            sim.change(|world| world.fetched = 0);
            let recovered = all(&sim, diffs).recover(target, &Serial, &mut |_| ()).await.expect(what);
            is_live(&mut history, &recovered.shadow);
            assert_eq!(recovered.by_diffs, by_diffs, "{what}");
            assert_eq!(recovered.useless_diff.as_ref().map(|(batch, _)| batch.get()), useless, "{what}");
            assert_eq!(sim.change(|world| world.fetched), 8 - by_diffs, "{what}: the others are executed");
            assert_eq!(recovered.shadow.header().number.get(), 8);
        }
    });
}

#[test]
fn a_recovery_that_meets_something_wrong_says_what_and_how_far_it_came() {
    deterministic::Runner::seeded(4).start(|context| async move {
        let history = history(25, 6, 100);
        let sim = Sim::of(&history);
        sim.change(|world| drop(world.data.remove(&world.committed[4].hash)));
        let manager = manager(&context, &sim, 25);
        let error = manager.recover(Target::Batch(BatchNumber::new(6)), &Serial, &mut |_| ()).await;
        let Err(RecoveryError::Wrong { reached, finding }) = error else { panic!("it is withheld") };
        assert_eq!(reached.get(), 4);
        assert!(matches!(*finding, Finding::DataWithheld { batch, .. } if batch.get() == 5));
    });
}
