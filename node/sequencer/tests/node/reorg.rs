//! L1 takes back what was consumed: the order is made anew, nothing that can stand is lost, and whoever is concerned is told.

use std::sync::Arc;
use std::time::Duration;

use ashlar_api::door::Line;
use ashlar_batch::Hash;
use ashlar_replica::L1Block;
use ashlar_sequencer::{AlertKind, InboxItem, NodeHandle};
use ashlar_types::{Amount, AssetId, InboxEntry, InboxIndex, Reason, Sequence, Side};
use commonware_runtime::{Clock, Runner, deterministic};

use crate::outside::{Outside, begin, begin_as, door_batch_is_final, outside, until};
use crate::world::{ORIGIN, Trader, account, grant, place, wallet};

/// Entries for a trader who came later, in blocks of their own; `kind` tells chains apart.
fn newcomer(number: u32, from: u64, kind: u8) -> Vec<InboxItem> {
    let deposit = |asset| InboxEntry::Deposit {
        owner: wallet(number).address(),
        account: None,
        asset,
        amount: Amount::new(1_000_000_000 + u64::from(kind)).unwrap(),
    };
    let (owner, who) = (wallet(number).address(), account(number));
    let entries = [
        deposit(AssetId::FIRST),
        deposit(AssetId::new(1).unwrap()),
        InboxEntry::RegisterKey { owner, account: who, grant: grant(number, 1) },
    ];
    let place = |(entry, index): (InboxEntry, u64)| {
        let block = L1Block { number: 20 + index, hash: Hash([kind; 32]) };
        let time = ashlar_types::Time::new(5_000).unwrap();
        InboxItem { index: InboxIndex::new(index), time, entry, block, transaction: [kind; 32] }
    };
    entries.into_iter().zip(from..).map(place).collect()
}

/// Ten entries by the usual opening, then trader three's.
const OPENING: usize = 10;

async fn opened(context: &deterministic::Context, outside: &Arc<Outside>) -> NodeHandle {
    outside.chain.lock().unwrap().inbox.extend(newcomer(3, OPENING as u64, 1));
    let node = begin(context, outside, 1 << 20).await;
    until(context, "the inbox is consumed", || node.metrics().inbox.get() == 13).await;
    node
}

async fn all_is_final(context: &deterministic::Context, node: &NodeHandle) {
    let next = node.door().tip().await.unwrap().next;
    let last = Sequence::new(next.get() - 1);
    until(context, "all of it is final", || door_batch_is_final(node, last)).await;
}

async fn stands_again(context: &deterministic::Context, node: &NodeHandle) {
    until(context, "the order stands again", || {
        node.metrics().unwindings.get() == 1 && node.metrics().unwind_us.count() == 1
    })
    .await;
}

/// What was answered, as the client holds it.
fn reason(lines: &[Line]) -> Reason {
    let mut receipts = lines.iter().filter_map(|line| match line {
        Line::Receipt(receipt) => Some(receipt.reason),
        Line::Event(_) => None,
    });
    receipts.next_back().unwrap()
}

