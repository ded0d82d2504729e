use alloy::primitives::{Address, B256};
use ashlar_harness::flow::Random;
use ashlar_settlement::Program;

use super::*;

fn activation(version: u32, from_batch: u64, not_before: u64) -> Activation {
    Activation { version, from_batch: BatchNumber::new(from_batch), not_before }
}

fn schedule(listed: &[(u32, u64, u64)]) -> Schedule {
    Schedule::new(listed.iter().map(|(version, from, at)| activation(*version, *from, *at)).collect())
        .expect("in order")
}

/// The contract, word for word: an index that walks down from the last announcement while that one has not begun.
fn contract(announced: &[Activation], batch: u64, timestamp: u64) -> u32 {
    let mut i = announced.len() - 1;
    while i > 0 && !(batch >= announced[i].from_batch.get() && timestamp >= announced[i].not_before) {
        i -= 1;
    }
    announced[i].version
}

/// What governance can have announced: versions and batches ascend, times do not go back.
fn announced(random: &mut Random) -> Vec<Activation> {
    let mut all = vec![activation(random.between(1, 3) as u32, 0, 0)];
    for _ in 0..random.below(4) {
        let last = *all.last().expect("one");
        let (version, from) =
            (last.version + random.between(1, 2) as u32, last.from_batch.get() + random.between(1, 4));
        all.push(activation(version, from, last.not_before + random.below(12)));
    }
    all
}

#[test]
fn a_version_is_asked_for_as_the_contract_does() {
    let mut random = Random::new(1);
    for _ in 0..2_000 {
        let all = announced(&mut random);
        let schedule = Schedule::new(all.clone()).expect("what governance announces is in order");
        for batch in 0..20 {
            for time in 0..40 {
                let (here, there) = (schedule.version_for(BatchNumber::new(batch), time), contract(&all, batch, time));
                assert_eq!(here, there, "batch {batch} at {time} of {all:?}");
            }
        }
    }
}

/// Whenever it is mined in the window, what was built is taken; and building waits only where two moments of it ask for two versions.
#[test]
fn what_is_built_is_taken_and_nothing_waits_without_need() {
    let mut random = Random::new(2);
    let (mut built, mut held) = (0, 0);
    for _ in 0..4_000 {
        let all = announced(&mut random);
        let schedule = Schedule::new(all.clone()).expect("in order");
        let (batch, head) = (random.below(20), random.below(40));
        let latest = head + random.below(15);
        let asked: std::collections::BTreeSet<u32> = (head..=latest).map(|time| contract(&all, batch, time)).collect();
        match schedule.choose(BatchNumber::new(batch), head, latest) {
            Choice::Build(version) => {
                built += 1;
                assert_eq!(
                    asked.into_iter().collect::<Vec<_>>(),
                    [version],
                    "batch {batch}, {head}..={latest} of {all:?}"
                );
            }
            Choice::Hold { version, until } => {
                held += 1;
                assert!(asked.len() > 1, "batch {batch}, {head}..={latest} of {all:?}");
                assert_eq!((contract(&all, batch, until), head < until && until <= latest), (version, true));
            }
        }
    }
    assert!(built > 1_000 && held > 300, "{built} built, {held} held");
}

/// A batch may still be taken if some moment from the head on asks for its version.
#[test]
fn a_batch_that_no_moment_asks_for_is_known() {
    let mut random = Random::new(3);
    for _ in 0..4_000 {
        let all = announced(&mut random);
        let schedule = Schedule::new(all.clone()).expect("in order");
        let (batch, head) = (random.below(20), random.below(40));
        for version in 0..12 {
            // Nothing changes after the last announcement has begun.
            let expected = (head..=60).any(|time| contract(&all, batch, time) == version);
            let got = schedule.may_take(BatchNumber::new(batch), version, head);
            assert_eq!(got, expected, "batch {batch} of version {version} at {head} of {all:?}");
        }
    }
}

