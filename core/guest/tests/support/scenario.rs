//! Two batches: an exchange opens, then its accounts trade.

use ashlar_types::{
    Amount, AssetId, AssetTerms, CancelFilter, ClientId, Command, Direction, FeeTier, InboxEntry, KeyGrant, Lots,
    MarketId, MarketRules, MarketTerms, NewOrder, OneCancelsOther, OrderId, ParamChange, Ppm, Price, Quote, Rank,
    Scopes, Side, SystemCommand, Time, TimeInForce, Trigger,
};

use super::speakers::{Flow, account, owner, session, slot};

fn asset(number: u16) -> AssetId {
    AssetId::new(number).expect("an asset")
}

fn market() -> MarketId {
    MarketId::new(1).expect("a market")
}

fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("a price")
}

fn lots(number: u64) -> Lots {
    Lots::new(number).expect("lots")
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("an amount")
}

fn order(side: Side, ticks: u64, size: u64) -> NewOrder {
    NewOrder::limit(market(), side, price(ticks), lots(size))
}

fn id(side: Side, ticks: u64, rank: u64) -> OrderId {
    OrderId { market: market(), side, price: price(ticks), rank: Rank::new(rank) }
}

fn grant(who: u32, key: u8) -> KeyGrant {
    KeyGrant { slot: slot(key), public: session(who, key).public(), scopes: Scopes::ALL, expires: Time::NEVER }
}

fn deposit(flow: &mut Flow, who: u32, of: u16, units: u64) {
    flow.inbox(InboxEntry::Deposit { owner: owner(who), account: None, asset: asset(of), amount: amount(units) });
}

/// Listings, deposits, keys by wallet and by inbox, and the first orders (ranks 1 to 4).
pub fn opening(flow: &mut Flow) {
    for number in [1, 2] {
        let terms = AssetTerms { token: owner(90 + u32::from(number)), scale_digits: 0, total_max: Amount::MAX };
        flow.inbox(InboxEntry::Param(ParamChange::ListAsset { asset: asset(number), terms }));
    }
    let terms =
        MarketTerms { base: asset(1), quote: asset(2), base_per_lot: 10, quote_per_tick: 1, fee_cap: Ppm(10_000) };
    let rules = MarketRules {
        lots_min: lots(1),
        lots_max: lots(1_000),
        band: Ppm(500_000),
        collar: Ppm(400_000),
        orders_max: 100,
        schedule: 0,
    };
    flow.inbox(InboxEntry::Param(ParamChange::ListMarket { market: market(), terms, rules, reference: price(1_000) }));
    let fees = FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(500) };
    flow.inbox(InboxEntry::Param(ParamChange::SetFees { schedule: 0, tier: 0, fees }));
    for who in [1, 2] {
        deposit(flow, who, 1, 100_000);
        deposit(flow, who, 2, 5_000_000);
    }
    flow.wallet(1, Command::RegisterKey(grant(1, 0)));
    flow.inbox(InboxEntry::RegisterKey { owner: owner(2), account: account(2), grant: grant(2, 0) });
    let iceberg = NewOrder { display: lots(5), ..order(Side::Sell, 1_000, 20) };
    flow.session(1, 0, [iceberg, order(Side::Sell, 1_010, 30), order(Side::Buy, 980, 10)].map(Command::Place).into());
    flow.session(2, 0, vec![Command::Place(order(Side::Buy, 970, 10))]);
}

/// Trades, cancels, quotes, triggers, pairs, money in and out, and lists of orders that moved and of orders that wait.
pub fn trading(flow: &mut Flow) {
    flow.session(2, 0, vec![Command::Place(order(Side::Buy, 1_000, 7))]);
    let quote = |side, ticks, client| Quote {
        replaces: None,
        side,
        price: price(ticks),
        lots: lots(4),
        client: ClientId(client),
    };
    let stop = NewOrder {
        time_in_force: TimeInForce::ImmediateOrCancel,
        trigger: Some(Trigger { direction: Direction::Falls, price: price(900) }),
        ..order(Side::Sell, 800, 6)
    };
    let pair = OneCancelsOther { limit: order(Side::Sell, 1_050, 6), stop };
    flow.session(
        1,
        0,
        vec![
            Command::MassQuote {
                market: market(),
                quotes: vec![quote(Side::Buy, 960, 1), quote(Side::Sell, 1_020, 2)],
            },
            Command::Reduce { order: id(Side::Sell, 1_010, 2), by: lots(3) },
            Command::Replace { order: id(Side::Buy, 980, 3), price: price(985), lots: lots(9) },
            Command::OneCancelsOther(Box::new(pair)),
            Command::Place(stop),
        ],
    );
    flow.session(2, 0, vec![Command::Cancel(id(Side::Buy, 970, 4)), Command::Place(order(Side::Sell, 985, 5))]);
    deposit(flow, 2, 1, 777);
    flow.wallet(1, Command::Withdraw { asset: asset(2), amount: amount(1_234) });
    flow.system(SystemCommand::Halt(market()));
    flow.system(SystemCommand::Resume(market()));
    flow.session(2, 0, vec![Command::Place(order(Side::Buy, 950, 10)), Command::Place(order(Side::Buy, 940, 10))]);
    flow.session(1, 0, vec![Command::CancelAll(CancelFilter { side: Some(Side::Buy), ..CancelFilter::ALL })]);
    flow.inbox(InboxEntry::ForcedWithdraw {
        owner: owner(2),
        account: account(2),
        asset: asset(2),
        amount: amount(99),
    });
    flow.session(1, 0, vec![Command::CancelAll(CancelFilter::ALL)]);
    flow.wallet(2, Command::RevokeKey(slot(0)));
}
