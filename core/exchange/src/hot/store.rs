//! [`Store`] in memory that is laid out for speed.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use ashlar_book::{At, Book, BookConfig, Orders, PendingTrigger, Resting, TriggerAt, TriggerBook, Triggers};
use ashlar_types::limits::{SCHEDULES_MAX, TIERS_MAX};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, Direction, FeeTier, KeySlot, Lots, MarketId, OrderId, Rank, Scopes, Side, Time,
};

use super::chain::{Chain, Node};
use super::table::Table;
use crate::leaf::keys;
use crate::record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};
use crate::store::{Listed, NonceLane, Store, id_of, id_of_waiting};

/// How much room to set aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HotConfig {
    /// Balances before the table of them has to grow.
    pub balances: usize,
    /// Pairs of account and market before the table of them has to grow.
    pub counts: usize,
    /// Keys the hashes, so that nobody can choose ids that collide. It changes no result.
    pub hash_key: u64,
}

impl Default for HotConfig {
    fn default() -> HotConfig {
        HotConfig { balances: 1 << 12, counts: 1 << 12, hash_key: 0 }
    }
}

/// What nearly every command of an account touches, in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct AccountLine {
    /// The nonces of slot 0.
    pub nonces: PackedNonces,
    pub account: Account,
    /// The key of slot 0; epoch zero where there never was one.
    key: KeyTerms,
    /// The newest of its orders and triggers.
    chain: Node,
}

const _: () = assert!(size_of::<AccountLine>() == 64);

/// [`Nonces`] without the alignment of a 128-bit number.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedNonces {
    highest: u64,
    used: [u64; 2],
}

impl PackedNonces {
    #[inline(always)]
    fn pack(nonces: Nonces) -> PackedNonces {
        PackedNonces { highest: nonces.highest, used: [nonces.used as u64, (nonces.used >> 64) as u64] }
    }

    #[inline(always)]
    pub fn unpack(self) -> Nonces {
        Nonces { highest: self.highest, used: u128::from(self.used[1]) << 64 | u128::from(self.used[0]) }
    }
}

const NO_KEY: KeyTerms = KeyTerms { scopes: Scopes(0), epoch: 0, expires: Time::ZERO, is_set: false };

#[derive(Debug)]
pub(super) struct HotMarket {
    pub record: Market,
    pub live: Live,
    pub book: Book,
    pub triggers: TriggerBook,
    /// The neighbours of its orders, then of its triggers, in the chains of their accounts.
    chains: [Chain; 2],
}

/// The exchange in memory.
#[derive(Debug)]
pub struct HotStore {
    config: HotConfig,
    pub(super) clock: Clock,
    pub(super) assets: Vec<Option<Asset>>,
    pub(super) markets: Vec<Option<Box<HotMarket>>>,
    pub(super) fees: Vec<Option<FeeTier>>,
    pub(super) accounts: Vec<AccountLine>,
    pub(super) owners: Vec<Address>,
    pub(super) first_accounts: BTreeMap<Address, AccountId>,
    pub(super) keys: BTreeMap<(AccountId, KeySlot), SessionKey>,
    /// Nonces of every lane but slot 0.
    pub(super) lanes: BTreeMap<(AccountId, u8), Nonces>,
    pub(super) balances: Table,
    pub(super) counts: Table,
    pub(super) pairs: BTreeMap<OrderId, OrderId>,
}

impl HotStore {
    /// An empty store.
    pub fn new(config: HotConfig) -> HotStore {
        let tiers = usize::from(SCHEDULES_MAX) * usize::from(TIERS_MAX);
        HotStore {
            config,
            clock: Clock::default(),
            assets: Vec::new(),
            markets: Vec::new(),
            fees: vec![None; tiers],
            accounts: Vec::new(),
            owners: Vec::new(),
            first_accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            lanes: BTreeMap::new(),
            balances: Table::with_capacity(config.balances),
            counts: Table::with_capacity(config.counts),
            pairs: BTreeMap::new(),
        }
    }

    #[inline(always)]
    fn at(&self, market: MarketId) -> Option<&HotMarket> {
        self.markets.get(usize::from(market.get()))?.as_deref()
    }

