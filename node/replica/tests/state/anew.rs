use ashlar_batch::codec;
use ashlar_exchange::{Exchange, HotConfig, HotStore};
use ashlar_replica::{CanonicalEntry, Entry, Reordered, Silent, Snapshot, reorder};
use ashlar_types::{InboxEntry, Input, Reason};

use crate::world::{History, history};

fn entries(history: &History) -> Vec<Entry> {
    let inputs = history.batches.iter().flat_map(|(_, bytes)| codec::decode_all(bytes).expect("a batch").inputs);
    let signed = |input: &Input| matches!(input, Input::Message(_)).then_some([1; 64]);
    inputs.map(|timed| Entry { time: timed.time, signature: signed(&timed.input), input: timed.input }).collect()
}

fn inbox(entries: &[Entry]) -> Vec<CanonicalEntry> {
    let of = |entry: &Entry| match &entry.input {
        Input::Inbox { index, time, entry } => {
            Some(CanonicalEntry { index: *index, time: *time, entry: entry.clone() })
        }
        _ => None,
    };
    entries.iter().filter_map(of).collect()
}

fn store(genesis: &Snapshot) -> HotStore {
    genesis.hot_store(HotConfig::default()).expect("a state")
}

/// Runs the new order plainly, and expects what ordering anew came to.
fn is_what_it_says(history: &History, anew: &mut Reordered) {
    let mut plain = Exchange::new(store(&history.genesis));
    for entry in &anew.entries {
        plain.apply(entry.time, &entry.input, &mut Silent);
    }
    assert_eq!(plain.store.leaves(), anew.exchange.store.leaves());
}

#[test]
fn if_nothing_vanished_nothing_changes() {
    let mut history = history(5, 4, 400);
    let old = entries(&history);
    let canonical = inbox(&old);
    let mut anew = reorder(store(&history.genesis), store(&history.genesis), old.clone(), canonical);
    assert_eq!(anew.affected, []);
    assert_eq!(anew.entries, old);
    assert_eq!(anew.exchange.store.leaves(), history.live.store.leaves());
    is_what_it_says(&history, &mut anew);
}

#[test]
fn a_vanished_deposit_takes_with_it_what_it_paid_for_and_nobody_signs_for_another() {
    let history = history(6, 4, 400);
    let old = entries(&history);
    let deposits =
        old.iter().filter(|entry| matches!(entry.input, Input::Inbox { entry: InboxEntry::Deposit { .. }, .. }));
    let count = deposits.count();
    assert!(count > 20);
    let mut seen_left_out = 0;
    let owner_of = |entry: &InboxEntry| match entry {
        InboxEntry::Deposit { owner, .. } => Some(*owner),
        _ => None,
    };
    let deposited: Vec<_> = inbox(&old).into_iter().filter(|of| owner_of(&of.entry).is_some()).collect();
    for (vanished, whole) in [(0, false), (count / 2, false), (count - 1, false), (0, true), (count / 2, true)] {
        let gone = &deposited[vanished];
        // One deposit, or everything that its owner ever paid in: then the accounts after it move up.
        let is_gone = |of: &CanonicalEntry| of == gone || whole && owner_of(&of.entry) == owner_of(&gone.entry);
        let mut canonical: Vec<CanonicalEntry> = inbox(&old).into_iter().filter(|of| !is_gone(of)).collect();
        for (index, entry) in canonical.iter_mut().enumerate() {
            entry.index = ashlar_types::InboxIndex::new(index as u64);
        }
        let mut anew = reorder(store(&history.genesis), store(&history.genesis), old.clone(), canonical.clone());
        is_what_it_says(&history, &mut anew);
        assert_eq!(anew.inbox_next.get(), canonical.len() as u64, "everything canonical is consumed");
        // Messages and system commands are those of before, in their order, some left out.
        let mut before = old.iter().filter(|entry| !matches!(entry.input, Input::Inbox { .. }));
        let mut kept = 0;
        for entry in anew.entries.iter().filter(|entry| !matches!(entry.input, Input::Inbox { .. })) {
            assert!(before.any(|old| old == entry), "none is added and none changes its place");
            kept += 1;
        }
        let messages = old.iter().filter(|entry| !matches!(entry.input, Input::Inbox { .. })).count();
        let left_out = anew.affected.iter().filter(|of| of.after.is_none() && of.told == Reason::Unwound).count();
        assert!(left_out >= messages - kept, "whoever was left out is told");
        seen_left_out += messages - kept;
        assert!(!anew.affected.is_empty());
    }
    assert!(seen_left_out > 0, "accounts move up when the first deposit of one vanishes");
}
