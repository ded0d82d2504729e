use commonware_runtime::{Blob as _, Runner as _, Storage as _, Supervisor as _, WriteOptions, deterministic};

use super::*;

type Numbers = DurableLog<deterministic::Context, u64>;

#[test]
fn what_was_appended_is_there_again() {
    deterministic::Runner::default().start(|context| async move {
        let (mut log, records) = Numbers::open(context.child("a"), "numbers").await.unwrap();
        assert!(records.is_empty());
        log.append(&[1, 2]).await.unwrap();
        let third = log.end();
        log.append(&[3]).await.unwrap();
        assert_eq!(log.read_at(third).await.unwrap(), [3]);
        drop(log);
        let (mut log, records) = Numbers::open(context.child("b"), "numbers").await.unwrap();
        assert_eq!(records, [1, 2, 3]);
        log.rewrite(&[3]).await.unwrap();
        log.append(&[4]).await.unwrap();
        drop(log);
        let (_, records) = Numbers::open(context.child("c"), "numbers").await.unwrap();
        assert_eq!(records, [3, 4]);
    });
}

#[test]
fn a_torn_end_is_dropped_and_damage_inside_is_refused() {
    deterministic::Runner::default().start(|context| async move {
        let (mut log, _) = Numbers::open(context.child("a"), "numbers").await.unwrap();
        let mut ends = vec![log.end()];
        for number in [10, 20, 30] {
            log.append(&[number]).await.unwrap();
            ends.push(log.end());
        }
        drop(log);
        // Every length that a crash during the last append may leave.
        for cut in (ends[2]..ends[3]).rev() {
            let (blob, _) = context.open("numbers", &0u64.to_be_bytes()).await.unwrap();
            blob.resize(cut).await.unwrap();
            blob.sync().await.unwrap();
            drop(blob);
            let (_, records) = Numbers::open(context.child("b"), "numbers").await.unwrap();
            assert_eq!(records, [10, 20], "cut at {cut}");
        }
        let (blob, _) = context.open("numbers", &0u64.to_be_bytes()).await.unwrap();
        blob.write_at(ends[0] + 13, vec![b'9'], WriteOptions::default()).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);
        let error = Numbers::open(context.child("c"), "numbers").await.err().unwrap();
        assert!(matches!(error, StoreError::Damaged { offset, .. } if offset == ends[0]), "{error}");
    });
}

#[test]
fn a_rewriting_cut_short_leaves_the_old_log() {
    deterministic::Runner::default().start(|context| async move {
        let (mut log, _) = Numbers::open(context.child("a"), "numbers").await.unwrap();
        log.append(&[1, 2, 3]).await.unwrap();
        drop(log);
        let (blob, _) = context.open("numbers", &1u64.to_be_bytes()).await.unwrap();
        blob.write_at(0, frame_of("numbers", &[7u64]).unwrap(), WriteOptions::default()).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);
        let (_, records) = Numbers::open(context.child("b"), "numbers").await.unwrap();
        assert_eq!(records, [1, 2, 3]);
    });
}
