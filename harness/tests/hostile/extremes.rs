//! Values at the ends of their ranges (SPEC K-2, C-4, C-9, C-10, C-13, C-14, F-8).

use ashlar_harness::Output;
use ashlar_harness::flow::{account_of, owner_of};
use ashlar_types::{
    Amount, AssetId, AssetTerms, Command, Direction, Event, Header, InboxEntry, InboxIndex, Input, KeySlot, Lots,
    MarketId, MarketTerms, Message, NewOrder, ParamChange, PostOnly, Ppm, Price, Reason, Side, Signer, Time, Trigger,
};

use super::arena::{Arena, BASE, MARKET, QUOTE, TERMS, count, lots, order, receipts, rules, ticks, time};

const TOP: u64 = Price::MAX.get();

/// Trades one lot at a price.
fn trade_at(arena: &mut Arena, price: u64) {
    assert_eq!(arena.place(1, order(Side::Sell, price, 1)).reason, Reason::Resting, "{price}");
    assert_eq!(arena.place(2, order(Side::Buy, price, 1)).reason, Reason::Filled, "{price}");
}

#[test]
fn a_price_climbs_from_one_end_of_the_range_to_the_other_and_back() {
    let mut arena = Arena::at(ticks(2));
    let rises = Trigger { direction: Direction::Rises, price: Price::MAX };
    arena.place_many(3, NewOrder { trigger: Some(rises), ..order(Side::Buy, TOP, 1) }, 2);
    let mut price = 2;
    while price < TOP {
        price = (price + price.saturating_sub(price / 1_000_000 + 1)).min(TOP - 1).max(price + 1);
        trade_at(&mut arena, price);
    }
    assert_eq!(price, TOP);
    // The trade at the top fired both, and nobody sells: they rest at the highest price there is.
    let slide = |side, price| NewOrder { post_only: PostOnly::Slide, ..order(side, price, 1) };
    assert_eq!(arena.place(4, slide(Side::Sell, TOP)).reason, Reason::NoPriceToSlide);
    let falls = Trigger { direction: Direction::Falls, price: Price::MIN };
    arena.place_many(3, NewOrder { trigger: Some(falls), ..order(Side::Sell, 1, 1) }, 2);
    assert_eq!(arena.place(4, order(Side::Sell, TOP, 2)).reason, Reason::Filled);
    while price > 1 {
        price = (price / 500_000).max(price.saturating_sub(price / 2)).min(price - 1);
        trade_at(&mut arena, price);
    }
    assert_eq!(arena.place(4, slide(Side::Buy, 1)).reason, Reason::NoPriceToSlide);
    assert_eq!(arena.place(4, order(Side::Buy, 1, 2)).reason, Reason::Filled);
    arena.agree();
}

#[test]
fn the_ends_of_a_book_are_its_ends() {
    let mut arena = Arena::at(ticks(TOP));
    // Half of the range is within the band; what is best comes first on either side.
    for price in [TOP, TOP / 2, TOP - 1, TOP / 2 + 1] {
        arena.place_many(1, order(Side::Sell, price, 1), 1);
    }
    let out = arena.send(2, vec![Command::Place(order(Side::Buy, TOP, 4))]);
    let prices: Vec<u64> = out
        .iter()
        .filter_map(|output| match output {
            Output::Event(Event::Trade(trade)) => Some(trade.price.get()),
            _ => None,
        })
        .collect();
    assert_eq!(prices, [TOP / 2, TOP / 2 + 1, TOP - 1, TOP]);
    assert_eq!(arena.place(2, order(Side::Buy, TOP, Lots::MAX.get())).reason, Reason::TooLarge);
    assert_eq!(arena.place(2, order(Side::Sell, TOP, Lots::MAX.get())).reason, Reason::TooLarge);
    arena.agree();
}

fn deposit(number: u32, asset: AssetId, units: u64) -> InboxEntry {
    let amount = Amount::new(units).expect("an amount");
    InboxEntry::Deposit { owner: owner_of(number), account: None, asset, amount }
}

fn list_asset(asset: AssetId) -> InboxEntry {
    let terms = AssetTerms { token: owner_of(9), scale_digits: 18, total_max: Amount::MAX };
    InboxEntry::Param(ParamChange::ListAsset { asset, terms })
}

#[test]
fn one_lot_may_be_all_there_is() {
    let mut arena = Arena::at(ticks(1));
    let [base, quote] = [2_000, 4_095].map(|number| AssetId::new(number).expect("an asset"));
    let market = MarketId::new(4_095).expect("the last market");
    let all = Amount::MAX.get();
    let terms = MarketTerms { base, quote, base_per_lot: all, quote_per_tick: all, fee_cap: Ppm(0) };
    for asset in [base, quote] {
        arena.entry(list_asset(asset));
    }
    let list = ParamChange::ListMarket { market, terms, rules: rules(), reference: ticks(1) };
    assert_eq!(receipts(&arena.entry(InboxEntry::Param(list)))[0].reason, Reason::Done);
    for (number, asset) in [(1, base), (2, quote)] {
        assert_eq!(receipts(&arena.entry(deposit(number, asset, all)))[0].reason, Reason::Done);
        assert_eq!(receipts(&arena.entry(deposit(number, asset, 1)))[0].reason, Reason::AboveCap);
    }
    let one = |side| NewOrder { market, ..order(side, 1, 1) };
    assert_eq!(arena.place(1, NewOrder { lots: lots(2), ..one(Side::Sell) }).reason, Reason::TooLarge);
    assert_eq!(arena.place(1, one(Side::Buy)).reason, Reason::InsufficientFunds);
    assert_eq!(arena.place(1, one(Side::Sell)).reason, Reason::Resting);
    assert_eq!(arena.place(2, one(Side::Buy)).reason, Reason::Filled);
    // Each now has what the other had, and can put it aside and take it back.
    assert_eq!(arena.place(2, one(Side::Sell)).reason, Reason::Resting);
    assert_eq!(arena.place(1, NewOrder { price: ticks(1), ..one(Side::Buy) }).reason, Reason::Filled);
    let withdrawn = arena.send(1, vec![Command::Withdraw { asset: base, amount: Amount::MAX }]);
    assert_eq!(count(&withdrawn, |event| matches!(event, Event::Withdrawn { amount, .. } if amount.get() == all)), 1);
    arena.agree();
}

