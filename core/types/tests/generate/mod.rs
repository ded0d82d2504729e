//! Random values of every type, biased towards the ends of their ranges.

use ashlar_types::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// A number of `0 ..= max` with its ends more likely than chance has them.
fn number(max: u64) -> BoxedStrategy<u64> {
    prop_oneof![4 => 0..=max, 1 => Just(0), 1 => Just(max), 1 => 0..=max.min(3)].boxed()
}

pub fn price() -> impl Strategy<Value = Price> + Clone {
    number(Price::MAX.get()).prop_map(Price::saturating)
}

pub fn lots() -> impl Strategy<Value = Lots> + Clone {
    number(Lots::MAX.get()).prop_map(|n| Lots::new(n).unwrap())
}

pub fn amount() -> impl Strategy<Value = Amount> + Clone {
    number(Amount::MAX.get()).prop_map(|n| Amount::new(n).unwrap())
}

pub fn time() -> impl Strategy<Value = Time> + Clone {
    number(Time::NEVER.get()).prop_map(|n| Time::new(n).unwrap())
}

pub fn account() -> impl Strategy<Value = AccountId> + Clone {
    number(u64::from(limits::ACCOUNTS_MAX) - 1).prop_map(|n| AccountId::new(n as u32).unwrap())
}

pub fn market() -> impl Strategy<Value = MarketId> + Clone {
    number(u64::from(limits::MARKETS_MAX) - 1).prop_map(|n| MarketId::new(n as u16).unwrap())
}

pub fn asset() -> impl Strategy<Value = AssetId> + Clone {
    number(u64::from(limits::ASSETS_MAX) - 1).prop_map(|n| AssetId::new(n as u16).unwrap())
}

pub fn slot() -> impl Strategy<Value = KeySlot> + Clone {
    (0..limits::KEYS_MAX).prop_map(|n| KeySlot::new(n).unwrap())
}

pub fn side() -> impl Strategy<Value = Side> + Clone {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn client() -> impl Strategy<Value = ClientId> + Clone {
    number(u64::MAX).prop_map(ClientId)
}

fn ppm() -> impl Strategy<Value = Ppm> + Clone {
    any::<u32>().prop_map(Ppm)
}

fn address() -> impl Strategy<Value = Address> + Clone {
    any::<[u8; 20]>().prop_map(Address)
}

pub fn order_id() -> impl Strategy<Value = OrderId> + Clone {
    (market(), side(), price(), number(u64::MAX)).prop_map(|(market, side, price, rank)| OrderId {
        market,
        side,
        price,
        rank: Rank::new(rank),
    })
}

pub fn new_order() -> impl Strategy<Value = NewOrder> + Clone {
    let kind = prop_oneof![Just(OrderKind::Limit), Just(OrderKind::Market)];
    let time_in_force =
        prop_oneof![Just(TimeInForce::Rest), Just(TimeInForce::ImmediateOrCancel), Just(TimeInForce::FillOrKill)];
    let post_only = prop_oneof![Just(PostOnly::No), Just(PostOnly::Reject), Just(PostOnly::Slide)];
    let self_trade = prop_oneof![
        Just(SelfTrade::CancelNewest),
        Just(SelfTrade::CancelOldest),
        Just(SelfTrade::CancelBoth),
        Just(SelfTrade::Decrement),
    ];
    let direction = prop_oneof![Just(Direction::Falls), Just(Direction::Rises)];
    let trigger = (direction, price()).prop_map(|(direction, price)| Trigger { direction, price });
    let terms = (market(), side(), kind, time_in_force, post_only, self_trade);
    let sizes = (price(), lots(), lots(), time(), proptest::option::of(trigger), client());
    (terms, sizes).prop_map(|(terms, sizes)| {
        let (market, side, kind, time_in_force, post_only, self_trade) = terms;
        let (price, lots, display, expires, trigger, client) = sizes;
        NewOrder {
            market,
            side,
            kind,
            time_in_force,
            post_only,
            self_trade,
            price,
            lots,
            display,
            expires,
            trigger,
            client,
        }
    })
}

fn grant() -> impl Strategy<Value = KeyGrant> + Clone {
    (slot(), any::<[u8; 32]>(), 0..=Scopes::ALL.0, time()).prop_map(|(slot, public, scopes, expires)| KeyGrant {
        slot,
        public,
        scopes: Scopes(scopes),
        expires,
    })
}

fn filter() -> impl Strategy<Value = CancelFilter> + Clone {
    use proptest::option::of;
    (of(market()), of(side()), of((price(), price()))).prop_map(|(market, side, prices)| CancelFilter {
        market,
        side,
        prices,
    })
}

fn quote() -> impl Strategy<Value = Quote> + Clone {
    (proptest::option::of(order_id()), side(), price(), lots(), client())
        .prop_map(|(replaces, side, price, lots, client)| Quote { replaces, side, price, lots, client })
}

pub fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        4 => new_order().prop_map(Command::Place),
        1 => order_id().prop_map(Command::Cancel),
        1 => (order_id(), lots()).prop_map(|(order, by)| Command::Reduce { order, by }),
        1 => (order_id(), price(), lots()).prop_map(|(order, price, lots)| Command::Replace { order, price, lots }),
        1 => (order_id(), new_order()).prop_map(|(cancel, place)| Command::CancelPlace { cancel, place }),
        1 => filter().prop_map(Command::CancelAll),
        1 => (market(), vec(quote(), 1..=limits::QUOTES_MAX))
            .prop_map(|(market, quotes)| Command::MassQuote { market, quotes }),
        1 => (new_order(), new_order())
            .prop_map(|(limit, stop)| Command::OneCancelsOther(Box::new(OneCancelsOther { limit, stop }))),
        1 => time().prop_map(Command::DeadMan),
        1 => (account(), asset(), amount()).prop_map(|(to, asset, amount)| Command::Transfer { to, asset, amount }),
        1 => (asset(), amount()).prop_map(|(asset, amount)| Command::Withdraw { asset, amount }),
        1 => any::<bool>().prop_map(|stop| Command::KillSwitch { stop }),
        1 => grant().prop_map(Command::RegisterKey),
        1 => slot().prop_map(Command::RevokeKey),
        1 => Just(Command::OpenSubAccount),
        1 => vec(order_id(), 1..=limits::SWEEP_ORDERS_MAX).prop_map(Command::Sweep),
    ]
    .boxed()
}

