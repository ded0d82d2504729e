use std::time::Duration;

use ashlar_batch::{codec, data_root};
use ashlar_replica::SnapshotStore;
use ashlar_state::Serial;
use ashlar_sync::{
    CheckConfig, ConsistencyChecker, Finding, MultiLayerStateManager, StateRecoveryManager, Strategy, Synchronized,
};
use commonware_runtime::deterministic::{self, Context};
use commonware_runtime::{Runner, Supervisor};

use crate::sim::Sim;
use crate::world::history;

fn recovery(context: &Context, sim: &Sim, seed: u64) -> StateRecoveryManager<Context, Sim, Sim> {
    let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
    let genesis = move || history(seed, 0, 0).genesis;
    StateRecoveryManager::new(context.child("recovery"), sim.clone(), sim.clone(), store, genesis)
}

const fn manager(sim: &Sim) -> MultiLayerStateManager<'_, Sim, Sim, Sim> {
    let (interval, strategy) = (Duration::from_secs(1), Strategy::Halt);
    let config = CheckConfig { interval, samples: 8, data_batches: 0, lag_max: 2, strategy };
    MultiLayerStateManager::new(sim, sim, sim, ConsistencyChecker { config })
}

#[test]
fn what_the_records_say_is_held_against_l1_as_it_is_now() {
    deterministic::Runner::seeded(1).start(|_| async move {
        let history = history(31, 8, 60);
        let sim = Sim::of(&history);
        sim.change(|world| {
            world.committed.truncate(6);
            world.recorded = (6, 4, 2);
        });
        let layers = manager(&sim);
        let Synchronized { cursors, committed, taken_back, divergence } =
            layers.synchronize_state().await.expect("whole");
        let at = cursors.named().map(|(layer, cursor)| (layer, cursor.expect("it stands somewhere").batch.get()));
        assert_eq!(at, [("local", 8), ("l1", 6), ("proven", 4), ("final", 2)]);
        assert!(divergence.is_none() && taken_back == 0 && committed.get() == 6);
        // L1 takes three commits back; the records do not know yet.
        sim.change(|world| world.committed.truncate(3));
        let seen = layers.synchronize_state().await.expect("whole");
        assert_eq!((seen.committed.get(), seen.taken_back), (3, 3));
        sim.change(|world| world.recorded = (3, 3, 2));
        let seen = layers.synchronize_state().await.expect("whole");
        assert_eq!((seen.committed.get(), seen.taken_back), (3, 0));
        // Nothing is committed, and nothing is known: that is no divergence.
        sim.change(|world| (world.recorded, world.kept) = ((0, 0, 0), Vec::new()));
        let seen = layers.synchronize_state().await.expect("whole");
        assert!(seen.cursors.named().iter().all(|(_, cursor)| cursor.is_none()) && seen.divergence.is_none());
    });
}

#[test]
fn a_node_that_went_another_way_is_told_where_and_brought_back() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let (history, other) = (history(32, 8, 60), crate::world::history(33, 8, 60));
        let sim = Sim::of(&history);
        // From batch 5 on this node holds something else than L1.
        sim.change(|world| world.kept[4..].clone_from_slice(&other.batches[4..]));
        let (layers, recovery) = (manager(&sim), recovery(&context, &sim, 32));
        let seen = layers.synchronize_state().await.expect("whole");
        let Some(Finding::LocalHeader { batch, field: Some(field), .. }) = &seen.divergence else { panic!("{seen:?}") };
        assert!(batch.get() == 5 && field.local != field.l1, "{field:?}");
        let recovered =
            layers.reconcile_state(&recovery, &Serial, &mut |_| ()).await.expect("whole").expect("it differs");
        assert_eq!(*recovered.shadow.header(), history.batches[3].0);
        sim.change(|world| world.kept = history.batches.clone());
        assert!(layers.reconcile_state(&recovery, &Serial, &mut |_| ()).await.expect("whole").is_none());
    });
}

#[test]
fn another_batch_is_named_by_its_field_and_its_first_other_command() {
    deterministic::Runner::seeded(4).start(|_| async move {
        let history = history(35, 6, 60);
        let sim = Sim::of(&history);
        // Here the last batch lacks its last input.
        let (mut header, bytes) = history.batches[5].clone();
        let mut batch = codec::decode_all(&bytes).expect("a batch");
        let lacking = batch.inputs.pop().expect("some").input.commands() as u64;
        let bytes = codec::encode(&batch).expect("a batch");
        header.data_root = data_root(&bytes).expect("a batch");
        sim.change(|world| world.kept[5] = (header, bytes));
        let layers = manager(&sim);
        let checked = layers.verify_consistency(1).await.expect("whole");
        let [Finding::LocalHeader { batch, field: Some(field), command, .. }] = checked.findings.as_slice() else {
            panic!("{:?}", checked.findings)
        };
        assert_eq!((batch.get(), field.name), (6, "data root"));
        let expected = history.batches[5].0.next_sequence.get() - lacking;
        assert_eq!(command.map(|command| command.get()), Some(expected), "{}", checked.findings[0]);
        // What this node keeps of it cannot be read: that it differs is told all the same, without the command.
        sim.change(|world| world.unread = true);
        let checked = layers.verify_consistency(1).await.expect("what is found is told");
        let unexplained =
            |found: Option<&Finding>| matches!(found, Some(Finding::LocalHeader { field: Some(_), command: None, .. }));
        assert!(unexplained(checked.findings.first()), "{:?}", checked.findings);
        let seen = layers.synchronize_state().await.expect("what is found is told");
        assert!(unexplained(seen.divergence.as_ref()), "{seen:?}");
        sim.change(|world| world.unread = false);
        // Nobody has the data of L1's batch: the word is still known.
        let hash = sim.change(|world| world.committed[5].hash);
        sim.change(|world| drop(world.data.remove(&hash)));
        let checked = layers.verify_consistency(2).await.expect("whole");
        let found = checked.findings.iter().find(|finding| matches!(finding, Finding::LocalHeader { .. }));
        assert!(matches!(found, Some(Finding::LocalHeader { field: Some(_), command: None, .. })), "{found:?}");
    });
}

#[test]
fn checks_see_drift_lag_and_data_that_is_not_what_was_committed() {
    deterministic::Runner::seeded(3).start(|_| async move {
        let history = history(34, 8, 60);
        let sim = Sim::of(&history);
        let layers = manager(&sim);
        let checked = layers.verify_consistency(1).await.expect("whole");
        assert!(checked.findings.is_empty() && !checked.is_late && checked.sampled > 0);
        sim.change(|world| world.committed.truncate(5));
        let checked = layers.verify_consistency(1).await.expect("whole");
        assert_eq!((checked.lag, checked.is_late), (3, true));
        // One batch of five is altered: whoever looks often enough sees it, and nothing else.
        let hash = sim.change(|world| world.committed[2].hash);
        sim.change(|world| world.data.get_mut(&hash).expect("there")[50] ^= 4);
        let mut seen = 0;
        for seed in 0..40 {
            for finding in layers.verify_consistency(seed).await.expect("whole").findings {
                assert_eq!(finding.batch().get(), 3, "{finding}");
                seen += 1;
            }
        }
        assert!(seen > 5, "{seen} of 40");
    });
}
