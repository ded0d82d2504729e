use ashlar_replica::{Epoch, SnapshotStore};
use ashlar_state::Serial;
use ashlar_sync::{Finding, RecoveryError, StateRecoveryManager, Target};
use ashlar_types::BatchNumber;
use commonware_runtime::deterministic::Context;
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::sim::{Sim, block};
use crate::world::{History, history};

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