pub fn message() -> BoxedStrategy<Message> {
    let signer = prop_oneof![
        (slot(), any::<u32>()).prop_map(|(slot, epoch)| Signer::Session { slot, epoch }),
        Just(Signer::Owner)
    ];
    let header = (account(), signer, number(u64::MAX), time()).prop_map(|(account, signer, nonce, not_after)| Header {
        account,
        signer,
        nonce,
        not_after,
    });
    (header, vec(command(), 1..12)).prop_map(|(header, commands)| Message { header, commands }).boxed()
}

fn param() -> BoxedStrategy<ParamChange> {
    let state = prop_oneof![
        Just(MarketState::Open),
        Just(MarketState::PostOnly),
        Just(MarketState::CancelOnly),
        Just(MarketState::Halted),
        Just(MarketState::Delisting),
    ];
    let market_terms = (asset(), asset(), any::<u64>(), any::<u64>(), ppm()).prop_map(
        |(base, quote, base_per_lot, quote_per_tick, fee_cap)| MarketTerms {
            base,
            quote,
            base_per_lot,
            quote_per_tick,
            fee_cap,
        },
    );
    let rules = (lots(), lots(), ppm(), ppm(), any::<u32>(), any::<u8>()).prop_map(
        |(lots_min, lots_max, band, collar, orders_max, schedule)| MarketRules {
            lots_min,
            lots_max,
            band,
            collar,
            orders_max,
            schedule,
        },
    );
    let fees = (ppm(), ppm(), ppm()).prop_map(|(maker, maker_rebate, taker)| FeeTier { maker, maker_rebate, taker });
    let asset_terms = (address(), any::<u8>(), amount()).prop_map(|(token, scale_digits, total_max)| AssetTerms {
        token,
        scale_digits,
        total_max,
    });
    prop_oneof![
        (asset(), asset_terms).prop_map(|(asset, terms)| ParamChange::ListAsset { asset, terms }),
        (market(), market_terms, rules.clone(), price()).prop_map(|(market, terms, rules, reference)| {
            ParamChange::ListMarket { market, terms, rules, reference }
        }),
        (market(), rules).prop_map(|(market, rules)| ParamChange::SetMarketRules { market, rules }),
        (market(), state).prop_map(|(market, state)| ParamChange::SetMarketState { market, state }),
        (any::<u8>(), any::<u8>(), fees).prop_map(|(schedule, tier, fees)| ParamChange::SetFees {
            schedule,
            tier,
            fees
        }),
        (account(), any::<u8>()).prop_map(|(account, tier)| ParamChange::SetTier { account, tier }),
        (account(), any::<bool>()).prop_map(|(account, frozen)| ParamChange::SetFrozen { account, frozen }),
    ]
    .boxed()
}

