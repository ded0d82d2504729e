//! Any batch that can be: every kind of input and command, values from all of their ranges, and repetition enough that
//! predictions hit.

use ashlar_batch::{Batch, Timed};
use ashlar_types::limits::{ACCOUNTS_MAX, ASSETS_MAX, KEYS_MAX, MARKETS_MAX};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, CancelFilter, ClientId, Command, Direction, Header, InboxEntry, InboxIndex,
    Input, KeyGrant, KeySlot, Lots, MarketId, MarketState, Message, NewOrder, OneCancelsOther, OrderId, OrderKind,
    ParamChange, PostOnly, Price, Quote, Rank, Scopes, SelfTrade, Sequence, Side, Signer, SystemCommand, Time,
    TimeInForce, Trigger,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Mostly small numbers, sometimes any, sometimes the ends.
fn number(max: u64) -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..=max.min(5), 2 => 0..=max, 1 => Just(max), 1 => (0u32..64).prop_map(move |w| max.min(1 << w))]
}

fn price() -> impl Strategy<Value = Price> {
    prop_oneof![
        4 => (900u64..1_100).prop_map(|ticks| Price::new(ticks).unwrap()),
        1 => number(Price::MAX.get()).prop_map(Price::saturating),
    ]
}

fn lots() -> impl Strategy<Value = Lots> {
    prop_oneof![
        3 => (0u64..20).prop_map(|n| Lots::new(n * 100).unwrap()),
        1 => number(Lots::MAX.get()).prop_map(|n| Lots::new(n).unwrap()),
    ]
}

fn time() -> impl Strategy<Value = Time> {
    number(Time::NEVER.get()).prop_map(|ms| Time::new(ms).unwrap())
}

fn market() -> impl Strategy<Value = MarketId> {
    number(u64::from(MARKETS_MAX) - 1).prop_map(|id| MarketId::new(id as u16).unwrap())
}

fn asset() -> impl Strategy<Value = AssetId> {
    number(u64::from(ASSETS_MAX) - 1).prop_map(|id| AssetId::new(id as u16).unwrap())
}

fn account() -> impl Strategy<Value = AccountId> {
    number(u64::from(ACCOUNTS_MAX) - 1).prop_map(|id| AccountId::new(id as u32).unwrap())
}

fn slot() -> impl Strategy<Value = KeySlot> {
    (0..KEYS_MAX).prop_map(|slot| KeySlot::new(slot).unwrap())
}

