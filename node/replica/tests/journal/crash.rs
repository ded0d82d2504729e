//! Lives that end at any write: torn, half kept, or failed.

use ashlar_replica::{Journal, JournalError, L1Block, Ordered};
use ashlar_types::Sequence;
use commonware_runtime::deterministic::{Context, FaultConfig, PartialWriteMode, ResizeConfig, WriteConfig};
use commonware_runtime::{Supervisor, deterministic};
use commonware_utils::Probability;

use crate::world::{Dice, append, open, read};

fn chance(percent: u64) -> Probability {
    Probability::new(percent, 100).expect("a share of a hundred")
}

fn faults(dice: &mut Dice) -> FaultConfig {
    let mode = if dice.below(2) == 0 { PartialWriteMode::Prefix } else { PartialWriteMode::Subset };
    let retention_rate = chance([0, 10, 50, 97, 100][dice.below(5) as usize]);
    FaultConfig {
        write_rate: Some(WriteConfig { failure_rate: chance(dice.below(12)), retention_rate, mode }),
        sync_rate: Some(chance(dice.below(4))),
        resize_rate: Some(ResizeConfig { failure_rate: chance(dice.below(10)), partial_rate: chance(50) }),
        remove_rate: Some(chance(dice.below(5))),
        open_rate: Some(chance(dice.below(3))),
        ..FaultConfig::default()
    }
}

/// What must be there, and what may be.
#[derive(Clone, Default)]
struct Expected {
    acknowledged: Vec<Ordered>,
    /// The order as it would be if the group that was being written is whole.
    perhaps: Vec<Ordered>,
}

/// One life: opens, compares, writes until a fault or its end comes.
async fn live(context: Context, mut expected: Expected, dice: &mut Dice) -> Expected {
    let mut journal = match open(context.child("node")).await {
        Ok(opened) => opened.journal,
        Err(JournalError::Disk { .. } | JournalError::Stopped { .. }) => return expected,
        Err(error) => panic!("{error}"),
    };
    let got = read(&journal, Sequence::new(0)).await.expect("it was just checked");
    assert!(
        got == expected.acknowledged || got == expected.perhaps,
        "neither what was synced nor that and the last group"
    );
    (expected.acknowledged, expected.perhaps) = (got.clone(), got);
    for _ in 0..dice.below(30) {
        if let Err(error) = write(&mut journal, &mut expected, dice).await {
            assert!(matches!(error, JournalError::Disk { .. }), "{error}");
            assert!(matches!(journal.sync().await, Err(JournalError::Stopped { .. })), "a failed write is for good");
            let ordered = crate::world::record(dice, journal.epoch(), journal.next_sequence());
            assert!(matches!(journal.append(&ordered), Err(JournalError::Stopped { .. })));
            break;
        }
    }
    if dice.below(3) == 0 && journal.sync().await.is_ok() {
        // It stops with something appended and not synced, which is nowhere.
        append(&mut journal, dice);
    }
    expected
}

async fn write(journal: &mut Journal<Context>, expected: &mut Expected, dice: &mut Dice) -> Result<(), JournalError> {
    let is_unwinding = dice.below(8) == 0 && !expected.acknowledged.is_empty();
    let mut order = expected.acknowledged.clone();
    if is_unwinding {
        let at = dice.below(order.len() as u64) as usize;
        journal.begin_unwinding(journal.next_epoch(), order[at].first, L1Block::default())?;
        order.truncate(at);
        for _ in 0..dice.below(4) {
            order.push(append(journal, dice));
            journal.sync().await?;
        }
        journal.end_unwinding()?;
    }
    for _ in 0..=dice.below(3) {
        order.push(append(journal, dice));
    }
    expected.perhaps = order;
    journal.sync().await?;
    expected.acknowledged = expected.perhaps.clone();
    Ok(())
}

#[test]
fn whatever_the_disk_does_what_was_synced_is_there_and_nothing_else() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut expected = Expected::default();
        let mut runner = deterministic::Runner::seeded(seed);
        for life in 0..12 {
            let last = life == 11;
            let (mut lived, before) = (Dice(dice.below(u64::MAX)), expected.clone());
            let (after, checkpoint) = runner.start_and_recover(|context| async move {
                *context.storage_fault_config().write() =
                    if last { FaultConfig::default() } else { faults(&mut lived) };
                live(context, before, &mut lived).await
            });
            expected = after;
            runner = deterministic::Runner::from(checkpoint);
        }
    }
}