fn inbox_entry() -> BoxedStrategy<InboxEntry> {
    prop_oneof![
        (address(), proptest::option::of(account()), asset(), amount())
            .prop_map(|(owner, account, asset, amount)| { InboxEntry::Deposit { owner, account, asset, amount } }),
        (address(), account()).prop_map(|(owner, account)| InboxEntry::ForcedCancelAll { owner, account }),
        (address(), account(), asset(), amount()).prop_map(|(owner, account, asset, amount)| {
            InboxEntry::ForcedWithdraw { owner, account, asset, amount }
        }),
        (address(), account(), grant()).prop_map(|(owner, account, grant)| InboxEntry::RegisterKey {
            owner,
            account,
            grant
        }),
        (address(), account(), slot()).prop_map(|(owner, account, slot)| InboxEntry::RevokeKey {
            owner,
            account,
            slot
        }),
        param().prop_map(InboxEntry::Param),
    ]
    .boxed()
}

pub fn input() -> BoxedStrategy<Input> {
    let system = prop_oneof![
        market().prop_map(SystemCommand::Halt),
        market().prop_map(SystemCommand::Resume),
        market().prop_map(SystemCommand::Continue),
    ];
    prop_oneof![
        message().prop_map(Input::Message),
        (any::<u64>(), time(), inbox_entry()).prop_map(|(index, time, entry)| Input::Inbox {
            index: InboxIndex::new(index),
            time,
            entry
        }),
        system.prop_map(Input::System),
    ]
    .boxed()
}

fn reason() -> impl Strategy<Value = Reason> + Clone {
    proptest::sample::select(Reason::ALL)
}

pub fn receipt() -> BoxedStrategy<Receipt> {
    let about = (proptest::option::of(order_id()), client(), lots(), lots());
    (any::<u64>(), time(), account(), reason(), about)
        .prop_map(|(sequence, time, account, reason, (order, client, filled, remaining))| Receipt {
            sequence: Sequence::new(sequence),
            time,
            account,
            reason,
            order,
            client,
            filled,
            remaining,
        })
        .boxed()
}

fn trade() -> BoxedStrategy<Trade> {
    let fees = (amount(), amount(), amount());
    ((order_id(), order_id()), (account(), account()), price(), (lots(), lots()), fees)
        .prop_map(|((maker, taker), accounts, price, (lots, maker_remaining), fees)| Trade {
            maker,
            taker,
            maker_account: accounts.0,
            taker_account: accounts.1,
            price,
            lots,
            maker_remaining,
            maker_fee: fees.0,
            maker_rebate: fees.1,
            taker_fee: fees.2,
        })
        .boxed()
}

pub fn event() -> BoxedStrategy<Event> {
    prop_oneof![
        trade().prop_map(Event::Trade),
        (order_id(), account(), lots(), reason()).prop_map(|(order, account, lots, reason)| Event::Removed {
            order,
            account,
            lots,
            reason
        }),
        (order_id(), lots()).prop_map(|(order, remaining)| Event::Reduced { order, remaining }),
        (order_id(), any::<u64>(), lots()).prop_map(|(order, rank, visible)| Event::Refilled {
            order,
            rank: Rank::new(rank),
            visible
        }),
        (order_id(), account()).prop_map(|(order, account)| Event::Fired { order, account }),
        (order_id(), account(), client(), lots(), lots(), reason()).prop_map(
            |(order, account, client, filled, remaining, reason)| Event::Placed {
                order,
                account,
                client,
                filled,
                remaining,
                reason
            }
        ),
        (account(), client(), reason()).prop_map(|(account, client, reason)| Event::Refused {
            account,
            client,
            reason
        }),
        (account(), asset(), amount()).prop_map(|(account, asset, amount)| Event::Credited { account, asset, amount }),
        (any::<u64>(), address(), asset(), amount()).prop_map(|(index, to, asset, amount)| Event::Withdrawn {
            index: WithdrawalIndex::new(index),
            to,
            asset,
            amount
        }),
        (account(), address()).prop_map(|(account, owner)| Event::Opened { account, owner }),
        market().prop_map(|market| Event::CascadePending { market }),
    ]
    .boxed()
}
