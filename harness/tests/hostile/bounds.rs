//! Commands that run into each bound of one command (SPEC M-2 to M-4, M-10, M-14, C-12, C-22, C-32).

use ashlar_harness::Output;
use ashlar_harness::flow::{account_of, owner_of};
use ashlar_types::{
    CancelFilter, Command, Direction, Event, InboxEntry, NewOrder, PostOnly, Reason, SelfTrade, Side, SystemCommand,
    TimeInForce, Trigger,
};

use super::arena::{Arena, MARKET, count, lots, order, receipts, ticks, time};

fn immediate(side: Side, price: u64, size: u64) -> NewOrder {
    NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..order(side, price, size) }
}

fn or_kill(side: Side, price: u64, size: u64) -> NewOrder {
    NewOrder { time_in_force: TimeInForce::FillOrKill, ..order(side, price, size) }
}

fn is_removed(event: &Event, why: Reason) -> bool {
    matches!(event, Event::Removed { reason, .. } if *reason == why)
}

#[test]
fn a_sweep_of_5000_orders_stops_at_1024_trades() {
    let mut arena = Arena::at(ticks(1_000));
    for maker in 1..=4 {
        arena.place_many(maker, order(Side::Sell, 1_000 + u64::from(maker), 1), 1_250);
    }
    assert_eq!(arena.place(4, or_kill(Side::Buy, 1_003, 1_025)).reason, Reason::CannotFill);
    for (size, filled, reason) in
        [(3_750, 1_024, Reason::MatchBound), (226, 226, Reason::Filled), (1_024, 1_024, Reason::Filled)]
    {
        let out = arena.send(4, vec![Command::Place(order(Side::Buy, 1_003, size))]);
        let receipt = receipts(&out)[0];
        assert_eq!((receipt.reason, receipt.filled.get(), receipt.remaining.get()), (reason, filled, 0), "{size}");
        assert_eq!(count(&out, |event| matches!(event, Event::Trade(_))) as u64, filled);
    }
    assert_eq!(arena.place(4, or_kill(Side::Buy, 1_003, 1_024)).reason, Reason::Filled);
    let last = arena.place(4, order(Side::Buy, 1_003, 3_000));
    assert_eq!((last.reason, last.filled.get()), (Reason::Resting, 3_750 - 2 * 1_024 - 226 - 1_024));
    arena.agree();
}

/// Dead orders in front of one that is alive, and the moment after they died.
pub fn dead_in_front(dead: usize) -> Arena {
    let mut arena = Arena::at(ticks(1_000));
    let expires = time(arena.now + 1);
    arena.place_many(1, NewOrder { expires, ..order(Side::Sell, 1_000, 1) }, dead);
    arena.place_many(2, order(Side::Sell, 1_001, 1), 1);
    arena.now += 1;
    arena
}

#[test]
fn dead_orders_are_dropped_64_at_a_time() {
    let mut arena = dead_in_front(200);
    let post_only = NewOrder { post_only: PostOnly::Reject, ..order(Side::Buy, 999, 1) };
    for _ in 0..3 {
        assert_eq!(arena.place(3, post_only).reason, Reason::MatchBound);
        assert_eq!(arena.place(3, or_kill(Side::Buy, 1_001, 1)).reason, Reason::CannotFill);
        let out = arena.send(3, vec![Command::Place(immediate(Side::Buy, 1_001, 1))]);
        assert_eq!(receipts(&out)[0].reason, Reason::MatchBound);
        assert_eq!(count(&out, |event| is_removed(event, Reason::Expired)), 64);
    }
    assert_eq!(arena.place(3, post_only).reason, Reason::Resting);
    let out = arena.send(3, vec![Command::Place(or_kill(Side::Buy, 1_001, 1))]);
    assert_eq!(receipts(&out)[0].reason, Reason::Filled);
    assert_eq!(count(&out, |event| is_removed(event, Reason::Expired)), 8);
    arena.agree();
}

#[test]
fn own_orders_in_front_are_met_64_at_a_time() {
    let modes = [
        (SelfTrade::CancelNewest, [0, 0], Reason::SelfTrade),
        (SelfTrade::CancelOldest, [64, 36], Reason::MatchBound),
        (SelfTrade::CancelBoth, [1, 1], Reason::SelfTrade),
        (SelfTrade::Decrement, [64, 36], Reason::MatchBound),
    ];
    for (self_trade, removed, first) in modes {
        let mut arena = Arena::at(ticks(1_000));
        arena.place_many(1, order(Side::Sell, 1_000, 1), 100);
        arena.place_many(2, order(Side::Sell, 1_000, 1), 1);
        let second = if first == Reason::MatchBound { Reason::Resting } else { first };
        for (removed, reason) in removed.into_iter().zip([first, second]) {
            let taker = NewOrder { self_trade, ..order(Side::Buy, 1_000, 200) };
            let out = arena.send(1, vec![Command::Place(taker)]);
            assert_eq!(receipts(&out)[0].reason, reason, "{self_trade:?}");
            assert_eq!(count(&out, |event| is_removed(event, Reason::SelfTrade)), removed, "{self_trade:?}");
        }
        arena.agree();
    }
}

