//! Every record written to leaves is read back from the map as it was, and the hot store shows the same leaves.

use ashlar_book::{PendingTrigger, Resting};
use ashlar_exchange::{
    Account, Asset, Balance, Clock, HotConfig, HotStore, LeafStore, Live, Market, NonceLane, Nonces, OrderIndex,
    SessionKey, Store, View,
};
use ashlar_state::{Key, Map, Overlay, Serial, Sha256Node};
use ashlar_types::{AccountId, Address, AssetId, FeeTier, KeySlot, MarketId, OrderId};
use proptest::prelude::*;

use crate::records;

const WHO: AccountId = AccountId::FIRST;

/// One record of each kind, and where it goes.
#[derive(Clone, Debug)]
struct Records {
    clock: Clock,
    asset: (AssetId, Asset),
    market: (MarketId, Market, Live),
    fees: (u8, u8, FeeTier),
    owner: Address,
    account: Account,
    key: (KeySlot, SessionKey),
    nonces: (NonceLane, Nonces),
    balance: (AssetId, Balance),
    order: Resting,
    trigger: PendingTrigger,
    pair: (OrderId, OrderId),
}

fn records() -> impl Strategy<Value = Records> {
    let asset_id = || records::number(4_095).prop_map(|n| AssetId::new(n as u16).expect("an asset"));
    let market_id = records::number(4_095).prop_map(|n| MarketId::new(n as u16).expect("a market"));
    let slot = || (0..8_u8).prop_map(|n| KeySlot::new(n).expect("a slot"));
    let lane = prop_oneof![Just(NonceLane::Owner), slot().prop_map(NonceLane::Slot)];
    let world = (
        records::clock(),
        (asset_id(), records::asset()),
        (market_id, records::market(), records::live()),
        (0..16_u8, 0..16_u8, records::fees()),
    );
    let account = (
        any::<[u8; 20]>().prop_map(Address),
        records::account(),
        (slot(), records::session_key()),
        (lane, records::nonces()),
        (asset_id(), records::balance()),
    );
    let book = (records::resting(7, 5), records::waiting(6));
    (world, account, book).prop_map(|((clock, asset, market, fees), account, (order, trigger))| {
        let (owner, account, key, nonces, balance) = account;
        let id = |side, price, rank| OrderId { market: market.0, side, price, rank };
        let pair = (id(order.side, order.price, order.id_rank), id(trigger.side, trigger.limit, trigger.rank));
        Records { clock, asset, market, fees, owner, account, key, nonces, balance, order, trigger, pair }
    })
}

fn write<S: Store>(store: &mut S, r: &Records) {
    store.begin();
    *store.clock() = r.clock;
    store.list_asset(r.asset.0, &r.asset.1);
    let (id, market, live) = &r.market;
    store.list_market(*id, market, &Live::listed(live.last));
    store.set_fees(r.fees.0, r.fees.1, &r.fees.2);
    store.open_account(WHO, r.owner);
    store.account(WHO, |account| *account = r.account);
    store.set_key(WHO, r.key.0, &r.key.1);
    store.nonces(WHO, r.nonces.0, |nonces| *nonces = r.nonces.1);
    store.balance(WHO, r.balance.0, |balance| *balance = r.balance.1);
    let mut view = store.open(*id).expect("it is listed");
    view.rest(&r.order);
    view.wait(&r.trigger);
    view.set_pair(r.pair.0, r.pair.1);
    *view.live_mut() = *live;
    view.close();
}

/// Fails where the store does not say what was written.
fn read<S: Store>(store: &mut S, r: &Records) -> Result<(), TestCaseError> {
    prop_assert_eq!(*store.clock(), r.clock);
    prop_assert_eq!(store.asset(r.asset.0, |asset| *asset), Some(r.asset.1));
    prop_assert_eq!(store.first_account(r.owner), Some(WHO));
    prop_assert_eq!(store.owner(WHO), Some(r.owner));
    prop_assert_eq!(store.account(WHO, |account| *account), Some(r.account));
    prop_assert_eq!(store.key(WHO, r.key.0), Some(r.key.1.terms()));
    prop_assert_eq!(store.nonces(WHO, r.nonces.0, |nonces| *nonces), r.nonces.1);
    prop_assert_eq!(store.balance(WHO, r.balance.0, |balance| *balance), r.balance.1);
    let (id, market, live) = &r.market;
    let mut view = store.open(*id).expect("it is listed");
    prop_assert_eq!((view.record(), view.live()), (market, live));
    for account in [r.order.account, r.trigger.account] {
        let held = u32::from(r.order.account == account) + u32::from(r.trigger.account == account);
        prop_assert_eq!(view.count(account), held);
    }
    if market.rules.schedule == r.fees.0 {
        prop_assert_eq!(view.fees(r.fees.1), r.fees.2);
    }
    let found = view.find(r.pair.0).map(|(_, order)| order);
    prop_assert_eq!(found, Some(r.order));
    let best = view.best(r.order.side).map(|at| view.resting(at));
    prop_assert_eq!(best, Some(r.order));
    prop_assert!(view.best(r.order.side.opposite()).is_none());
    let waits = view.find_waiting(r.pair.1).map(|at| view.waiting(at));
    prop_assert_eq!(waits, Some(r.trigger));
    let first = view.first_waiting(r.trigger.direction).map(|at| view.waiting(at));
    prop_assert_eq!(first, Some(r.trigger));
    prop_assert_eq!((view.pair(r.pair.0), view.pair(r.pair.1)), (Some(r.pair.1), Some(r.pair.0)));
    view.close();
    Ok(())
}

fn leaves_of(map: &Map<Sha256Node>) -> Vec<(Key, Vec<u64>)> {
    map.iter().map(|(key, words)| (key, words.to_vec())).collect()
}

proptest! {
    #[test]
    fn what_is_written_to_leaves_is_read_back(r in records()) {
        let mut map: Map<Sha256Node> = Map::new();
        let mut store = LeafStore::open(Overlay::new(&map), OrderIndex::new());
        write(&mut store, &r);
        let (overlay, index) = store.close();
        let changes = overlay.into_changes();
        map.apply(&changes, &Serial).expect("changes ascend");
        let before = leaves_of(&map);

        let mut store = LeafStore::open(Overlay::new(&map), index);
        read(&mut store, &r)?;
        let changes = store.close().0.into_changes();
        map.apply(&changes, &Serial).expect("changes ascend");
        prop_assert_eq!(leaves_of(&map), before.clone(), "reading changes nothing");

        let config = HotConfig { accounts: 1, balances: 1, counts: 1, hash_key: 7 };
        let mut hot = HotStore::new(config);
        write(&mut hot, &r);
        read(&mut hot, &r)?;
        let shown: Vec<_> = hot.leaves().into_iter().map(|(key, value)| (key, value.words().to_vec())).collect();
        prop_assert_eq!(shown, before);
    }
}
