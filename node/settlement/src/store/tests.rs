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
        blob.write_at(0, frame_bytes(b"[7]"), WriteOptions::default()).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);
        let (_, records) = Numbers::open(context.child("b"), "numbers").await.unwrap();
        assert_eq!(records, [1, 2, 3]);
    });
}

type Words = DurableLog<deterministic::Context, String>;

/// Takes three frames.
fn long() -> String {
    "0123456789abcdef".repeat(2 * FRAME_BYTES_MAX / 16 + 1)
}

#[test]
fn what_is_longer_than_a_frame_is_written_in_pieces() {
    deterministic::Runner::default().start(|context| async move {
        let (mut log, _) = Words::open(context.child("a"), "words").await.unwrap();
        let written = vec!["before".to_owned(), long(), "after".to_owned()];
        let place = log.end();
        log.append(&written).await.unwrap();
        let next = log.end();
        log.append(&["next".to_owned()]).await.unwrap();
        assert!(log.read_at(place).await.unwrap() == written);
        drop(log);
        let (mut log, records) = Words::open_indexed(context.child("b"), "words").await.unwrap();
        let (places, mut words): (Vec<u64>, Vec<String>) = records.into_iter().unzip();
        assert_eq!(places, [place, place, place, next]);
        assert_eq!(words.pop().as_deref(), Some("next"));
        assert!(words == written);
        log.rewrite(&words[1..]).await.unwrap();
        drop(log);
        let (_, records) = Words::open(context.child("c"), "words").await.unwrap();
        assert!(records == words[1..]);
    });
}

#[test]
fn pieces_without_their_last_are_dropped_and_damage_in_one_is_refused() {
    deterministic::Runner::default().start(|context| async move {
        let (mut log, _) = Words::open(context.child("a"), "words").await.unwrap();
        log.append(&["before".to_owned()]).await.unwrap();
        let begin = log.end();
        log.append(&[long()]).await.unwrap();
        let end = log.end();
        drop(log);
        let piece = (FRAME_HEAD + FRAME_BYTES_MAX) as u64;
        assert!(end > begin + 2 * piece && end < begin + 3 * piece, "three pieces");
        let open = async || context.open("words", &0u64.to_be_bytes()).await.unwrap();
        let (blob, _) = open().await;
        let whole = blob.read_at(0, end as usize, ReadOptions::default()).await.unwrap().coalesce();
        drop(blob);
        // What a crash may leave: some pieces, and of the next one nothing, a part of its head, or a part of the rest.
        let cuts = [begin, begin + piece, begin + 2 * piece];
        let cuts = cuts.into_iter().flat_map(|cut| [cut, cut + 5, cut + FRAME_HEAD as u64, cut + 999]);
        for cut in cuts.filter(|cut| *cut < end).chain([end - 1]) {
            let (blob, _) = open().await;
            blob.write_at(0, whole.as_ref().to_vec(), WriteOptions::default()).await.unwrap();
            blob.resize(cut).await.unwrap();
            blob.sync().await.unwrap();
            drop(blob);
            let (mut log, records) = Words::open(context.child("b"), "words").await.unwrap();
            assert!(records == ["before"] && log.end() == begin, "cut at {cut}: {} records", records.len());
            log.append(&["again".to_owned()]).await.unwrap();
            drop(log);
            let (_, records) = Words::open(context.child("c"), "words").await.unwrap();
            assert_eq!(records, ["before", "again"], "cut at {cut}");
        }
        for at in [begin, begin + piece] {
            let (blob, _) = open().await;
            blob.write_at(0, whole.as_ref().to_vec(), WriteOptions::default()).await.unwrap();
            blob.write_at(at + 100, vec![b'!'], WriteOptions::default()).await.unwrap();
            blob.sync().await.unwrap();
            drop(blob);
            let error = Words::open(context.child("d"), "words").await.err().unwrap();
            assert!(matches!(error, StoreError::Damaged { offset, .. } if offset == at), "{error}");
        }
    });
}

#[test]
fn a_log_of_the_format_before_is_read_and_says_that_it_may_have_pieces_now() {
    deterministic::Runner::default().start(|context| async move {
        let (blob, _) = context.open("words", &0u64.to_be_bytes()).await.unwrap();
        let before = [frame_bytes(br#"{"format":1,"snapshot":true}"#), frame_bytes(br#"["old"]"#)].concat();
        let end = before.len() as u64;
        blob.write_at(0, before, WriteOptions::default()).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);
        let (mut log, records) = Words::open(context.child("a"), "words").await.unwrap();
        assert_eq!(records, ["old"]);
        log.append(&[long()]).await.unwrap();
        let again = log.end();
        drop(log);
        let (log, records) = Words::open(context.child("b"), "words").await.unwrap();
        assert!(records == ["old".to_owned(), long()] && log.end() == again, "it is said once");
        drop(log);
        let (blob, size) = context.open("words", &0u64.to_be_bytes()).await.unwrap();
        let Frame::Whole(said, _) = read_frame("words", &blob, end, size).await.unwrap() else { panic!("it is said") };
        assert_eq!(said, br#"{"format":2,"snapshot":true}"#);
        blob.write_at(end, frame_bytes(br#"{"format":3,"snapshot":true}"#), WriteOptions::default()).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);
        let error = Words::open(context.child("c"), "words").await.err().unwrap();
        assert!(matches!(error, StoreError::Format { expected: 2, got: 3, .. }), "{error}");
    });
}