fn amount() -> impl Strategy<Value = Amount> {
    number(Amount::MAX.get()).prop_map(|units| Amount::new(units).unwrap())
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

fn client() -> impl Strategy<Value = ClientId> {
    number(u64::MAX).prop_map(ClientId)
}

fn order_id() -> impl Strategy<Value = OrderId> {
    (market(), side(), price(), number(u64::MAX)).prop_map(|(market, side, price, rank)| OrderId {
        market,
        side,
        price,
        rank: Rank::new(rank),
    })
}

fn trigger() -> impl Strategy<Value = Trigger> {
    (select(vec![Direction::Falls, Direction::Rises]), price())
        .prop_map(|(direction, price)| Trigger { direction, price })
}

pub fn new_order() -> impl Strategy<Value = NewOrder> {
    use TimeInForce::{FillOrKill, ImmediateOrCancel, Rest};
    let kinds = (
        select(vec![OrderKind::Limit, OrderKind::Market]),
        select(vec![Rest, ImmediateOrCancel, FillOrKill]),
        select(vec![PostOnly::No, PostOnly::Reject, PostOnly::Slide]),
        select(vec![SelfTrade::CancelNewest, SelfTrade::CancelOldest, SelfTrade::CancelBoth, SelfTrade::Decrement]),
    );
    let expires = prop_oneof![3 => Just(Time::NEVER), 1 => time()];
    let numbers = (price(), lots(), prop_oneof![Just(Lots::ZERO), lots()], expires, option::of(trigger()), client());
    (market(), side(), kinds, numbers).prop_map(|(market, side, kinds, numbers)| NewOrder {
        market,
        side,
        kind: kinds.0,
        time_in_force: kinds.1,
        post_only: kinds.2,
        self_trade: kinds.3,
        price: numbers.0,
        lots: numbers.1,
        display: numbers.2,
        expires: numbers.3,
        trigger: numbers.4,
        client: numbers.5,
    })
}

fn quote() -> impl Strategy<Value = Quote> {
    (option::of(order_id()), side(), price(), lots(), client())
        .prop_map(|(replaces, side, price, lots, client)| Quote { replaces, side, price, lots, client })
}

fn grant() -> impl Strategy<Value = KeyGrant> {
    (slot(), any::<[u8; 32]>(), 0u8..16, time()).prop_map(|(slot, public, scopes, expires)| KeyGrant {
        slot,
        public,
        scopes: Scopes(scopes),
        expires,
    })
}

fn filter() -> impl Strategy<Value = CancelFilter> {
    (option::of(market()), option::of(side()), option::of((price(), price())))
        .prop_map(|(market, side, prices)| CancelFilter { market, side, prices })
}

pub fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => new_order().prop_map(Command::Place),
        6 => order_id().prop_map(Command::Cancel),
        2 => (order_id(), lots()).prop_map(|(order, by)| Command::Reduce { order, by }),
        2 => (order_id(), price(), lots()).prop_map(|(order, price, lots)| Command::Replace { order, price, lots }),
        2 => (order_id(), new_order()).prop_map(|(cancel, place)| Command::CancelPlace { cancel, place }),
        2 => (market(), vec(quote(), 1..5)).prop_map(|(market, quotes)| Command::MassQuote { market, quotes }),
        1 => filter().prop_map(Command::CancelAll),
        2 => (new_order(), new_order(), any::<bool>()).prop_map(|(limit, mut stop, pair)| {
            // Legs of two markets have no place in the columns.
            if pair {
                stop.market = limit.market;
            }
            Command::OneCancelsOther(Box::new(OneCancelsOther { limit, stop }))
        }),
        1 => time().prop_map(Command::DeadMan),
        1 => (account(), asset(), amount()).prop_map(|(to, asset, amount)| Command::Transfer { to, asset, amount }),
        1 => (asset(), amount()).prop_map(|(asset, amount)| Command::Withdraw { asset, amount }),
        1 => any::<bool>().prop_map(|stop| Command::KillSwitch { stop }),
        1 => grant().prop_map(Command::RegisterKey),
        1 => slot().prop_map(Command::RevokeKey),
        1 => Just(Command::OpenSubAccount),
        1 => vec(order_id(), 1..5).prop_map(Command::Sweep),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    let signer = prop_oneof![
        1 => Just(Signer::Owner),
        4 => (slot(), number(u32::MAX.into())).prop_map(|(slot, epoch)| Signer::Session { slot, epoch: epoch as u32 }),
    ];
    (account(), signer, number(u64::MAX), prop_oneof![Just(Time::NEVER), time()])
        .prop_map(|(account, signer, nonce, not_after)| Header { account, signer, nonce, not_after })
}

fn entry() -> impl Strategy<Value = InboxEntry> {
    let owner = || any::<[u8; 20]>().prop_map(Address);
    prop_oneof![
        (owner(), option::of(account()), asset(), amount())
            .prop_map(|(owner, account, asset, amount)| InboxEntry::Deposit { owner, account, asset, amount }),
        (owner(), account()).prop_map(|(owner, account)| InboxEntry::ForcedCancelAll { owner, account }),
        (owner(), account(), asset(), amount())
            .prop_map(|(owner, account, asset, amount)| InboxEntry::ForcedWithdraw { owner, account, asset, amount }),
        (owner(), account(), grant()).prop_map(|(owner, account, grant)| InboxEntry::RegisterKey {
            owner,
            account,
            grant
        }),
        (market(), select(vec![MarketState::Open, MarketState::Delisting]))
            .prop_map(|(market, state)| InboxEntry::Param(ParamChange::SetMarketState { market, state })),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        8 => (header(), vec(command(), 1..8)).prop_map(|(header, commands)| Input::Message(Message { header, commands })),
        1 => (number(u64::MAX), time(), entry())
            .prop_map(|(index, time, entry)| Input::Inbox { index: InboxIndex::new(index), time, entry }),
        1 => market().prop_map(|market| Input::System(SystemCommand::Halt(market))),
    ]
}

/// Up to `inputs` inputs, which repeat one another now and then.
pub fn batch(inputs: usize) -> impl Strategy<Value = Batch> {
    let steps = vec((input(), number(1 << 20), any::<prop::sample::Index>(), 0u8..4), 1..inputs);
    (number(1 << 63), number(1 << 47), steps).prop_map(|(first, time, steps)| {
        let mut inputs: Vec<Timed> = Vec::new();
        let mut now = time;
        for (input, passed, earlier, repeat) in steps {
            now = (now + passed).min(Time::NEVER.get());
            let input = if repeat == 0 && !inputs.is_empty() { earlier.get(&inputs).input.clone() } else { input };
            inputs.push(Timed { time: Time::new(now).unwrap(), input });
        }
        Batch { first_sequence: Sequence::new(first), inputs }
    })
}
