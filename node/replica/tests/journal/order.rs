//! What is appended comes back, in order, from anywhere; what was ordered anew comes once.

use ashlar_replica::{Epoch, JournalConfig, JournalError, L1Block, Ordered};
use ashlar_types::{ExchangeId, Sequence};
use commonware_runtime::{Runner, Storage, Supervisor, deterministic};

use crate::world::{Dice, PARTITION, append, config, open, read, record, written};

#[test]
fn everything_synced_is_read_back_from_every_place_and_after_a_start() {
    let (all, checkpoint) = deterministic::Runner::seeded(1).start_and_recover(|context| async move {
        let (journal, all) = written(context.child("node"), 60).await;
        assert!(journal.segments() > 3, "it rotates");
        for (place, from) in all.iter().enumerate() {
            assert_eq!(read(&journal, from.first).await.expect("whole"), all[place..]);
        }
        all
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let opened = open(context.child("node")).await.expect("whole");
        assert_eq!(opened.cut, None);
        assert_eq!(read(&opened.journal, Sequence::new(0)).await.expect("whole"), all);
        assert_eq!(opened.journal.next_sequence(), all.last().expect("some").next());
    });
}

#[test]
fn a_reader_at_the_end_goes_on_when_more_was_synced() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let (mut journal, all) = written(context.child("node"), 3).await;
        let mut reader = journal.read_from(Sequence::new(0)).expect("there");
        let mut dice = Dice(9);
        for expected in all {
            assert_eq!(reader.next(&journal).await.expect("whole"), Some(expected));
        }
        for _ in 0..50 {
            let ordered = append(&mut journal, &mut dice);
            assert_eq!(reader.next(&journal).await.expect("whole"), None, "what is not durable is not read");
            journal.sync().await.expect("a good disk");
            assert_eq!(reader.next(&journal).await.expect("whole"), Some(ordered));
        }
    });
}

#[test]
fn what_is_pruned_is_gone_and_the_rest_is_read() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let (mut journal, all) = written(context.child("node"), 60).await;
        let middle = all[all.len() / 2].first;
        let before = journal.segments();
        let removed = journal.prune(middle).await.expect("a good disk");
        assert!(removed > 0 && journal.segments() == before - removed);
        assert!(journal.first_sequence() <= middle);
        assert_eq!(read(&journal, middle).await.expect("whole"), all[all.len() / 2..]);
        let error = read(&journal, Sequence::new(0)).await.expect_err("pruned");
        assert!(matches!(error, JournalError::Pruned { asked, .. } if asked.get() == 0), "{error}");
        drop(journal);
        let again = open(context.child("again")).await.expect("whole").journal;
        assert_eq!(read(&again, middle).await.expect("whole"), all[all.len() / 2..]);
    });
}

/// The first segment that is left begins with commands that were unwound later, and what is asked for was written after that.
#[test]
fn what_was_ordered_anew_is_read_where_only_the_old_order_is_left_before_it() {
    deterministic::Runner::seeded(6).start(|context| async move {
        let (mut journal, all) = written(context.child("node"), 60).await;
        let (mut dice, from) = (Dice(8), all[all.len() / 3].first);
        journal.begin_unwinding(journal.next_epoch(), from, L1Block::default()).expect("it may begin");
        let mut anew: Vec<Ordered> = all.iter().filter(|of| of.first < from).cloned().collect();
        while anew.last().expect("some").first <= all.last().expect("some").next() {
            anew.push(append(&mut journal, &mut dice));
            journal.sync().await.expect("a good disk");
        }
        journal.end_unwinding().expect("begun");
        journal.sync().await.expect("a good disk");
        let last = anew.len() - 1;
        let removed = journal.prune(anew[last].first).await.expect("a good disk");
        assert!(removed > 0 && journal.first_sequence() > from, "what is left begins with the old order");
        for place in [last, last - 3] {
            assert_eq!(read(&journal, anew[place].first).await.expect("there"), anew[place..]);
        }
        drop(journal);
        let again = open(context.child("again")).await.expect("whole").journal;
        assert_eq!(read(&again, anew[last].first).await.expect("there"), anew[last..]);
    });
}