#[test]
fn a_hold_begins_a_margin_before_and_ends_with_l1s_clock() {
    let one = schedule(&[(1, 0, 0), (2, 10, 1_000)]);
    let choose = |batch, head, latest| one.choose(BatchNumber::new(batch), head, latest);
    for (batch, head, latest, expected) in [
        (9, 0, 5_000, Choice::Build(1)),
        (9, 5_000, 9_000, Choice::Build(1)),
        (10, 100, 999, Choice::Build(1)),
        (10, 100, 1_000, Choice::Hold { version: 2, until: 1_000 }),
        // The node's clock is past it and L1's head is not: L1 may mine its next block before.
        (10, 999, 5_000, Choice::Hold { version: 2, until: 1_000 }),
        (10, 1_000, 5_000, Choice::Build(2)),
        // A clock behind L1's counts for nothing.
        (10, 1_000, 0, Choice::Build(2)),
    ] {
        assert_eq!(choose(batch, head, latest), expected, "batch {batch}, from {head} to {latest}");
    }
    let cancelled = schedule(&[(1, 0, 0)]);
    assert_eq!(cancelled.choose(BatchNumber::new(10), 100, 1_000), Choice::Build(1), "what is taken back is not there");
    assert_eq!((cancelled.latest().version, one.latest().version), (1, 2));
}

#[test]
fn a_list_that_cannot_be_l1s_is_refused() {
    let list = |listed: &[(u32, u64, u64)]| {
        Schedule::new(listed.iter().map(|(version, from, at)| activation(*version, *from, *at)).collect())
    };
    assert_eq!(list(&[]), Err(ScheduleError::Empty));
    for wrong in [(1, 5, 9), (2, 0, 9), (2, 5, 0)] {
        assert_eq!(list(&[(1, 0, 1), wrong]), Err(ScheduleError::Order { version: wrong.0 }), "{wrong:?}");
    }
    assert!(list(&[(1, 0, 1), (2, 5, 1)]).is_ok(), "two may begin in the same second");
}

#[test]
fn a_release_knows_the_rules_of_its_own_versions_and_of_those_before_them() {
    // Each version by the name of its program, and of which of them each release knows the rules.
    let named = |names: &[u8]| {
        let version = |(number, name): (u32, &u8)| Version {
            begins: activation(number, u64::from(number) * 10, u64::from(number) * 100),
            programs: vec![Program {
                proof_type: 0,
                hash: B256::repeat_byte(*name),
                verifier: Address::ZERO,
                key: B256::repeat_byte(0xf0 | *name),
            }],
        };
        (1..).zip(names).map(version).collect::<Vec<_>>()
    };
    for (names, release, expected) in [
        (&[1][..], 1, &[1][..]),
        (&[1], 2, &[]),
        (&[1, 2], 1, &[1]),
        (&[1, 2], 2, &[1, 2]),
        (&[1, 2], 0xf2, &[1, 2]),
        // Back to the program before: what is between is of nobody but the other release.
        (&[1, 2, 1], 1, &[1, 3]),
        (&[1, 2, 1], 2, &[1, 2]),
        (&[1, 2, 3], 2, &[1, 2]),
        (&[1, 2, 2], 2, &[1, 2, 3]),
        (&[1, 2, 3], 4, &[]),
    ] {
        let listed = named(names);
        let schedule = Schedule::of_release(&listed, &ProgramNames::from([[release; 32]])).expect("in order");
        let all = listed.iter().map(|version| version.begins.version);
        let known: Vec<u32> = all.filter(|version| schedule.knows(*version)).collect();
        assert_eq!(known, expected, "of {names:?}, with program {release:#x}");
        let missed = |batch, head| schedule.unknown_from(BatchNumber::new(batch), head).map(|one| one.version);
        let unknown = (1..).take(names.len()).find(|version| !expected.contains(version));
        assert_eq!(missed(1, 0), unknown, "of {names:?}, with program {release:#x}");
        // Once the last has begun, only that one matters.
        let last = listed.len() as u32;
        assert_eq!(missed(1_000, 1_000), (!schedule.knows(last)).then_some(last));
    }
    assert!(schedule(&[(1, 0, 0), (7, 10, 0)]).knows(7), "where nobody asks, all are known");
}