    #[inline(always)]
    pub(super) fn at_mut(&mut self, market: MarketId) -> Option<&mut HotMarket> {
        self.markets.get_mut(usize::from(market.get()))?.as_deref_mut()
    }

    /// The market that a handle came from.
    #[inline(always)]
    fn known(&self, market: MarketId) -> &HotMarket {
        self.at(market).expect("a handle is only given by a market that is listed")
    }

    #[inline(always)]
    fn known_mut(&mut self, market: MarketId) -> &mut HotMarket {
        self.at_mut(market).expect("a handle is only given by a market that is listed")
    }

    #[inline(always)]
    fn line(&mut self, account: AccountId) -> Option<&mut AccountLine> {
        self.accounts.get_mut(account.get() as usize)
    }

    #[inline(always)]
    fn chain_of(&mut self, node: Node) -> &mut Chain {
        let market = self.known_mut(node.market());
        &mut market.chains[usize::from(node.is_waiting())]
    }

    /// Puts a node at the head of its account's chain.
    #[inline(always)]
    fn join(&mut self, account: AccountId, node: Node) {
        let Some(line) = self.line(account) else { return };
        let head = core::mem::replace(&mut line.chain, node);
        self.chain_of(node).set(node, head, Node::NONE);
        if head.is_some() {
            self.chain_of(head).set_before(head, node);
        }
    }

    /// Takes a node out of its account's chain.
    #[inline(always)]
    fn leave(&mut self, account: AccountId, node: Node) {
        let (next, before) = self.chain_of(node).links(node);
        if next.is_some() {
            self.chain_of(next).set_before(next, before);
        }
        if before.is_some() {
            self.chain_of(before).set_next(before, next);
        } else if let Some(line) = self.line(account) {
            line.chain = next;
        }
    }

    fn listed(&self, node: Node) -> Listed {
        let market = node.market();
        if node.is_waiting() {
            listed_trigger(market, &self.waiting(market, TriggerAt::of_slot(node.slot())))
        } else {
            listed_order(market, &self.resting(market, At::of_slot(node.slot())))
        }
    }
}

fn lane_number(lane: NonceLane) -> u8 {
    match lane {
        NonceLane::Slot(slot) => slot.get(),
        NonceLane::Owner => u8::MAX,
    }
}

fn put<T>(list: &mut Vec<Option<T>>, index: usize, item: T) {
    if list.len() <= index {
        list.resize_with(index + 1, || None);
    }
    list[index] = Some(item);
}

fn tier_index(schedule: u8, tier: u8) -> usize {
    usize::from(schedule % SCHEDULES_MAX) * usize::from(TIERS_MAX) + usize::from(tier % TIERS_MAX)
}

fn listed_order(market: MarketId, order: &Resting) -> Listed {
    let place = OrderId { market, side: order.side, price: order.price, rank: order.rank };
    Listed { waiting: false, place: place.to_u128(), id: id_of(market, order) }
}

fn listed_trigger(market: MarketId, order: &PendingTrigger) -> Listed {
    let rises = order.direction == Direction::Rises;
    let word = keys::place_word(market, rises, keys::normalise_trigger(order.direction, order.trigger));
    Listed {
        waiting: true,
        place: u128::from(word) << 64 | u128::from(order.rank.get()),
        id: id_of_waiting(market, order),
    }
}

impl Store for HotStore {
    type At = At;
    type WaitingAt = TriggerAt;

    fn begin(&mut self) {}

    #[inline(always)]
    fn clock(&mut self) -> &mut Clock {
        &mut self.clock
    }

    fn asset<T>(&mut self, asset: AssetId, with: impl FnOnce(&mut Asset) -> T) -> Option<T> {
        self.assets.get_mut(usize::from(asset.get()))?.as_mut().map(with)
    }

    fn list_asset(&mut self, asset: AssetId, record: &Asset) {
        put(&mut self.assets, usize::from(asset.get()), *record);
    }

    #[inline(always)]
    fn market(&mut self, market: MarketId) -> Option<Market> {
        self.at(market).map(|m| m.record)
    }

