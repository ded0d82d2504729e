//! [`Store`] in memory that is laid out for speed.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ashlar_book::{At, Book, BookConfig, Orders, PendingTrigger, Resting, TriggerAt, TriggerBook, Triggers};
use ashlar_types::{AccountId, Address, AssetId, Direction, FeeTier, KeySlot, MarketId, MarketRules, OrderId};

use super::chain::Chain;
use super::ledger::{Kind, Ledger, tier_index};
use super::view::{HotMarket, HotView};
use crate::leaf::keys;
use crate::record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};
use crate::store::{Listed, NonceLane, Store, id_of, id_of_waiting};

/// How much room to set aside. None of it changes a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HotConfig {
    /// Accounts before the array of them has to be copied.
    pub accounts: usize,
    /// Balances before the table of them has to grow.
    pub balances: usize,
    /// Pairs of account and market before the table of them has to grow.
    pub counts: usize,
    /// Keys the hashes, so that nobody can choose ids that collide.
    pub hash_key: u64,
}

impl Default for HotConfig {
    fn default() -> HotConfig {
        HotConfig { accounts: 1 << 20, balances: 1 << 12, counts: 1 << 12, hash_key: 0 }
    }
}

/// The exchange in memory.
#[derive(Debug)]
pub struct HotStore {
    config: HotConfig,
    pub(super) clock: Clock,
    pub(super) assets: Vec<Option<Asset>>,
    pub(super) markets: Vec<Option<Box<HotMarket>>>,
    pub(super) ledger: Ledger,
}

impl HotStore {
    /// An empty store.
    pub fn new(config: HotConfig) -> HotStore {
        HotStore {
            config,
            clock: Clock::default(),
            assets: Vec::new(),
            markets: Vec::new(),
            ledger: Ledger::new(&config),
        }
    }

    #[inline(always)]
    pub(super) fn at_mut(&mut self, market: MarketId) -> Option<&mut HotMarket> {
        self.markets.get_mut(usize::from(market.get()))?.as_deref_mut()
    }

    /// Adds the orders and triggers that an account holds in a market to a list, in no order.
    fn list_in(&mut self, account: AccountId, id: MarketId, listed: &mut Vec<Listed>) {
        let Some(market) = self.markets.get(usize::from(id.get())).and_then(Option::as_deref) else { return };
        self.ledger.held(account, id, |held| {
            let orders = held.slots(&market.chains, Kind::Resting);
            listed.extend(orders.map(|slot| listed_order(id, &market.book.get(At::of_slot(slot)))));
            let waiting = held.slots(&market.chains, Kind::Waiting);
            listed.extend(waiting.map(|slot| listed_trigger(id, &market.triggers.get(TriggerAt::of_slot(slot)))));
        });
    }
}

fn put<T>(list: &mut Vec<Option<T>>, index: usize, item: T) {
    if list.len() <= index {
        list.resize_with(index + 1, || None);
    }
    list[index] = Some(item);
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
    type View<'a> = HotView<'a>;

    fn begin(&mut self) {}

    #[inline(always)]
    fn clock(&mut self) -> &mut Clock {
        &mut self.clock
    }

    #[inline(always)]
    fn open(&mut self, market: MarketId) -> Option<HotView<'_>> {
        let entry = self.markets.get_mut(usize::from(market.get()))?.as_deref_mut()?;
        Some(HotView { id: market, market: entry, ledger: &mut self.ledger })
    }

    fn asset<T>(&mut self, asset: AssetId, with: impl FnOnce(&mut Asset) -> T) -> Option<T> {
        self.assets.get_mut(usize::from(asset.get()))?.as_mut().map(with)
    }

    fn list_asset(&mut self, asset: AssetId, record: &Asset) {
        put(&mut self.assets, usize::from(asset.get()), *record);
    }

    fn list_market(&mut self, market: MarketId, record: &Market, live: &Live) {
        let config = BookConfig::keyed(self.config.hash_key);
        let entry = HotMarket {
            live: *live,
            record: *record,
            book: Book::new(config),
            chains: [config.orders_max; 2].map(Chain::new),
            triggers: TriggerBook::new(config),
        };
        put(&mut self.markets, usize::from(market.get()), Box::new(entry));
    }

    fn set_rules(&mut self, market: MarketId, rules: &MarketRules) -> Option<()> {
        self.at_mut(market).map(|entry| entry.record.rules = *rules)
    }

    fn set_fees(&mut self, schedule: u8, tier: u8, fees: &FeeTier) {
        self.ledger.fees[tier_index(schedule, tier)] = Some(*fees);
    }

    fn first_account(&mut self, owner: Address) -> Option<AccountId> {
        self.ledger.first_accounts.get(&owner).copied()
    }

    fn open_account(&mut self, account: AccountId, owner: Address) {
        self.ledger.open_account(account, owner);
    }

    #[inline(always)]
    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.ledger.account(account, with)
    }

    fn owner(&mut self, account: AccountId) -> Option<Address> {
        self.ledger.owners.get(account.get() as usize).copied()
    }

    #[inline(always)]
    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.ledger.balance(account, asset, with)
    }

    #[inline(always)]
    fn key(&mut self, account: AccountId, slot: KeySlot) -> Option<KeyTerms> {
        self.ledger.key(account, slot)
    }

    fn set_key(&mut self, account: AccountId, slot: KeySlot, key: &SessionKey) {
        self.ledger.set_key(account, slot, key);
    }

    #[inline(always)]
    fn nonces<T>(&mut self, account: AccountId, lane: NonceLane, with: impl FnOnce(&mut Nonces) -> T) -> T {
        self.ledger.nonces(account, lane, with)
    }

    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        if let Some(market) = market {
            self.list_in(account, market, listed);
        } else {
            let all = self.ledger.account(account, |a| a.orders).unwrap_or(0) as usize;
            let markets =
                (0..self.markets.len()).map_while(|number| u16::try_from(number).ok().and_then(MarketId::new));
            for market in markets {
                if listed.len() >= all {
                    break;
                }
                self.list_in(account, market, listed);
            }
        }
        listed.sort_unstable();
    }
}