#[test]
fn a_decrement_takes_from_the_hidden_part_at_once() {
    let mut arena = Arena::at(ticks(1_000));
    let decrement = |side, size| NewOrder { self_trade: SelfTrade::Decrement, ..order(side, 1_000, size) };
    arena.place_many(1, NewOrder { display: lots(3), ..decrement(Side::Sell, 1_000) }, 1);
    let out = arena.send(1, vec![Command::Place(decrement(Side::Buy, 999))]);
    assert_eq!(receipts(&out)[0].reason, Reason::SelfTrade);
    assert_eq!(count(&out, |event| matches!(event, Event::Reduced { remaining, .. } if remaining.get() == 1)), 1);
    arena.agree();
}

/// A hundred triggers of which each fires the next, and the trade that fires the first.
pub fn chain_of_triggers() -> Arena {
    let mut arena = Arena::at(ticks(1_000));
    for step in 1..=101 {
        arena.place_many(1, order(Side::Sell, 1_000 + step, 1), 1);
    }
    for step in 1..=100 {
        let trigger = Some(Trigger { direction: Direction::Rises, price: ticks(1_000 + step) });
        arena.place_many(2, NewOrder { trigger, ..order(Side::Buy, 1_001 + step, 1) }, 1);
    }
    let out = arena.send(3, vec![Command::Place(order(Side::Buy, 1_001, 1))]);
    assert_eq!(fired(&out), (32, 1));
    assert_eq!(receipts(&out)[0].reason, Reason::Filled);
    arena
}

fn fired(out: &[Output]) -> (usize, usize) {
    let pending = count(out, |event| matches!(event, Event::CascadePending { .. }));
    (count(out, |event| matches!(event, Event::Fired { .. })), pending)
}

#[test]
fn a_chain_of_100_triggers_goes_on_32_at_a_time() {
    let mut arena = chain_of_triggers();
    for expected in [(32, 1), (32, 1), (4, 0)] {
        assert_eq!(arena.place(3, order(Side::Buy, 900, 1)).reason, Reason::CascadePending);
        arena.system(SystemCommand::Halt(MARKET));
        assert_eq!(receipts(&arena.system(SystemCommand::Continue(MARKET)))[0].reason, Reason::MarketState);
        arena.system(SystemCommand::Resume(MARKET));
        assert_eq!(fired(&arena.system(SystemCommand::Continue(MARKET))), expected);
    }
    assert_eq!(receipts(&arena.system(SystemCommand::Continue(MARKET)))[0].reason, Reason::NothingToDo);
    assert_eq!(arena.place(3, order(Side::Buy, 900, 1)).reason, Reason::Resting);
    arena.agree();
}

#[test]
fn a_pending_cascade_may_lose_what_was_due() {
    let mut arena = chain_of_triggers();
    let out = arena.send(2, vec![Command::CancelAll(CancelFilter::ALL)]);
    assert_eq!(count(&out, |event| is_removed(event, Reason::Cancelled)), 68);
    assert_eq!(arena.place(3, order(Side::Buy, 900, 1)).reason, Reason::CascadePending);
    assert_eq!(fired(&arena.system(SystemCommand::Continue(MARKET))), (0, 0));
    assert_eq!(arena.place(3, order(Side::Buy, 900, 1)).reason, Reason::Resting);
    arena.agree();
}

/// An account with as many orders and triggers as it may have; the house of cards falls in the order of its keys.
fn full_account() -> Arena {
    let mut arena = Arena::at(ticks(10_000));
    for step in 0..1_024 {
        let trigger = Some(Trigger { direction: Direction::Falls, price: ticks(9_000 - step) });
        let commands = vec![
            Command::Place(order(Side::Buy, 9_500 - step, 1)),
            Command::Place(NewOrder { display: lots(1), ..order(Side::Sell, 10_500 + step % 7, 2) }),
            Command::Place(NewOrder { trigger, ..order(Side::Sell, 8_000, 1) }),
            Command::Place(order(Side::Buy, 9_400, 3)),
        ];
        arena.send(1, commands);
    }
    assert_eq!(arena.place(1, order(Side::Buy, 9_500, 1)).reason, Reason::TooManyOrders);
    arena
}

fn in_key_order(out: &[Output]) -> bool {
    let waits = |side, price: u64| side == Side::Sell && price == 8_000;
    let places: Vec<(bool, u128)> = out
        .iter()
        .filter_map(|output| match output {
            Output::Event(Event::Removed { order, .. }) => {
                Some((waits(order.side, order.price.get()), order.to_u128()))
            }
            _ => None,
        })
        .collect();
    // The triggers were made in the order in which they would fire, so their ids ascend as well.
    places.len() == 4_096 && places.is_sorted()
}

#[test]
fn one_cancel_all_removes_4096_orders() {
    let mut arena = full_account();
    let out = arena.send(1, vec![Command::CancelAll(CancelFilter::ALL)]);
    assert_eq!(count(&out, |event| is_removed(event, Reason::Cancelled)), 4_096);
    assert!(in_key_order(&out));
    let leaves = arena.agree();
    assert!(!leaves.keys().any(|key| matches!(key.words()[0] >> 56, 0x0C..=0x0E)), "nothing is counted or moved");
}

#[test]
fn one_forced_cancel_all_removes_4096_orders() {
    let mut arena = full_account();
    let out = arena.entry(InboxEntry::ForcedCancelAll { owner: owner_of(1), account: account_of(1) });
    assert_eq!(receipts(&out)[0].reason, Reason::Done);
    assert_eq!(count(&out, |event| is_removed(event, Reason::Forced)), 4_096);
    assert!(in_key_order(&out));
    arena.agree();
    assert_eq!(arena.place(1, order(Side::Buy, 9_500, 1)).reason, Reason::Resting);
}