#[test]
fn units_that_cannot_be_counted_are_refused_order_by_order() {
    for (base_per_lot, quote_per_tick) in [(u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX)] {
        let mut arena = Arena::of(MarketTerms { base_per_lot, quote_per_tick, ..TERMS }, ticks(1));
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(arena.place(1, order(side, 1, 1)).reason, Reason::TooLarge);
            let trigger = Some(Trigger { direction: Direction::Rises, price: ticks(2) });
            let limit = if side == Side::Buy { 3 } else { 1 };
            assert_eq!(arena.place(1, NewOrder { trigger, ..order(side, limit, 1) }).reason, Reason::TooLarge);
        }
        arena.agree();
    }
}

#[test]
fn nonces_reach_no_end_by_leaps() {
    let mut arena = Arena::at(ticks(100));
    let send = |arena: &mut Arena, nonce| {
        let header = Header { account: account_of(1), signer: Signer::Owner, nonce, not_after: Time::NEVER };
        let commands = vec![Command::KillSwitch { stop: false }];
        let input = Input::Message(Message { header, commands });
        receipts(&arena.apply(time(arena.now), input))[0].reason
    };
    for (nonce, reason) in [
        (u64::MAX, Reason::NonceTooFar),
        (0, Reason::NonceUsed),
        ((1 << 32) + 1, Reason::NonceTooFar),
        (1 << 32, Reason::Done),
        (u64::MAX, Reason::NonceTooFar),
        ((1 << 32) - 127, Reason::Done),
        ((1 << 32) - 128, Reason::NonceUsed),
        (2 << 32, Reason::Done),
    ] {
        assert_eq!(send(&mut arena, nonce), reason, "{nonce}");
    }
    arena.agree();
}

#[test]
fn at_the_end_of_time_nothing_is_alive() {
    let mut arena = Arena::at(ticks(100));
    arena.place_many(1, order(Side::Sell, 100, 1), 2);
    arena.now = Time::NEVER.get();
    assert_eq!(arena.place(2, order(Side::Buy, 100, 1)).reason, Reason::KeyExpired);
    let out = arena.entry(InboxEntry::ForcedCancelAll { owner: owner_of(1), account: account_of(1) });
    assert_eq!(receipts(&out)[0].reason, Reason::Done);
    assert_eq!(count(&out, |event| matches!(event, Event::Removed { .. })), 2);
    // An earlier time counts as the last one.
    arena.now = 0;
    assert_eq!(arena.place(2, order(Side::Buy, 100, 1)).time, Time::NEVER);
    let early = Input::Inbox { index: InboxIndex::new(u64::MAX), time: Time::ZERO, entry: deposit(1, BASE, 1) };
    assert_eq!(receipts(&arena.apply(Time::ZERO, early))[0].reason, Reason::InboxOrder);
    arena.agree();
}

#[test]
fn keys_and_parameters_at_their_ends_are_answered() {
    let mut arena = Arena::at(ticks(100));
    let slot = KeySlot::new(7).expect("the last slot");
    let signer = Signer::Session { slot, epoch: u32::MAX };
    let header = Header { account: account_of(1), signer, nonce: u64::MAX, not_after: Time::ZERO };
    let commands = vec![Command::RevokeKey(slot); 256];
    let out = arena.apply(time(arena.now), Input::Message(Message { header, commands }));
    assert!(receipts(&out).iter().all(|receipt| receipt.reason == Reason::UnknownKey));
    let wide = ashlar_types::MarketRules { band: Ppm(u32::MAX), collar: Ppm(u32::MAX), schedule: u8::MAX, ..rules() };
    let market = MARKET;
    let fees = ashlar_types::FeeTier { maker: Ppm(u32::MAX), maker_rebate: Ppm(u32::MAX), taker: Ppm(u32::MAX) };
    for change in [
        ParamChange::SetMarketRules { market, rules: wide },
        ParamChange::SetFees { schedule: u8::MAX, tier: u8::MAX, fees },
        ParamChange::SetTier { account: account_of(1), tier: u8::MAX },
        ParamChange::ListMarket {
            market: MarketId::new(1).expect("a market"),
            terms: MarketTerms { base: QUOTE, quote: QUOTE, ..TERMS },
            rules: wide,
            reference: Price::MAX,
        },
    ] {
        assert_eq!(receipts(&arena.entry(InboxEntry::Param(change)))[0].reason, Reason::BadParameter);
    }
    arena.agree();
}
