//! [`Store`] over the leaves of the authenticated map.

use alloc::vec::Vec;

use ashlar_book::{PendingTrigger, Resting};
use ashlar_state::{Key, Row, Rows};
use ashlar_types::{AccountId, Address, AssetId, Direction, FeeTier, KeySlot, Lots, MarketId, OrderId, Rank, Side};

use super::keys;
use super::lists::Lists;
use super::places::{
    is_moved, order_key, order_words, read_order, read_trigger, same_line, trigger_key, trigger_words,
};
use super::words::{Words, account_id, address, address_words, word};
use crate::record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};
use crate::store::{Listed, NonceLane, Store, id_of, id_of_waiting};

/// The exchange as leaves.
#[derive(Debug)]
pub struct LeafStore<R, L> {
    rows: R,
    lists: L,
    clock: Clock,
    clock_row: Row,
    incomplete: Option<AccountId>,
}

impl<R: Rows, L: Lists> LeafStore<R, L> {
    /// Opens the exchange that the rows hold.
    pub fn open(mut rows: R, lists: L) -> LeafStore<R, L> {
        let clock_row = rows.row(&keys::exchange());
        let clock = Clock::from_words(rows.words(clock_row));
        LeafStore { rows, lists, clock, clock_row, incomplete: None }
    }

    /// Writes what is kept outside the leaves back into them. Must be called before the rows are used further.
    pub fn flush(&mut self) {
        self.rows.write(self.clock_row, &self.clock.to_words());
    }

    /// The rows, with everything written.
    pub fn close(mut self) -> (R, L) {
        self.flush();
        (self.rows, self.lists)
    }

    /// The rows, for faults.
    pub fn rows(&self) -> &R {
        &self.rows
    }

    /// The account whose list of orders was not the whole list, if there was one: a proof of this run must be refused.
    pub fn incomplete(&self) -> Option<AccountId> {
        self.incomplete
    }

    fn read<T: Words>(&mut self, key: &Key) -> Option<T> {
        let row = self.rows.row(key);
        self.rows.is_present(row).then(|| T::from_words(self.rows.words(row)))
    }

    fn write<T: Words>(&mut self, key: &Key, record: &T) {
        let row = self.rows.row(key);
        self.rows.write(row, record.to_words().as_ref());
    }

    /// Changes a record that must be there.
    fn change<T: Words + Copy + PartialEq, U>(&mut self, key: &Key, with: impl FnOnce(&mut T) -> U) -> Option<U> {
        let row = self.rows.row(key);
        if !self.rows.is_present(row) {
            return None;
        }
        let before = T::from_words(self.rows.words(row));
        let mut record = before;
        let result = with(&mut record);
        if record != before {
            self.rows.write(row, record.to_words().as_ref());
        }
        Some(result)
    }

    /// Changes a record that is absent when it is all zero (SPEC K-7).
    fn change_or_zero<T: Words + Copy + PartialEq + Default, U>(
        &mut self,
        key: &Key,
        with: impl FnOnce(&mut T) -> U,
    ) -> U {
        let row = self.rows.row(key);
        let before = T::from_words(self.rows.words(row));
        let mut record = before;
        let result = with(&mut record);
        if record != before {
            if record == T::default() {
                self.rows.erase(row);
            } else {
                self.rows.write(row, record.to_words().as_ref());
            }
        }
        result
    }

    fn sentinel(&mut self, key: &Key) {
        let row = self.rows.row(key);
        self.rows.write(row, &[0]);
    }

    /// The leaf after a row, if it is of the same side of the same book, or the same direction of the same market.
    #[inline(always)]
    fn next_in_line(&mut self, row: Row) -> Option<Row> {
        let next = self.rows.after(row);
        let (here, there) = (self.rows.key(row), self.rows.key(next));
        (self.rows.is_present(next) && same_line(&here, &there)).then_some(next)
    }

    fn follow(&mut self, id: OrderId, kind: u64) -> Option<Row> {
        let moved = self.rows.row(&keys::moved(id));
        let words = self.rows.words(moved);
        if words.is_empty() || word(words, 0) != kind {
            return None;
        }
        let place = keys::place(kind, word(words, 1), word(words, 2));
        let row = self.rows.row(&place);
        self.rows.is_present(row).then_some(row)
    }

    fn set_moved(&mut self, id: OrderId, place: &Key) {
        let [kind, high, rank] = *place.words();
        let row = self.rows.row(&keys::moved(id));
        self.rows.write(row, &[kind >> 56, high, rank]);
    }

    fn clear_moved(&mut self, id: OrderId) {
        let row = self.rows.row(&keys::moved(id));
        self.rows.erase(row);
    }

    /// Whether a list is what C-22 needs: strictly ascending, the account's own, and all of them.
    fn is_whole(&mut self, account: AccountId, market: Option<MarketId>, listed: &[Listed]) -> bool {
        let counted = match market {
            Some(market) => self.count(account, market, |n| *n),
            None => self.account(account, |a| a.orders).unwrap_or(0),
        };
        if listed.len() as u64 != u64::from(counted)
            || !listed.is_sorted_by(|a, b| (a.waiting, a.place) < (b.waiting, b.place))
        {
            return false;
        }
        listed.iter().all(|entry| self.is_own(account, market, entry))
    }