#[test]
fn an_unwinding_takes_the_place_of_what_it_unwinds_and_only_when_it_is_closed() {
    deterministic::Runner::seeded(4).start(|context| async move {
        let (mut journal, mut all) = written(context.child("node"), 20).await;
        let (mut dice, from) = (Dice(5), all[all.len() / 3].first);
        for round in 0..4_u64 {
            let (epoch, block) = (journal.next_epoch(), L1Block::default());
            journal.begin_unwinding(epoch, from, block).expect("it may begin");
            let mut anew: Vec<Ordered> = all.iter().filter(|of| of.first < from).cloned().collect();
            for _ in 0..10 + round {
                anew.push(append(&mut journal, &mut dice));
                journal.sync().await.expect("a good disk");
                assert_eq!(read(&journal, Sequence::new(0)).await.expect("whole"), all, "it is not closed");
            }
            match round {
                0 => journal.abandon_unwinding().await.expect("begun"),
                // The node stops in the middle of it.
                1 => {
                    drop(journal);
                    journal = open(context.child("again")).await.expect("whole").journal;
                    assert_eq!(journal.next_sequence(), all.last().expect("some").next());
                }
                _ => {
                    journal.end_unwinding().expect("begun");
                    all = anew;
                }
            }
            journal.sync().await.expect("a good disk");
            assert_eq!(read(&journal, Sequence::new(0)).await.expect("whole"), all);
            let middle = all[all.len() / 2].first;
            assert_eq!(read(&journal, middle).await.expect("whole"), all[all.len() / 2..]);
        }
        assert_eq!(journal.epoch(), Epoch::new(4));
        assert!(journal.end_unwinding().is_err(), "none was begun");
    });
}

#[test]
fn a_record_that_does_not_follow_or_cannot_be_read_back_is_refused_and_nothing_changes() {
    deterministic::Runner::seeded(5).start(|context| async move {
        let (mut journal, all) = written(context.child("node"), 2).await;
        let mut dice = Dice(1);
        let next = journal.next_sequence();
        let gap = record(&mut dice, Epoch::new(0), next.next());
        assert!(matches!(journal.append(&gap), Err(JournalError::OutOfOrder { .. })));
        let epoch = record(&mut dice, Epoch::new(1), next);
        assert!(matches!(journal.append(&epoch), Err(JournalError::OutOfOrder { .. })));
        let good = record(&mut dice, Epoch::new(0), next);
        let spoil: [fn(&mut Ordered); 4] = [
            |of| of.entries.clear(),
            |of| of.entries[0].signature = of.entries[0].signature.xor(Some([0; 64])),
            |of| of.time = ashlar_types::Time::ZERO,
            |of| of.entries[0].time = ashlar_types::Time::NEVER,
        ];
        for spoil in spoil {
            let mut bad = good.clone();
            bad.entries.push(good.entries[0].clone());
            spoil(&mut bad);
            assert!(matches!(journal.append(&bad), Err(JournalError::BadRecord { .. })), "{bad:?}");
        }
        let mut appended = 0;
        let full = loop {
            let ordered = record(&mut dice, journal.epoch(), journal.next_sequence());
            if let Err(error) = journal.append(&ordered) {
                break error;
            }
            appended += 1;
        };
        assert!(matches!(full, JournalError::GroupFull { .. }), "{full}");
        journal.sync().await.expect("a good disk");
        assert_eq!(read(&journal, Sequence::new(0)).await.expect("whole").len(), all.len() + appended);
    });
}

#[test]
fn the_folder_of_another_exchange_or_of_something_else_is_refused() {
    deterministic::Runner::seeded(6).start(|context| async move {
        drop(written(context.child("node"), 1).await);
        let other = JournalConfig { exchange: ExchangeId([8; 32]), ..config() };
        let error = ashlar_replica::Journal::open(context.child("other"), other).await.expect_err("another exchange");
        assert!(matches!(error, JournalError::Identity { .. }), "{error}");
        drop(context.open(PARTITION, b"stray").await.expect("a good disk"));
        let error = open(context.child("stray")).await.expect_err("a stray file");
        assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
    });
}

#[test]
fn a_journal_can_begin_where_a_snapshot_ends() {
    deterministic::Runner::seeded(7).start(|context| async move {
        let begin = (Epoch::new(3), Sequence::new(1_000));
        let config = JournalConfig { begin, ..config() };
        let opened = ashlar_replica::Journal::open(context.child("node"), config).await.expect("a new journal");
        let (mut journal, mut dice) = (opened.journal, Dice(1));
        let first = append(&mut journal, &mut dice);
        assert_eq!((first.epoch, first.first), begin);
        journal.sync().await.expect("a good disk");
        assert_eq!(read(&journal, begin.1).await.expect("whole"), [first]);
    });
}