    fn list_market(&mut self, market: MarketId, record: &Market, live: &Live) {
        let config = BookConfig::keyed(self.config.hash_key);
        let entry = HotMarket {
            record: *record,
            live: *live,
            book: Book::new(config),
            triggers: TriggerBook::new(config),
            chains: [config.orders_max, config.orders_max].map(Chain::new),
        };
        put(&mut self.markets, usize::from(market.get()), Box::new(entry));
    }

    fn set_rules(&mut self, market: MarketId, record: &Market) {
        if let Some(entry) = self.at_mut(market) {
            entry.record = *record;
        }
    }

    #[inline(always)]
    fn live<T>(&mut self, market: MarketId, with: impl FnOnce(&mut Live) -> T) -> Option<T> {
        self.at_mut(market).map(|m| with(&mut m.live))
    }

    #[inline(always)]
    fn fees(&mut self, schedule: u8, tier: u8) -> FeeTier {
        self.fees[tier_index(schedule, tier)].unwrap_or_default()
    }

    fn set_fees(&mut self, schedule: u8, tier: u8, fees: &FeeTier) {
        self.fees[tier_index(schedule, tier)] = Some(*fees);
    }

    fn first_account(&mut self, owner: Address) -> Option<AccountId> {
        self.first_accounts.get(&owner).copied()
    }

    fn open_account(&mut self, account: AccountId, owner: Address) {
        let line = AccountLine {
            nonces: PackedNonces::pack(Nonces::default()),
            account: Account::NEW,
            key: NO_KEY,
            chain: Node::NONE,
        };
        let index = account.get() as usize;
        if self.accounts.len() <= index {
            self.accounts.resize(index + 1, line);
            self.owners.resize(index + 1, owner);
        }
        self.accounts[index] = line;
        self.owners[index] = owner;
        self.first_accounts.entry(owner).or_insert(account);
    }