#[test]
fn a_vanished_deposit_takes_its_commands_and_batches_with_it() {
    deterministic::Runner::seeded(61).start(|context| async move {
        let outside = outside();
        let node = opened(&context, &outside).await;
        let door = node.door();
        let (mut one, mut two, mut three) = (Trader::new(1, 5), Trader::new(2, 5), Trader::new(3, 5));
        // One trades with two; then three buys from one, and two from one again.
        let sell = |trader: &mut Trader, price| trader.sign(vec![place(Side::Sell, price, 5, 1)]);
        let buy = |trader: &mut Trader, price| trader.sign(vec![place(Side::Buy, price, 5, 2)]);
        let stands = sell(&mut one, 1_000);
        let before = door.submit(stands.clone(), ORIGIN).await.unwrap();
        door.submit(buy(&mut two, 1_000), ORIGIN).await.unwrap();
        door.submit(sell(&mut one, 1_001), ORIGIN).await.unwrap();
        let filled = door.submit(buy(&mut three, 1_001), ORIGIN).await.unwrap();
        assert_eq!(reason(&filled.lines), Reason::Filled);
        let unfilled = buy(&mut two, 1_001);
        assert_eq!(reason(&door.submit(unfilled, ORIGIN).await.unwrap().lines), Reason::Resting);
        all_is_final(&context, &node).await;
        let mut alarms = node.alarms();
        let feed = door.open().await.unwrap().feed;
        let (committed, root) = {
            let mut chain = outside.chain.lock().unwrap();
            let all = chain.commits.len();
            // The deposit of three is gone; somebody else's came instead.
            let instead = newcomer(4, OPENING as u64, 2);
            chain.reorg(OPENING, instead);
            (all, chain.commits.len())
        };
        assert!(root < committed, "L1 took commits back");
        stands_again(&context, &node).await;
        assert!(feed.is_closed(), "readers of the old order begin anew");
        assert_eq!((door.epoch(), node.metrics().epoch.get()), (1, 1));
        // Who sold to three is told that it was not so, three that nothing is left, and two that it bought after all.
        let told_three = door.unwound(account(3), 0).await.unwrap();
        assert!(
            told_three
                .iter()
                .any(|one| one.told == Reason::Unwound && one.before.reason == Reason::Filled && one.after.is_none())
        );
        let told_two = door.unwound(account(2), 0).await.unwrap();
        assert_eq!(
            told_two.iter().map(|one| (one.before.reason, one.told)).collect::<Vec<_>>(),
            [(Reason::Resting, Reason::Filled)]
        );
        assert!(door.unwound(account(2), 1).await.unwrap().is_empty(), "what is known already is not told");
        // What did not rest on it stands as it was: the same message has the same lines.
        let again = door.submit(stands, ORIGIN).await.unwrap();
        assert_eq!(again.lines.len(), before.lines.len());
        assert_eq!(reason(&again.lines), reason(&before.lines));
        // Everything is settled again, trading goes on, and nothing diverges.
        until(&context, "the new chain's entries are consumed", || node.metrics().inbox.get() >= 13).await;
        one.send(&door).await.expect("trading goes on");
        all_is_final(&context, &node).await;
        assert_eq!(node.books().divergence(), None);
        let tip = door.tip().await.unwrap();
        assert_eq!((tip.l1_reorgs, tip.l1_reorg_deepest), (1, 3), "what L1's client saw is told");
        let rung: Vec<_> = std::iter::from_fn(|| alarms.try_recv().ok()).map(|alarm| alarm.kind).collect();
        assert!(!rung.contains(&AlertKind::Divergence), "{rung:?}");
        // And a start from disk comes to the same.
        let leaves = node.leaves().await.unwrap();
        node.stop().await.unwrap();
        let node = begin(&context, &outside, 1 << 20).await;
        assert_eq!(node.leaves().await.unwrap(), leaves);
        assert_eq!(node.door().unwound(account(3), 0).await.unwrap(), told_three, "what was told is kept");
        node.stop().await.unwrap();
    });
}

/// Killed at any moment around it, a node ends with the order that L1 pays for, and everything in it final.
#[test]
fn a_node_that_is_killed_while_it_orders_anew_ends_the_same() {
    for seed in 0..10_u64 {
        let outside = outside();
        let held = outside.clone();
        let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(seed));
        let (kept, checkpoint) = runner.start_and_recover(|context| async move {
            let node = opened(&context, &held).await;
            let door = node.door();
            let (mut one, mut three) = (Trader::new(1, seed), Trader::new(3, seed));
            let mut kept = Vec::new();
            for _ in 0..20 {
                kept.push(one.send(&door).await.unwrap());
                three.send(&door).await.unwrap();
            }
            held.chain.lock().unwrap().reorg(OPENING, newcomer(4, OPENING as u64, 2));
            // From the first look at the new chain to well after the new order stands.
            context.sleep(std::time::Duration::from_micros(200_000 + seed * seed * 2_000)).await;
            kept
        });
        deterministic::Runner::from(checkpoint).start(|context| async move {
            let node = begin(&context, &outside, 1 << 20).await;
            until(&context, "the order stands", || node.door().epoch() == 1 && node.gate_is_open()).await;
            let door = node.door();
            for (signed, _) in kept {
                door.submit(signed, ORIGIN).await.expect("what did not rest on it has its place");
            }
            assert!(Trader::new(3, 99).send(&door).await.is_err(), "who came with what vanished is gone");
            all_is_final(&context, &node).await;
            assert_eq!(node.books().divergence(), None, "seed {seed}");
            node.stop().await.unwrap();
        });
    }
}

