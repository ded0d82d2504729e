use std::time::Duration;

use ashlar_replica::SnapshotStore;
use ashlar_state::Serial;
use ashlar_sync::{
    CheckConfig, ConsistencyChecker, CursorStore, Finding, MultiLayerStateManager, Stage, StateRecoveryManager,
    Strategy,
};
use commonware_runtime::deterministic::{self, Context};
use commonware_runtime::{Runner, Storage, Supervisor};

use crate::sim::Sim;
use crate::world::history;

type Manager = MultiLayerStateManager<Context, <Context as Storage>::Blob, Sim, Sim, Sim>;

async fn manager(context: &Context, sim: &Sim, seed: u64) -> Manager {
    let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
    let genesis = move || history(seed, 0, 0).genesis;
    let header = genesis().head.header;
    let recovery = StateRecoveryManager::new(context.child("recovery"), sim.clone(), sim.clone(), store, genesis);
    let cursors = CursorStore::open(context, "cursors").await.expect("a good disk");
    let (interval, strategy) = (Duration::from_secs(1), Strategy::Halt);
    let config = CheckConfig { interval, samples: 8, data_batches: 0, lag_max: 2, strategy };
    MultiLayerStateManager::new(recovery, sim.clone(), cursors, ConsistencyChecker { config }, header)
}

#[test]
fn cursors_follow_every_layer_forwards_and_backwards_and_over_a_start() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let history = history(31, 8, 60);
        let sim = Sim::of(&history);
        sim.change(|world| {
            world.committed.truncate(6);
            world.committed[..4].iter_mut().for_each(|batch| batch.stage = Stage::Proven);
            world.committed[..2].iter_mut().for_each(|batch| batch.stage = Stage::Final);
        });
        let mut layers = manager(&context, &sim, 31).await;
        let seen = layers.synchronize_state().await.expect("whole");
        let at = |cursor: ashlar_sync::Cursor| cursor.batch.get();
        let cursors = seen.cursors;
        assert_eq!((at(cursors.local), at(cursors.l1), at(cursors.proven), cursors.finalized.get()), (8, 6, 4, 2));
        assert!(seen.divergence.is_none() && seen.taken_back == 0);
        // L1 takes three commits back.
        sim.change(|world| world.committed.truncate(3));
        let seen = layers.synchronize_state().await.expect("whole");
        assert_eq!((at(seen.cursors.l1), at(seen.cursors.proven), seen.taken_back), (3, 3, 3));
        drop(layers);
        let again = manager(&context, &sim, 31).await;
        assert_eq!(again.cursors(), seen.cursors, "durable");
    });
}

#[test]
fn a_node_that_went_another_way_is_told_where_and_brought_back() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let (history, other) = (history(32, 8, 60), crate::world::history(33, 8, 60));
        let sim = Sim::of(&history);
        // From batch 5 on this node holds something else than L1.
        sim.change(|world| world.kept[4..].clone_from_slice(&other.batches[4..]));
        let mut layers = manager(&context, &sim, 32).await;
        let seen = layers.synchronize_state().await.expect("whole");
        assert!(matches!(seen.divergence, Some(Finding::LocalHeader { batch, .. }) if batch.get() == 5));
        let recovered = layers.reconcile_state(&Serial, &mut |_| ()).await.expect("whole").expect("it differs");
        assert_eq!(*recovered.shadow.header(), history.batches[3].0);
        assert_eq!(layers.cursors().local.batch.get(), 4);
        sim.change(|world| world.kept = history.batches.clone());
        assert!(layers.reconcile_state(&Serial, &mut |_| ()).await.expect("whole").is_none());
    });
}

#[test]
fn checks_see_drift_lag_and_data_that_is_not_what_was_committed() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let history = history(34, 8, 60);
        let sim = Sim::of(&history);
        let layers = manager(&context, &sim, 34).await;
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
