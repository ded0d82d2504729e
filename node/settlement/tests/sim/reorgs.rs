//! Reorgs of depth 1 to 64 that keep, reorder or drop what the left blocks held.

use ashlar_settlement::SettlementEvent;
use ashlar_settlement::sim::{Orphans, Weather};
use commonware_runtime::{Runner as _, deterministic};

use super::exchange::{Journal, Node, block, chain, deposit, pool, second};

/// Blocks before the reorg: more than the deepest one.
const BEFORE: u64 = 70;
/// Blocks after it, in which all must be well again.
const AFTER: u64 = 30;

fn survive(depth: u64, orphans: Orphans, seed: u64) -> (u64, usize) {
    let what = format!("depth {depth}, {orphans:?}, seed {seed}");
    deterministic::Runner::seeded(seed).start(|context| async move {
        let chain = chain(seed, 3, Weather::FAIR);
        // Safe soon, final late: then a deep reorg takes back entries that were consumed.
        chain.set_marks(2, BEFORE + AFTER + 100);
        chain.mine(1);
        let mut node = Node::start(&context, pool(&chain, 3, 2), Journal::new()).await.unwrap();
        for number in 0..BEFORE {
            if number % 3 != 2 {
                chain.enter(deposit(number));
            }
            block(&context, &chain, &mut node).await;
            if number % 4 == 3 {
                node.journal.build();
                node.ask().await.unwrap();
            }
        }
        let before = node.events.len();
        chain.reorg(depth, 1 + seed % 2, orphans).unwrap();
        for number in 0..AFTER {
            if number < 3 {
                chain.enter(deposit(1_000 + number));
            }
            block(&context, &chain, &mut node).await;
            if number == 8 {
                node.journal.build();
                node.ask().await.unwrap();
            }
        }
        let news = &node.events[before..];
        let reorgs: Vec<u64> = news
            .iter()
            .filter_map(|event| match event {
                SettlementEvent::Reorg { depth, .. } => Some(*depth),
                _ => None,
            })
            .collect();
        assert_eq!(reorgs, [depth], "{what}: one reorg is seen, whole");
        let rolled = news.iter().filter(|event| matches!(event, SettlementEvent::InboxRolledBack(_))).count();
        node.check(&chain, &what).await;
        (node.journal.last().number.get(), rolled)
    })
}

#[test]
fn after_a_reorg_of_any_depth_everything_agrees_with_the_new_chain() {
    let kinds = [Orphans::Kept, Orphans::Reordered, Orphans::EntriesDropped, Orphans::AllDropped];
    let mut rolled_back = 0;
    for depth in 1..=64 {
        // Each depth with one kind, the kinds in turn; the shallow and the deepest ones with all.
        let chosen = if depth <= 4 || depth == 64 { kinds.to_vec() } else { vec![kinds[(depth % 4) as usize]] };
        for orphans in chosen {
            let (batches, rolled) = survive(depth, orphans, 1_000 + depth);
            assert!(batches > 0);
            rolled_back += rolled;
        }
    }
    assert!(rolled_back > 30, "deep reorgs took back consumed entries: {rolled_back} times");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(survive(9, Orphans::Reordered, 5), survive(9, Orphans::Reordered, 5));
}

#[test]
fn one_reorg_after_the_other() {
    deterministic::Runner::seeded(77).start(|context| async move {
        let chain = chain(77, 1, Weather::FAIR);
        chain.set_marks(3, 1_000);
        chain.mine(1);
        let mut node = Node::start(&context, pool(&chain, 1, 1), Journal::new()).await.unwrap();
        let kinds = [Orphans::EntriesDropped, Orphans::Reordered, Orphans::AllDropped, Orphans::Kept];
        for number in 0..120u64 {
            chain.enter(deposit(number));
            block(&context, &chain, &mut node).await;
            if number % 3 == 1 {
                node.journal.build();
                node.ask().await.unwrap();
            }
            if number % 5 == 4 {
                let depth = 1 + (number * 7) % 23;
                chain.reorg(depth.min(number), 1, kinds[(number / 5 % 4) as usize]).unwrap();
            }
        }
        for _ in 0..25 {
            block(&context, &chain, &mut node).await;
        }
        node.check(&chain, "one after the other").await;
    });
}

#[test]
fn a_batch_whose_entries_l1_took_back_and_gives_back_can_be_committed() {
    deterministic::Runner::seeded(41).start(|context| async move {
        let chain = chain(41, 1, Weather::FAIR);
        chain.set_marks(2, 1_000);
        chain.mine(1);
        let mut node = Node::start(&context, pool(&chain, 1, 1), Journal::new()).await.unwrap();
        let now = second(&context);
        let before = chain.mine(now).unwrap();
        chain.enter(deposit(1));
        chain.mine(now + 1);
        for _ in 0..3 {
            block(&context, &chain, &mut node).await;
        }
        let built = node.journal.build();
        assert_eq!(built.inbox_next.get(), 1, "it consumed the entry");
        node.ask().await.unwrap();
        // L1 leaves the entry, and the commit on its way cannot be mined any more.
        let depth = chain.head().unwrap().number - before.number;
        chain.reorg(depth, 1, Orphans::AllDropped).unwrap();
        chain.enter(deposit(1));
        block(&context, &chain, &mut node).await;
        let is_invalid = |event: &SettlementEvent| matches!(event, SettlementEvent::CommitsInvalid { .. });
        assert_eq!(node.events.iter().filter(|event| is_invalid(event)).count(), 1);
        assert!(node.journal.headers.len() == 1, "the batch does not stand");
        // L1 comes to yet another chain, where the entry is at the time at which it was first: it is the same entry.
        let depth = chain.head().unwrap().number - before.number + 1;
        chain.reorg(depth, 1, Orphans::Reordered).unwrap();
        for _ in 0..4 {
            block(&context, &chain, &mut node).await;
        }
        assert_eq!(node.journal.build(), built, "the same batch again");
        for _ in 0..12 {
            block(&context, &chain, &mut node).await;
        }
        node.check(&chain, "given back").await;
    });
}