/// L1 goes back and forth between two chains; commits of the chain that comes back are taken back by the contract where they are not ours any more.
#[test]
fn two_chains_in_turn() {
    deterministic::Runner::seeded(71).start(|context| async move {
        let outside = outside();
        let node = opened(&context, &outside).await;
        let mut one = Trader::new(1, 3);
        for turn in 0..6_u8 {
            for _ in 0..5 {
                one.send(&node.door()).await.unwrap();
            }
            let who = if turn % 2 == 0 { 4 } else { 3 };
            outside.chain.lock().unwrap().reorg(OPENING, newcomer(who, OPENING as u64, turn + 2));
            let wanted = u64::from(turn) + 1;
            until(&context, "it stands again", || node.door().epoch() == wanted && node.gate_is_open()).await;
            until(&context, "the new entries are consumed", || node.metrics().inbox.get() > 0).await;
        }
        one.send(&node.door()).await.unwrap();
        all_is_final(&context, &node).await;
        assert_eq!((node.books().divergence(), node.metrics().unwindings.get()), (None, 6));
        node.stop().await.unwrap();
    });
}

/// A checkpoint says nothing of what L1 may still take back below it: a start from one remembers the entries that it rests on.
#[test]
fn a_reorg_below_the_checkpoint_that_a_node_started_from() {
    deterministic::Runner::seeded(73).start(|context| async move {
        let outside = outside();
        outside.chain.lock().unwrap().inbox.extend(newcomer(3, OPENING as u64, 1));
        let often = |config: &mut ashlar_sequencer::Config| config.checkpoint_commands = 4;
        let node = begin_as(&context, &outside, 1 << 20, often).await;
        until(&context, "the inbox is consumed", || node.metrics().inbox.get() == 13).await;
        let (mut one, mut three) = (Trader::new(1, 3), Trader::new(3, 3));
        for _ in 0..20 {
            one.send(&node.door()).await.unwrap();
            three.send(&node.door()).await.unwrap();
        }
        all_is_final(&context, &node).await;
        node.stop().await.unwrap();
        let node = begin_as(&context, &outside, 1 << 20, often).await;
        three.send(&node.door()).await.expect("three is still there");
        outside.chain.lock().unwrap().reorg(OPENING, newcomer(4, OPENING as u64, 2));
        until(&context, "the order stands", || node.door().epoch() == 1 && node.gate_is_open()).await;
        assert!(Trader::new(3, 99).send(&node.door()).await.is_err(), "who came with what vanished is gone");
        one.send(&node.door()).await.expect("trading goes on");
        all_is_final(&context, &node).await;
        let last = node.books().waits().last.expect("batches");
        let header = node.books().header(last).expect("it is built");
        assert_eq!(header.inbox_next.get(), 13, "what L1 holds instead is consumed");
        assert_eq!(node.books().divergence(), None);
        node.stop().await.unwrap();
    });
}

#[test]
fn entries_that_are_the_same_in_a_later_block_are_not_final_yet() {
    deterministic::Runner::seeded(64).start(|context| async move {
        let outside = outside();
        let node = opened(&context, &outside).await;
        let mut three = Trader::new(3, 5);
        node.door().submit(three.sign(vec![place(Side::Buy, 1_000, 5, 1)]), ORIGIN).await.unwrap();
        all_is_final(&context, &node).await;
        // The entries of three were in blocks 30 to 32 and are in blocks 60 to 62 now; block 40 is final.
        {
            let mut chain = outside.chain.lock().unwrap();
            chain.move_entries(OPENING, 30);
            chain.final_block = 40;
        }
        context.sleep(Duration::from_secs(2)).await;
        assert_eq!(node.metrics().unwindings.get(), 0, "what is the same need not be ordered anew");
        // L1 may leave them still.
        outside.chain.lock().unwrap().reorg(OPENING, newcomer(4, OPENING as u64, 2));
        stands_again(&context, &node).await;
        until(&context, "the new chain's entries are consumed", || node.metrics().inbox.get() >= 13).await;
        all_is_final(&context, &node).await;
        assert_eq!(node.books().divergence(), None);
        node.stop().await.unwrap();
    });
}
