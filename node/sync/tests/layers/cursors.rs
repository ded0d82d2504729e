use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_sync::{Cursor, CursorStore, Cursors};
use ashlar_types::{BatchNumber, ExchangeId, Time};
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::sim::block;

fn cursors(number: u64) -> Cursors {
    let mut header = BatchHeader::genesis(1, ExchangeId([1; 32]), Digest::EMPTY, Time::ZERO);
    header.number = BatchNumber::new(number);
    let local = Cursor::at(&header, block(number));
    Cursors { local, proven: local, l1: local, finalized: BatchNumber::new(number / 2) }
}

#[test]
fn cursors_move_together_and_survive_a_torn_write_of_either_place() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let node = context.child("node");
        let mut store = CursorStore::open(&node, "cursors").await.expect("a good disk");
        assert_eq!(store.get(), None);
        for number in 1..40 {
            store.set(cursors(number)).await.expect("a good disk");
            drop(store);
            store = CursorStore::open(&node, "cursors").await.expect("whole");
            assert_eq!(store.get(), Some(cursors(number)));
            drop(store);
            // The write of the next ones is torn: what is there still stands.
            let (blob, _) = node.open("cursors", b"cursors").await.expect("there");
            let place = (number + 1) % 2 * 512;
            blob.write_at(place + number * 3, vec![0xEE; 17], WriteOptions::SYNC).await.expect("a good disk");
            drop(blob);
            store = CursorStore::open(&node, "cursors").await.expect("one place is whole");
            assert_eq!(store.get(), Some(cursors(number)));
        }
    });
}
