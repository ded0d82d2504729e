use ashlar_replica::{Epoch, Shadow, Snapshot, SnapshotHead, SnapshotStore};
use ashlar_state::{Key, Serial, Value};
use ashlar_sync::{CheckpointManager, CheckpointPolicy, Stays};
use ashlar_types::Sequence;
use commonware_runtime::deterministic::Context;
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::sim::block;
use crate::world::history;

type Leaves = Vec<(Key, Value)>;

/// One checkpoint at the end of each batch, and what the state was there.
struct Taken {
    head: SnapshotHead,
    is_increment: bool,
    leaves: Leaves,
}

fn store_of(context: &Context) -> SnapshotStore<Context> {
    SnapshotStore::new(context.child("snapshots"), "snapshots")
}

async fn take_all(context: &Context, batches: usize) -> Vec<Taken> {
    let history = history(41, batches, 12);
    let mut shadow = Shadow::from_snapshot(history.genesis);
    let mut manager = CheckpointManager::new(store_of(context), POLICY, Sequence::new(0));
    let mut all = Vec::new();
    for (header, bytes) in &history.batches {
        let outcome = shadow.run(bytes, header, &Serial).expect("a batch");
        manager.note(&outcome.changes);
        let leaves = shadow.map().len() as u64;
        let head = SnapshotHead { header: *header, epoch: Epoch::new(0), block: block(header.number.get()), leaves };
        assert!(manager.is_due(head.sequence()));
        let is_increment = manager.take(head, shadow.map()).await.expect("a good disk");
        let leaves = shadow.map().iter().map(|(key, words)| (key, Value::new(words).expect("a leaf"))).collect();
        all.push(Taken { head, is_increment, leaves });
    }
    all
}

async fn newest(store: &SnapshotStore<Context>) -> (Snapshot, usize) {
    let (found, rejected) = store.newest(|_| true, &Serial).await.expect("a good disk");
    (found.expect("there is one"), rejected.len())
}

const POLICY: CheckpointPolicy = CheckpointPolicy { every_commands: 1, increments_max: 3 };

#[test]
fn increments_come_to_the_same_state_and_take_less_room() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let store = store_of(&context);
        let taken = take_all(&context, 12).await;
        let increments = taken.iter().filter(|one| one.is_increment).count();
        assert!(increments >= 6 && !taken[0].is_increment, "{increments} of {}", taken.len());
        let mut names = context.scan("snapshots").await.expect("there");
        names.sort();
        assert_eq!(names.len(), taken.len());
        for (name, one) in names.iter().zip(&taken) {
            let loaded = store.load(&one.head, &Serial).await.expect("whole");
            assert_eq!(loaded.leaves, one.leaves, "batch {}", one.head.header.number.get());
            let (stored, wrong) = store.stored(&one.head).await.expect("a good disk");
            assert!(stored == one.leaves && wrong.is_none());
            let (_, bytes) = context.open("snapshots", name).await.expect("there");
            let whole = 1_024 + one.leaves.iter().map(|(_, value)| 25 + 8 * value.words().len() as u64).sum::<u64>();
            assert!(if one.is_increment { bytes < whole } else { bytes == whole }, "{bytes} of {whole}");
        }
    });
}

#[test]
fn there_is_one_to_fall_back_to_that_shares_nothing_with_the_newest() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let store = store_of(&context);
        let taken = take_all(&context, 12).await;
        let (bases, last) = (store.chains().await.expect("a good disk"), taken.last().expect("twelve"));
        let manager = CheckpointManager::new(store_of(&context), POLICY, last.head.sequence());
        // L1 may take everything back yet: everything stays.
        assert_eq!(manager.retain(Stays::Unknown).await.expect("a good disk"), None);
        assert_eq!(store.list().await.expect("a good disk").len(), 12);
        let oldest = manager.retain(Stays::Everything).await.expect("a good disk").expect("two chains");
        let (_, mark) = bases.last().expect("twelve");
        let expected = bases.iter().rev().find(|(_, other)| other != mark).expect("another chain").0;
        assert_eq!(oldest, expected);
        assert!(store.list().await.expect("a good disk").len() < 12);
        assert_eq!(newest(&store).await.0.leaves, last.leaves);
        // One byte of the whole one that the newest rests on is changed: none of what rests on it is used.
        let (blob, length) = context.open("snapshots", mark).await.expect("there");
        blob.write_at(length - 9, vec![0xAA], WriteOptions::SYNC).await.expect("a good disk");
        drop(blob);
        let (found, rejected) = newest(&store).await;
        let of = taken.iter().find(|one| one.head == oldest).expect("it was taken");
        assert!(found.head == oldest && found.leaves == of.leaves && rejected > 0, "{rejected} were passed over");
        // And without it they cannot be read at all.
        context.remove("snapshots", Some(mark)).await.expect("removed");
        assert_eq!(newest(&store).await.0.head, oldest);
    });
}