    fn is_own(&mut self, account: AccountId, market: Option<MarketId>, entry: &Listed) -> bool {
        let kind = if entry.waiting { keys::TRIGGER } else { keys::ORDER };
        let row = self.rows.row(&keys::place(kind, (entry.place >> 64) as u64, entry.place as u64));
        if !self.rows.is_present(row) || market.is_some_and(|market| market != entry.id.market) {
            return false;
        }
        let (owner, id) = if entry.waiting {
            let order = self.waiting(entry.id.market, row);
            (order.account, id_of_waiting(entry.id.market, &order))
        } else {
            let order = self.resting(entry.id.market, row);
            (order.account, id_of(entry.id.market, &order))
        };
        owner == account && id == entry.id && (entry.place >> 112) as u16 == entry.id.market.get()
    }
}

fn listed(key: &Key, id: OrderId) -> Listed {
    let [kind, high, rank] = *key.words();
    Listed { waiting: kind >> 56 == keys::TRIGGER, place: u128::from(high) << 64 | u128::from(rank), id }
}

impl<R: Rows, L: Lists> Store for LeafStore<R, L> {
    type At = Row;
    type WaitingAt = Row;

    fn begin(&mut self) {
        self.sentinel(&keys::end());
    }

    fn clock(&mut self) -> &mut Clock {
        &mut self.clock
    }

    fn asset<T>(&mut self, asset: AssetId, with: impl FnOnce(&mut Asset) -> T) -> Option<T> {
        self.change(&keys::asset(asset), with)
    }

    fn list_asset(&mut self, asset: AssetId, record: &Asset) {
        self.write(&keys::asset(asset), record);
    }

    fn market(&mut self, market: MarketId) -> Option<Market> {
        self.read(&keys::market(market))
    }

    fn list_market(&mut self, market: MarketId, record: &Market, live: &Live) {
        self.write(&keys::market(market), record);
        self.write(&keys::live(market), live);
        for side in [Side::Buy, Side::Sell] {
            self.sentinel(&keys::book_sentinel(market, side));
        }
        for direction in [Direction::Falls, Direction::Rises] {
            self.sentinel(&keys::trigger_sentinel(market, direction));
        }
    }

    fn set_rules(&mut self, market: MarketId, record: &Market) {
        self.write(&keys::market(market), record);
    }

    fn live<T>(&mut self, market: MarketId, with: impl FnOnce(&mut Live) -> T) -> Option<T> {
        self.change(&keys::live(market), with)
    }

    fn fees(&mut self, schedule: u8, tier: u8) -> FeeTier {
        self.read(&keys::fees(schedule, tier)).unwrap_or_default()
    }

    fn set_fees(&mut self, schedule: u8, tier: u8, fees: &FeeTier) {
        self.write(&keys::fees(schedule, tier), fees);
    }

    fn first_account(&mut self, owner: Address) -> Option<AccountId> {
        self.read::<u32>(&keys::owner(owner)).map(|number| account_id(u64::from(number)))
    }

