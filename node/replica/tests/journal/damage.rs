//! Bytes that change on disk: named, never taken for data.

use ashlar_replica::{Journal, JournalConfig, JournalError, Ordered};
use ashlar_types::Sequence;
use commonware_runtime::deterministic::Context;
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};

use crate::world::{Dice, PARTITION, config, open, read, written};

async fn flip(context: &Context, segment: u64, offset: u64, bits: u8) {
    let (blob, _) = context.open(PARTITION, &segment.to_be_bytes()).await.expect("there");
    let byte = blob.read_at(offset, 1, Default::default()).await.expect("within").coalesce().as_ref()[0];
    blob.write_at(offset, vec![byte ^ bits], WriteOptions::SYNC).await.expect("a good disk");
}

#[test]
fn a_changed_byte_is_named_or_meant_nothing_and_never_changes_what_is_read() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let (mut named, mut cut, mut harmless) = (0, 0, 0);
        let (journal, all) = written(context.child("node"), 40).await;
        let segments = journal.segments() as u64;
        drop(journal);
        let end = *groups(&context, segments - 1).await.last().expect("some");
        let mut dice = Dice(3);
        for round in 0..600 {
            let (segment, offset) = (dice.below(segments), dice.below(16 << 10));
            // What becomes of the last group is another test's.
            if segment == segments - 1 && offset >= end && offset < end + (5 << 10) {
                continue;
            }
            let bits = 1 << dice.below(8);
            flip(&context, segment, offset, bits).await;
            match open(context.child("damaged")).await {
                Ok(opened) => {
                    let got = read(&opened.journal, Sequence::new(0)).await.expect("opened, so whole");
                    assert_eq!(got, all, "round {round}");
                    if opened.cut.is_some() {
                        // Zeros were written where there were zeros before.
                        cut += 1;
                        continue;
                    }
                    harmless += 1;
                }
                Err(JournalError::CorruptMiddle { .. } | JournalError::Version { .. }) => named += 1,
                Err(error) => panic!("round {round}: {error}"),
            }
            flip(&context, segment, offset, bits).await;
        }
        assert!(named > 50 && harmless > 50, "{named} named, {cut} cut, {harmless} harmless");
    });
}

/// Where the groups of the last segment begin, by their magic.
async fn groups(context: &Context, segment: u64) -> Vec<u64> {
    let (blob, length) = context.open(PARTITION, &segment.to_be_bytes()).await.expect("there");
    let bytes = blob.read_at(0, length as usize, Default::default()).await.expect("within").coalesce();
    let starts = (0..length).step_by(512);
    starts.filter(|at| bytes.as_ref()[*at as usize..].starts_with(b"ashlarJg")).collect()
}

#[test]
fn a_damaged_last_group_is_cut_with_a_message_unless_something_knows_that_it_was_synced() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let (journal, all) = written(context.child("node"), 40).await;
        let (last, next) = (journal.segments() as u64 - 1, journal.next_sequence());
        drop(journal);
        let start = *groups(&context, last).await.last().expect("some");
        flip(&context, last, start + 80, 1).await;
        let floored = JournalConfig { floor: next, ..config() };
        let error = Journal::open(context.child("floor"), floored).await.expect_err("its end is lost");
        assert!(matches!(error, JournalError::Short { floor, .. } if floor == next), "{error}");
        assert!(error.to_string().contains("ashlar recover"));
        let opened = open(context.child("node")).await.expect("cut");
        let cut = opened.cut.expect("a message");
        assert_eq!((cut.segment, cut.offset), (last, start));
        assert!(cut.to_string().contains("nothing in them had been acknowledged"));
        let got: Vec<Ordered> = read(&opened.journal, Sequence::new(0)).await.expect("whole");
        assert!(got.len() < all.len() && all.starts_with(&got));
        drop(opened);
        assert_eq!(open(context.child("again")).await.expect("whole").cut, None, "it is cut once");
    });
}

#[test]
fn a_damaged_group_before_the_last_stops_the_start_and_says_how_to_recover() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let (journal, _) = written(context.child("node"), 40).await;
        let last = journal.segments() as u64 - 1;
        drop(journal);
        let starts = groups(&context, last).await;
        let start = starts[starts.len() - 2];
        flip(&context, last, start + 80, 1).await;
        let error = open(context.child("node")).await.expect_err("damaged");
        assert!(
            matches!(error, JournalError::CorruptMiddle { segment, offset, .. } if (segment, offset) == (last, start))
        );
        assert!(error.to_string().contains("ashlar recover"), "{error}");
    });
}

#[test]
fn a_missing_segment_stops_the_start() {
    deterministic::Runner::seeded(4).start(|context| async move {
        drop(written(context.child("node"), 60).await);
        context.remove(PARTITION, Some(&1_u64.to_be_bytes())).await.expect("there");
        let error = open(context.child("node")).await.expect_err("a gap");
        assert!(matches!(error, JournalError::MissingSegment { segment: 1 }), "{error}");
    });
}
