//! Records with values up to the ends of their ranges.

use ashlar_book::{PendingTrigger, Resting};
use ashlar_exchange::{Account, Asset, Balance, Clock, Live, Market, Nonces, SessionKey};
use ashlar_types::*;
use proptest::prelude::*;

/// A number of `0 ..= max`, its ends more likely than chance has them.
pub fn number(max: u64) -> BoxedStrategy<u64> {
    prop_oneof![4 => 0..=max, 1 => Just(0), 1 => Just(max), 1 => 0..=max.min(3)].boxed()
}

pub fn price() -> impl Strategy<Value = Price> {
    number(Price::MAX.get()).prop_map(Price::saturating)
}

fn lots() -> impl Strategy<Value = Lots> {
    number(Lots::MAX.get() - 1).prop_map(|n| Lots::new(n + 1).expect("lots"))
}

fn amount() -> impl Strategy<Value = Amount> {
    number(Amount::MAX.get()).prop_map(|n| Amount::new(n).expect("an amount"))
}

fn time() -> impl Strategy<Value = Time> {
    number(Time::NEVER.get()).prop_map(|n| Time::new(n).expect("a time"))
}

fn asset_id() -> impl Strategy<Value = AssetId> {
    number(4_095).prop_map(|n| AssetId::new(n as u16).expect("an asset"))
}

pub fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn self_trade() -> impl Strategy<Value = SelfTrade> {
    use SelfTrade::*;
    prop_oneof![Just(CancelNewest), Just(CancelOldest), Just(CancelBoth), Just(Decrement)]
}

fn ppm() -> impl Strategy<Value = Ppm> {
    any::<u32>().prop_map(Ppm)
}

pub fn clock() -> impl Strategy<Value = Clock> {
    let counters = (number(u64::MAX), number(u64::MAX), number(u64::MAX));
    (counters, time(), time(), any::<u32>()).prop_map(|(counters, time, inbox_time, accounts)| {
        let (next_sequence, inbox_cursor, withdrawals) = counters;
        Clock { next_sequence, time, inbox_cursor, inbox_time, accounts, withdrawals }
    })
}

pub fn asset() -> impl Strategy<Value = Asset> {
    (any::<[u8; 20]>(), any::<u8>(), amount(), amount()).prop_map(|(token, scale_digits, total_max, total)| Asset {
        terms: AssetTerms { token: Address(token), scale_digits, total_max },
        total,
    })
}

pub fn market() -> impl Strategy<Value = Market> {
    let terms = (asset_id(), asset_id(), number(u64::MAX), number(u64::MAX), ppm());
    let rules = (lots(), lots(), ppm(), ppm(), any::<u32>(), any::<u8>());
    (terms, rules).prop_map(|((base, quote, base_per_lot, quote_per_tick, fee_cap), rules)| {
        let (lots_min, lots_max, band, collar, orders_max, schedule) = rules;
        Market {
            terms: MarketTerms { base, quote, base_per_lot, quote_per_tick, fee_cap },
            rules: MarketRules { lots_min, lots_max, band, collar, orders_max, schedule },
        }
    })
}

pub fn live() -> impl Strategy<Value = Live> {
    use MarketState::*;
    let state = prop_oneof![Just(Open), Just(PostOnly), Just(CancelOnly), Just(Delisting)];
    let pending = proptest::option::of((price(), price()));
    (number(u64::MAX), price(), state, any::<bool>(), pending, any::<u32>()).prop_map(
        |(rank, last, state, halted, pending, orders)| Live {
            next_rank: Rank::new(rank),
            last,
            state,
            halted,
            pending,
            orders,
        },
    )
}

pub fn fees() -> impl Strategy<Value = FeeTier> {
    (ppm(), ppm(), ppm()).prop_map(|(maker, maker_rebate, taker)| FeeTier { maker, maker_rebate, taker })
}

pub fn account() -> impl Strategy<Value = Account> {
    (any::<bool>(), any::<bool>(), any::<u8>(), any::<u32>(), time())
        .prop_map(|(stopped, frozen, tier, orders, dead_man)| Account { stopped, frozen, tier, orders, dead_man })
}

pub fn session_key() -> impl Strategy<Value = SessionKey> {
    let key = (any::<[u8; 32]>(), 0..16_u8, 1..=u32::MAX, time());
    let revoked = (1..=u32::MAX).prop_map(SessionKey::revoked);
    let set =
        key.prop_map(|(public, scopes, epoch, expires)| SessionKey { public, scopes: Scopes(scopes), epoch, expires });
    prop_oneof![3 => set, 1 => revoked]
}

pub fn nonces() -> impl Strategy<Value = Nonces> {
    (number(u64::MAX), any::<u128>()).prop_map(|(highest, used)| Nonces { highest, used })
}

pub fn balance() -> impl Strategy<Value = Balance> {
    (amount(), amount()).prop_map(|(free, reserved)| Balance { free, reserved })
}

/// An order whose ranks are these; it stands at its id if it is told to.
pub fn resting(rank: u64, id_rank: u64) -> impl Strategy<Value = Resting> {
    let sizes = (lots(), number(1 << 40), any::<bool>(), time(), number(u64::MAX));
    let post_only = prop_oneof![Just(PostOnly::No), Just(PostOnly::Reject), Just(PostOnly::Slide)];
    (side(), price(), sizes, self_trade(), post_only, any::<bool>(), any::<bool>()).prop_map(
        move |(side, price, (visible, hidden, iceberg, expires, client), self_trade, post_only, paired, moved)| {
            Resting {
                account: AccountId::FIRST,
                side,
                price,
                rank: Rank::new(if moved { rank } else { id_rank }),
                id_rank: Rank::new(id_rank),
                visible,
                hidden: Lots::new(if iceberg { hidden } else { 0 }).expect("lots"),
                display: if iceberg { visible } else { Lots::ZERO },
                expires,
                client: ClientId(client),
                self_trade,
                post_only,
                paired,
            }
        },
    )
}

pub fn waiting(rank: u64) -> impl Strategy<Value = PendingTrigger> {
    let direction = prop_oneof![Just(Direction::Falls), Just(Direction::Rises)];
    let kind = prop_oneof![Just(OrderKind::Limit), Just(OrderKind::Market)];
    let lives = prop_oneof![Just(TimeInForce::Rest), Just(TimeInForce::ImmediateOrCancel)];
    let prices = (direction, price(), price(), price());
    (prices, side(), lots(), kind, lives, self_trade(), (any::<bool>(), time(), number(u64::MAX))).prop_map(
        move |(prices, side, lots, kind, time_in_force, self_trade, (paired, expires, client))| PendingTrigger {
            account: AccountId::FIRST,
            direction: prices.0,
            trigger: prices.1,
            rank: Rank::new(rank),
            side,
            limit: prices.2,
            reserve_at: prices.3,
            lots,
            kind,
            time_in_force,
            self_trade,
            paired,
            expires,
            client: ClientId(client),
        },
    )
}