    fn open_account(&mut self, account: AccountId, owner: Address) {
        self.write(&keys::account(account), &Account::NEW);
        let row = self.rows.row(&keys::account_owner(account));
        self.rows.write(row, &address_words(owner));
        let first = self.rows.row(&keys::owner(owner));
        if !self.rows.is_present(first) {
            self.rows.write(first, &[u64::from(account.get())]);
        }
    }

    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.change(&keys::account(account), with)
    }

    fn owner(&mut self, account: AccountId) -> Option<Address> {
        let row = self.rows.row(&keys::account_owner(account));
        let words = self.rows.words(row);
        (!words.is_empty()).then(|| address(word(words, 0), word(words, 1), word(words, 2)))
    }

    fn key(&mut self, account: AccountId, slot: KeySlot) -> Option<KeyTerms> {
        self.read::<SessionKey>(&keys::session_key(account, slot)).map(|key| key.terms())
    }

    fn set_key(&mut self, account: AccountId, slot: KeySlot, key: &SessionKey) {
        self.write(&keys::session_key(account, slot), key);
    }

    fn nonces<T>(&mut self, account: AccountId, lane: NonceLane, with: impl FnOnce(&mut Nonces) -> T) -> T {
        self.change_or_zero(&keys::nonces(account, lane), with)
    }

    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.change_or_zero(&keys::balance(account, asset), with)
    }

    fn count<T>(&mut self, account: AccountId, market: MarketId, with: impl FnOnce(&mut u32) -> T) -> T {
        self.change_or_zero(&keys::count(account, market), with)
    }

    fn best(&mut self, market: MarketId, side: Side) -> Option<Row> {
        let sentinel = self.rows.row(&keys::book_sentinel(market, side));
        self.next_in_line(sentinel)
    }

    fn after(&mut self, _: MarketId, at: Row) -> Option<Row> {
        self.next_in_line(at)
    }

    fn resting(&self, _: MarketId, at: Row) -> Resting {
        read_order(&self.rows.key(at), self.rows.words(at))
    }

    fn find(&mut self, id: OrderId) -> Option<Row> {
        let here = self.rows.row(&keys::order(id.market, id.side, id.price, id.rank));
        let row = if self.rows.is_present(here) { here } else { self.follow(id, keys::ORDER)? };
        // A sentinel is a leaf too, and an order may stand at the place that someone takes for its id.
        let order = self.resting(id.market, row);
        (id_of(id.market, &order) == id && id.rank.get() != 0).then_some(row)
    }

    fn rest(&mut self, market: MarketId, order: &Resting) -> Row {
        let key = order_key(market, order);
        let row = self.rows.row(&key);
        self.rows.write(row, &order_words(order));
        let id = id_of(market, order);
        if is_moved(order) {
            self.set_moved(id, &key);
        }
        self.lists.added(order.account, listed(&key, id));
        row
    }

    fn take_out(&mut self, market: MarketId, at: Row) {
        let order = self.resting(market, at);
        let (key, id) = (self.rows.key(at), id_of(market, &order));
        self.rows.erase(at);
        if is_moved(&order) {
            self.clear_moved(id);
        }
        self.lists.removed(order.account, listed(&key, id));
    }

    fn take_out_then_after(&mut self, market: MarketId, at: Row) -> Option<Row> {
        let next = self.next_in_line(at);
        self.take_out(market, at);
        next
    }

    fn set_lots(&mut self, market: MarketId, at: Row, visible: Lots, hidden: Lots) {
        let order = Resting { visible, hidden, ..self.resting(market, at) };
        self.rows.write(at, &order_words(&order));
    }

    fn requeue(&mut self, market: MarketId, at: Row, rank: Rank, visible: Lots, hidden: Lots) {
        let order = self.resting(market, at);
        let (old, id) = (self.rows.key(at), id_of(market, &order));
        self.rows.erase(at);
        self.lists.removed(order.account, listed(&old, id));
        self.rest(market, &Resting { rank, visible, hidden, ..order });
    }

    fn set_unpaired(&mut self, market: MarketId, at: Row) {
        let order = Resting { paired: false, ..self.resting(market, at) };
        self.rows.write(at, &order_words(&order));
    }

    fn first_waiting(&mut self, market: MarketId, direction: Direction) -> Option<Row> {
        let sentinel = self.rows.row(&keys::trigger_sentinel(market, direction));
        self.next_in_line(sentinel)
    }

    fn waiting(&self, _: MarketId, at: Row) -> PendingTrigger {
        read_trigger(&self.rows.key(at), self.rows.words(at))
    }

    fn find_waiting(&mut self, id: OrderId) -> Option<Row> {
        let row = self.follow(id, keys::TRIGGER)?;
        (id_of_waiting(id.market, &self.waiting(id.market, row)) == id).then_some(row)
    }

    fn wait(&mut self, market: MarketId, order: &PendingTrigger) {
        let key = trigger_key(market, order);
        let row = self.rows.row(&key);
        self.rows.write(row, &trigger_words(order));
        let id = id_of_waiting(market, order);
        self.set_moved(id, &key);
        self.lists.added(order.account, listed(&key, id));
    }

    fn take_out_waiting(&mut self, market: MarketId, at: Row) {
        let order = self.waiting(market, at);
        let (key, id) = (self.rows.key(at), id_of_waiting(market, &order));
        self.rows.erase(at);
        self.clear_moved(id);
        self.lists.removed(order.account, listed(&key, id));
    }

    fn set_waiting_lots(&mut self, market: MarketId, at: Row, lots: Lots) {
        let order = PendingTrigger { lots, ..self.waiting(market, at) };
        self.rows.write(at, &trigger_words(&order));
    }

    fn pair(&mut self, id: OrderId) -> Option<OrderId> {
        let row = self.rows.row(&keys::pair(id));
        let words = self.rows.words(row);
        if words.is_empty() {
            return None;
        }
        OrderId::from_u128(u128::from(word(words, 0)) << 64 | u128::from(word(words, 1)))
    }

    fn set_pair(&mut self, one: OrderId, other: OrderId) {
        for (id, partner) in [(one, other), (other, one)] {
            let bits = partner.to_u128();
            let row = self.rows.row(&keys::pair(id));
            self.rows.write(row, &[(bits >> 64) as u64, bits as u64]);
        }
    }

    fn take_pair(&mut self, id: OrderId) -> Option<OrderId> {
        let other = self.pair(id)?;
        for leg in [id, other] {
            let row = self.rows.row(&keys::pair(leg));
            self.rows.erase(row);
        }
        Some(other)
    }

    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        self.lists.list(account, market, listed);
        if !self.is_whole(account, market, listed) {
            self.incomplete = self.incomplete.or(Some(account));
        }
    }
}
