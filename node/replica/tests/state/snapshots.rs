use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use ashlar_exchange::HotConfig;
use ashlar_replica::{HotReplay, Shadow, Silent, SnapshotError, SnapshotStore};
use ashlar_state::Serial;
use commonware_runtime::{Blob, BlobVersion, Error, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::world::{history, snapshot};

#[test]
fn a_snapshot_is_loaded_as_it_was_and_history_goes_on_from_it() {
    let checkpoint = deterministic::Runner::seeded(1).start_and_recover(|context| async move {
        let history = history(3, 6, 500);
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let mut hot = HotReplay::from_snapshot(&history.genesis, HotConfig::default()).expect("a state");
        for (header, bytes) in &history.batches {
            hot.batch(bytes, &mut Silent).expect("a batch");
            if header.number.get() % 2 == 0 {
                let taken = snapshot(&mut hot.exchange.store, *header);
                let leaves = taken.leaves.iter().map(|(key, value)| (*key, value.words()));
                store.write(&taken.head, leaves).await.expect("a good disk");
            }
        }
    });
    deterministic::Runner::from(checkpoint.1).start(|context| async move {
        let history = history(3, 6, 500);
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let heads = store.list().await.expect("a good disk");
        assert_eq!(heads.iter().map(|head| head.header.number.get()).collect::<Vec<_>>(), [2, 4, 6]);
        let loaded = store.load(&heads[0], &Serial).await.expect("whole");
        let mut shadow = Shadow::from_snapshot(loaded);
        for (header, bytes) in &history.batches[2..] {
            assert_eq!(shadow.run(bytes, header, &Serial).expect("a batch").header, *header);
        }
        let (newest, rejected) = store.newest(|_| true, &Serial).await.expect("a good disk");
        assert_eq!((newest.expect("there is one").head, rejected.len()), (heads[2], 0));
        assert_eq!(store.retain(|head| *head == heads[1]).await.expect("a good disk"), 2);
        assert_eq!(store.list().await.expect("a good disk"), [heads[1]]);
    });
}

#[test]
fn a_changed_byte_anywhere_is_noticed_and_the_one_before_is_used() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let mut history = history(4, 2, 300);
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let view = |of: &ashlar_replica::Snapshot| of.leaves.clone();
        let older = history.genesis.head;
        let leaves = view(&history.genesis);
        store.write(&older, leaves.iter().map(|(key, value)| (*key, value.words()))).await.expect("a good disk");
        let taken = snapshot(&mut history.live.store, history.batches[1].0);
        let leaves = view(&taken);
        store.write(&taken.head, leaves.iter().map(|(key, value)| (*key, value.words()))).await.expect("a good disk");
        let mut names = context.scan("snapshots").await.expect("there");
        names.sort();
        let name = names[1].clone();
        let length = context.open("snapshots", &name).await.expect("there").1;
        for step in 0..120 {
            // Through the header's sum, and then through the leaves.
            let offset = if step < 60 { step * 11 } else { 1_024 + (length - 1_025) * (step - 60) / 60 };
            flip(&context, &name, offset).await;
            let (found, rejected) = store.newest(|_| true, &Serial).await.expect("a good disk");
            assert_eq!((found.expect("the older").head, rejected.len()), (older, 1), "offset {offset}");
            flip(&context, &name, offset).await;
        }
        assert_eq!(store.newest(|_| true, &Serial).await.expect("a good disk").0.expect("whole").head, taken.head);
        let unfinished = SnapshotStore::new(context.child("none"), "none");
        assert!(matches!(unfinished.load(&older, &Serial).await, Err(SnapshotError::Beginning)));
    });
}

/// A disk that ends with its machine after so many removals.
struct Ending {
    inner: deterministic::Context,
    removals: AtomicUsize,
}

impl Storage for Ending {
    type Blob = <deterministic::Context as Storage>::Blob;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(Self::Blob, u64, BlobVersion), Error> {
        self.inner.open_versioned(partition, name, versions).await
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        let left = self.removals.load(Ordering::Relaxed).checked_sub(1).ok_or(Error::Closed)?;
        self.removals.store(left, Ordering::Relaxed);
        self.inner.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.inner.scan(partition).await
    }
}

#[test]
fn what_rests_on_another_one_goes_before_it_and_without_it_says_so() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let mut history = history(5, 2, 300);
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let base = history.genesis.head;
        let leaves = &history.genesis.leaves;
        store.write(&base, leaves.iter().map(|(key, value)| (*key, value.words()))).await.expect("a good disk");
        let taken = snapshot(&mut history.live.store, history.batches[1].0);
        let changes = || taken.leaves.iter().map(|(key, value)| (*key, value.words()));
        store.write_increment(&taken.head, &base, changes()).await.expect("a good disk");
        // Killed after the first of two removals.
        let ending = Ending { inner: context.child("ending"), removals: AtomicUsize::new(1) };
        let ended = SnapshotStore::new(ending, "snapshots").retain(|_| false).await;
        assert!(matches!(ended, Err(SnapshotError::Disk { .. })), "{ended:?}");
        assert_eq!(store.list().await.expect("a good disk"), [base]);

        store.write_increment(&taken.head, &base, changes()).await.expect("a good disk");
        let names = context.scan("snapshots").await.expect("there");
        context.remove("snapshots", names.iter().min().map(Vec::as_slice)).await.expect("a good disk");
        let without = |error: SnapshotError| match error {
            SnapshotError::Base { number } => assert_eq!(number, base.header.number),
            other => panic!("{other}"),
        };
        without(store.stored(&taken.head).await.expect_err("changes alone are no state"));
        without(store.load(&taken.head, &Serial).await.expect_err("changes alone are no state"));
    });
}

async fn flip(context: &deterministic::Context, name: &[u8], offset: u64) {
    let (blob, _) = context.open("snapshots", name).await.expect("there");
    let byte = blob.read_at(offset, 1, Default::default()).await.expect("within").coalesce().as_ref()[0];
    blob.write_at(offset, vec![byte ^ 1], WriteOptions::SYNC).await.expect("a good disk");
}