    #[inline(always)]
    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.line(account).map(|line| with(&mut line.account))
    }

    fn owner(&mut self, account: AccountId) -> Option<Address> {
        self.owners.get(account.get() as usize).copied()
    }

    #[inline(always)]
    fn key(&mut self, account: AccountId, slot: KeySlot) -> Option<KeyTerms> {
        if slot.get() == 0 {
            return self.line(account).map(|line| line.key).filter(|key| key.epoch != 0);
        }
        self.keys.get(&(account, slot)).map(SessionKey::terms)
    }

    fn set_key(&mut self, account: AccountId, slot: KeySlot, key: &SessionKey) {
        self.keys.insert((account, slot), *key);
        if slot.get() == 0
            && let Some(line) = self.line(account)
        {
            line.key = key.terms();
        }
    }

    #[inline(always)]
    fn nonces<T>(&mut self, account: AccountId, lane: NonceLane, with: impl FnOnce(&mut Nonces) -> T) -> T {
        let number = lane_number(lane);
        if number == 0
            && let Some(line) = self.accounts.get_mut(account.get() as usize)
        {
            let mut nonces = line.nonces.unpack();
            let result = with(&mut nonces);
            line.nonces = PackedNonces::pack(nonces);
            return result;
        }
        with(self.lanes.entry((account, number)).or_default())
    }

    #[inline(always)]
    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        let key = u64::from(account.get()) << 16 | u64::from(asset.get());
        self.balances.with(key, |words| {
            let mut balance = Balance {
                free: Amount::new(words[0]).unwrap_or(Amount::MAX),
                reserved: Amount::new(words[1]).unwrap_or(Amount::MAX),
            };
            let result = with(&mut balance);
            (words[0], words[1]) = (balance.free.get(), balance.reserved.get());
            result
        })
    }

    #[inline(always)]
    fn count<T>(&mut self, account: AccountId, market: MarketId, with: impl FnOnce(&mut u32) -> T) -> T {
        let key = u64::from(account.get()) << 16 | u64::from(market.get());
        self.counts.with(key, |words| {
            let mut count = words[0] as u32;
            let result = with(&mut count);
            words[0] = u64::from(count);
            result
        })
    }

    #[inline(always)]
    fn best(&mut self, market: MarketId, side: Side) -> Option<At> {
        self.at_mut(market)?.book.best(side)
    }

    #[inline(always)]
    fn best_price(&mut self, market: MarketId, side: Side) -> Option<ashlar_types::Price> {
        self.at_mut(market)?.book.best_price(side)
    }

    #[inline(always)]
    fn after(&mut self, market: MarketId, at: At) -> Option<At> {
        self.known_mut(market).book.after(at)
    }

    #[inline(always)]
    fn resting(&self, market: MarketId, at: At) -> Resting {
        self.known(market).book.get(at)
    }

    #[inline(always)]
    fn find(&mut self, id: OrderId) -> Option<At> {
        let book = &mut self.at_mut(id.market)?.book;
        let at = book.find(id.rank)?;
        (id_of(id.market, &book.get(at)) == id).then_some(at)
    }

    #[inline(always)]
    fn rest(&mut self, market: MarketId, order: &Resting) -> At {
        let at = self.known_mut(market).book.insert(order);
        self.join(order.account, Node::new(false, market, at.slot()));
        at
    }

    #[inline(always)]
    fn take_out(&mut self, market: MarketId, at: At) {
        let account = self.resting(market, at).account;
        self.leave(account, Node::new(false, market, at.slot()));
        self.known_mut(market).book.remove(at);
    }

    #[inline(always)]
    fn take_out_then_after(&mut self, market: MarketId, at: At) -> Option<At> {
        let account = self.resting(market, at).account;
        self.leave(account, Node::new(false, market, at.slot()));
        self.known_mut(market).book.remove_then_after(at)
    }

    #[inline(always)]
    fn set_lots(&mut self, market: MarketId, at: At, visible: Lots, hidden: Lots) {
        self.known_mut(market).book.set_lots(at, visible, hidden);
    }

    fn requeue(&mut self, market: MarketId, at: At, rank: Rank, visible: Lots, hidden: Lots) {
        self.known_mut(market).book.requeue(at, rank, visible, hidden);
    }

    fn set_unpaired(&mut self, market: MarketId, at: At) {
        self.known_mut(market).book.unpair(at);
    }

    #[inline(always)]
    fn first_waiting(&mut self, market: MarketId, direction: Direction) -> Option<TriggerAt> {
        self.at_mut(market)?.triggers.first(direction)
    }

    fn waiting(&self, market: MarketId, at: TriggerAt) -> PendingTrigger {
        self.known(market).triggers.get(at)
    }

    fn find_waiting(&mut self, id: OrderId) -> Option<TriggerAt> {
        let triggers = &mut self.at_mut(id.market)?.triggers;
        let at = triggers.find(id.rank)?;
        (id_of_waiting(id.market, &triggers.get(at)) == id).then_some(at)
    }

    fn wait(&mut self, market: MarketId, order: &PendingTrigger) {
        let at = self.known_mut(market).triggers.insert(order);
        self.join(order.account, Node::new(true, market, at.slot()));
    }

    fn take_out_waiting(&mut self, market: MarketId, at: TriggerAt) {
        let account = self.waiting(market, at).account;
        self.leave(account, Node::new(true, market, at.slot()));
        self.known_mut(market).triggers.remove(at);
    }

    fn set_waiting_lots(&mut self, market: MarketId, at: TriggerAt, lots: Lots) {
        self.known_mut(market).triggers.set_lots(at, lots);
    }

    fn pair(&mut self, id: OrderId) -> Option<OrderId> {
        self.pairs.get(&id).copied()
    }

    fn set_pair(&mut self, one: OrderId, other: OrderId) {
        self.pairs.insert(one, other);
        self.pairs.insert(other, one);
    }

    fn take_pair(&mut self, id: OrderId) -> Option<OrderId> {
        let other = self.pairs.remove(&id)?;
        self.pairs.remove(&other);
        Some(other)
    }

    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        let (head, most) = match self.line(account) {
            Some(line) => (line.chain, line.account.orders),
            None => return,
        };
        let mut node = head;
        for _ in 0..most {
            if !node.is_some() {
                break;
            }
            if market.is_none_or(|market| market == node.market()) {
                listed.push(self.listed(node));
            }
            node = self.chain_of(node).links(node).0;
        }
        listed.sort_unstable();
    }
}
