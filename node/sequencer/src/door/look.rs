//! What the servers ask of the state, read between two inputs.

use ashlar_api::door::{AccountFacts, AssetFacts, HeldKey, Holding, MarketFacts, OpenOrder, Place, Standing};
use ashlar_book::{PendingTrigger, Resting};
use ashlar_exchange::{HotStore, NonceLane, Store, View};
use ashlar_types::limits::{ASSETS_MAX, KEYS_MAX, MARKETS_MAX};
use ashlar_types::{AccountId, AssetId, KeySlot, MarketId, OrderId, PostOnly, Sequence, Side, Time, Trigger};

/// Everything a new reader needs.
pub(crate) fn standing(store: &mut HotStore) -> Standing {
    let clock = *store.clock();
    let mut orders = Vec::new();
    let mut markets = Vec::new();
    for id in (0..MARKETS_MAX).filter_map(MarketId::new) {
        let Some(facts) = market(store, id) else { continue };
        markets.push(facts);
        resting(store, id, &mut orders);
        store.each_waiting(id, |order| orders.push(waiting(id, order)));
    }
    let accounts = (0..clock.accounts).filter_map(AccountId::new);
    let armed = accounts.filter_map(|id| store.account(id, |account| account.dead_man).map(|at| (id, at)));
    let dead_men = armed.filter(|(_, at)| *at != Time::NEVER).collect();
    Standing {
        next: Sequence::new(clock.next_sequence),
        time: clock.time,
        assets: assets(store),
        markets,
        fees: store.fee_tiers().collect(),
        orders,
        dead_men,
    }
}

fn assets(store: &mut HotStore) -> Vec<AssetFacts> {
    let ids = (0..ASSETS_MAX).filter_map(AssetId::new);
    ids.filter_map(|id| store.asset(id, |asset| AssetFacts { id, terms: asset.terms })).collect()
}

fn market(store: &mut HotStore, id: MarketId) -> Option<MarketFacts> {
    let view = store.open(id)?;
    let (record, live) = (view.record(), view.live());
    Some(MarketFacts {
        id,
        terms: record.terms,
        rules: record.rules,
        state: live.state,
        halted: live.halted,
        cascade_pending: live.pending.is_some(),
        last: live.last,
    })
}

fn resting(store: &mut HotStore, market: MarketId, orders: &mut Vec<OpenOrder>) {
    let Some(mut view) = store.open(market) else { return };
    for side in [Side::Buy, Side::Sell] {
        let mut next = view.best(side);
        while let Some(at) = next {
            orders.push(open_order(market, &view.resting(at)));
            next = view.after(at);
        }
    }
}

fn open_order(market: MarketId, order: &Resting) -> OpenOrder {
    OpenOrder {
        id: OrderId { market, side: order.side, price: order.price, rank: order.id_rank },
        account: order.account,
        client: order.client,
        place: Place::Resting { rank: order.rank, price: order.price },
        visible: order.visible,
        hidden: order.hidden,
        display: order.display,
        post_only: order.post_only,
        self_trade: order.self_trade,
        expires: order.expires,
    }
}

fn waiting(market: MarketId, order: &PendingTrigger) -> OpenOrder {
    OpenOrder {
        id: OrderId { market, side: order.side, price: order.limit, rank: order.rank },
        account: order.account,
        client: order.client,
        place: Place::Waiting(Trigger { direction: order.direction, price: order.trigger }),
        visible: order.lots,
        hidden: ashlar_types::Lots::ZERO,
        display: ashlar_types::Lots::ZERO,
        post_only: PostOnly::No,
        self_trade: order.self_trade,
        expires: order.expires,
    }
}

/// An account's standing.
pub(crate) fn account(store: &mut HotStore, id: AccountId) -> Option<AccountFacts> {
    let account = store.account(id, |account| *account)?;
    let owner = store.owner(id)?;
    let next = Sequence::new(store.clock().next_sequence);
    let mut holdings = Vec::new();
    for asset in (0..ASSETS_MAX).filter_map(AssetId::new) {
        if store.asset(asset, |_| ()).is_none() {
            continue;
        }
        let (free, reserved) = store.balance(id, asset, |balance| (balance.free, balance.reserved));
        if free.get() != 0 || reserved.get() != 0 {
            holdings.push(Holding { asset, free, reserved });
        }
    }
    let slots = (0..KEYS_MAX).filter_map(KeySlot::new);
    let held: Vec<_> = slots.filter_map(|slot| store.session_key(id, slot).map(|key| (slot, key))).collect();
    let keys = held.into_iter().map(|(slot, key)| {
        let nonce = store.nonces(id, NonceLane::Slot(slot), |nonces| nonces.highest);
        HeldKey { slot, public: key.public, scopes: key.scopes, epoch: key.epoch, expires: key.expires, nonce }
    });
    let keys = keys.collect();
    let owner_nonce = store.nonces(id, NonceLane::Owner, |nonces| nonces.highest);
    let ashlar_exchange::Account { stopped, frozen, tier, orders, dead_man } = account;
    Some(AccountFacts { next, owner, stopped, frozen, tier, orders, dead_man, holdings, keys, owner_nonce })
}
