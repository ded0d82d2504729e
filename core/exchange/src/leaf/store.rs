//! [`Store`] over the leaves of the authenticated map.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ashlar_book::{PendingTrigger, Resting};
use ashlar_state::{Key, Row, Rows};
use ashlar_types::{AccountId, Address, AssetId, Direction, FeeTier, KeySlot, MarketId, MarketRules, OrderId, Side};

use super::kept::{KeptMarket, Speaker};
use super::keys;
use super::lists::Lists;
use super::places::{read_order, read_trigger, same_line};
use super::view::LeafView;
use super::words::{Words, account_id, address, address_words, key_terms, word};
use crate::record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};
use crate::store::{Listed, NonceLane, Store, id_of, id_of_waiting};

/// The exchange as leaves.
#[derive(Debug)]
pub struct LeafStore<R, L> {
    leaves: Leaves<R, L>,
    /// Markets that were opened.
    markets: Vec<Option<Box<KeptMarket>>>,
    clock: Clock,
    clock_row: Row,
    incomplete: Option<AccountId>,
}

/// Leaves, beside what is kept of them of markets and of the exchange.
#[derive(Debug)]
pub(super) struct Leaves<R, L> {
    pub rows: R,
    pub lists: L,
    speaker: Option<Box<Speaker>>,
    /// Fees that were asked for.
    fees: [Option<(u8, u8, FeeTier)>; 2],
}

impl<R: Rows, L: Lists> LeafStore<R, L> {
    /// Opens the exchange that the rows hold.
    pub fn open(mut rows: R, lists: L) -> LeafStore<R, L> {
        let clock_row = rows.row(&keys::exchange());
        let clock = Clock::from_words(rows.words(clock_row));
        let leaves = Leaves { rows, lists, speaker: None, fees: [None; 2] };
        LeafStore { leaves, markets: Vec::new(), clock, clock_row, incomplete: None }
    }

    /// Writes what is kept outside the leaves back into them. Must be called before the rows are used further.
    pub fn flush(&mut self) {
        let rows = &mut self.leaves.rows;
        rows.write(self.clock_row, &self.clock.to_words());
        if let Some(speaker) = &mut self.leaves.speaker {
            speaker.put_away(rows);
        }
        for market in self.markets.iter_mut().flatten() {
            market.live.put_away(rows);
        }
    }

    /// The rows, with everything written.
    pub fn close(mut self) -> (R, L) {
        self.flush();
        (self.leaves.rows, self.leaves.lists)
    }

    /// The rows, for faults.
    pub fn rows(&self) -> &R {
        &self.leaves.rows
    }

    /// The account whose list of orders was not the whole list, if there was one: a proof of this run must be refused.
    pub fn incomplete(&self) -> Option<AccountId> {
        self.incomplete
    }

    /// Keeps what this account's commands will ask for.
    fn listen_to(&mut self, account: AccountId) {
        if self.leaves.speaker.as_ref().is_some_and(|speaker| speaker.is(account)) {
            return;
        }
        self.leaves.hush();
        self.leaves.speaker = Speaker::read(&mut self.leaves.rows, account).map(Box::new);
    }
}

impl<R: Rows, L: Lists> Leaves<R, L> {
    /// Keeps nothing of an account.
    fn hush(&mut self) {
        if let Some(mut speaker) = self.speaker.take() {
            speaker.put_away(&mut self.rows);
        }
    }

    #[inline(always)]
    pub fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        match &mut self.speaker {
            Some(speaker) if speaker.is(account) => Some(with(&mut speaker.account.record)),
            _ => self.change(&keys::account(account), with),
        }
    }

    #[inline(always)]
    pub fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        match &mut self.speaker {
            Some(speaker) if speaker.is(account) => with(speaker.balance(&mut self.rows, asset)),
            _ => self.change_or_zero(&keys::balance(account, asset), with),
        }
    }

    #[inline(always)]
    pub fn count<T>(&mut self, account: AccountId, market: MarketId, with: impl FnOnce(&mut u32) -> T) -> T {
        match &mut self.speaker {
            Some(speaker) if speaker.is(account) => with(speaker.count(&mut self.rows, market)),
            _ => self.change_or_zero(&keys::count(account, market), with),
        }
    }

    pub fn fees(&mut self, schedule: u8, tier: u8) -> FeeTier {
        let place = usize::from(tier) % self.fees.len();
        if let Some((of_schedule, of_tier, fees)) = self.fees[place]
            && (of_schedule, of_tier) == (schedule, tier)
        {
            return fees;
        }
        let fees = self.read(&keys::fees(schedule, tier)).unwrap_or_default();
        self.fees[place] = Some((schedule, tier, fees));
        fees
    }

    pub(super) fn read<T: Words>(&mut self, key: &Key) -> Option<T> {
        let row = self.rows.row(key);
        self.rows.is_present(row).then(|| T::from_words(self.rows.words(row)))
    }

    pub(super) fn write<T: Words>(&mut self, key: &Key, record: &T) {
        let row = self.rows.row(key);
        self.rows.write(row, record.to_words().as_ref());
    }

    /// Changes a record that must be there.
    pub(super) fn change<T: Words + Copy + PartialEq, U>(
        &mut self,
        key: &Key,
        with: impl FnOnce(&mut T) -> U,
    ) -> Option<U> {
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
    pub(super) fn change_or_zero<T: Words + Copy + PartialEq + Default, U>(
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
    pub(super) fn next_in_line(&mut self, row: Row) -> Option<Row> {
        let next = self.rows.after(row);
        let (here, there) = (self.rows.key(row), self.rows.key(next));
        (self.rows.is_present(next) && same_line(&here, &there)).then_some(next)
    }

    pub(super) fn order(&self, row: Row) -> Resting {
        read_order(&self.rows.key(row), self.rows.words(row))
    }

    pub(super) fn trigger(&self, row: Row) -> PendingTrigger {
        read_trigger(&self.rows.key(row), self.rows.words(row))
    }

    pub(super) fn follow(&mut self, id: OrderId, kind: u64) -> Option<Row> {
        let moved = self.rows.row(&keys::moved(id));
        let words = self.rows.words(moved);
        if words.is_empty() || word(words, 0) != kind {
            return None;
        }
        let place = keys::place(kind, word(words, 1), word(words, 2));
        let row = self.rows.row(&place);
        self.rows.is_present(row).then_some(row)
    }

    pub(super) fn set_moved(&mut self, id: OrderId, place: &Key) {
        let [kind, high, rank] = *place.words();
        let row = self.rows.row(&keys::moved(id));
        self.rows.write(row, &[kind >> 56, high, rank]);
    }

    pub(super) fn clear_moved(&mut self, id: OrderId) {
        let row = self.rows.row(&keys::moved(id));
        self.rows.erase(row);
    }
}

impl<R: Rows, L: Lists> LeafStore<R, L> {
    /// Whether a list is what C-22 needs: strictly ascending, the account's own, and all of them.
    fn is_whole(&mut self, account: AccountId, market: Option<MarketId>, listed: &[Listed]) -> bool {
        let counted = match market {
            Some(market) => self.leaves.count(account, market, |n| *n),
            None => self.leaves.account(account, |a| a.orders).unwrap_or(0),
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
        let row = self.leaves.rows.row(&keys::place(kind, (entry.place >> 64) as u64, entry.place as u64));
        if !self.leaves.rows.is_present(row) || market.is_some_and(|market| market != entry.id.market) {
            return false;
        }
        let (owner, id) = if entry.waiting {
            let order = self.leaves.trigger(row);
            (order.account, id_of_waiting(entry.id.market, &order))
        } else {
            let order = self.leaves.order(row);
            (order.account, id_of(entry.id.market, &order))
        };
        owner == account && id == entry.id && (entry.place >> 112) as u16 == entry.id.market.get()
    }
}

pub(super) fn listed(key: &Key, id: OrderId) -> Listed {
    let [kind, high, rank] = *key.words();
    Listed { waiting: kind >> 56 == keys::TRIGGER, place: u128::from(high) << 64 | u128::from(rank), id }
}

impl<R: Rows, L: Lists> Store for LeafStore<R, L> {
    type At = Row;
    type WaitingAt = Row;
    type View<'a>
        = LeafView<'a, R, L>
    where
        Self: 'a;

    fn open(&mut self, market: MarketId) -> Option<LeafView<'_, R, L>> {
        let index = usize::from(market.get());
        if self.markets.get(index).is_none_or(Option::is_none) {
            let kept = KeptMarket::read(&mut self.leaves.rows, market)?;
            if self.markets.len() <= index {
                self.markets.resize_with(index + 1, || None);
            }
            self.markets[index] = Some(Box::new(kept));
        }
        let kept = self.markets.get_mut(index)?.as_deref_mut()?;
        Some(LeafView::new(&mut self.leaves, market, kept))
    }

    fn begin(&mut self) {
        self.leaves.sentinel(&keys::end());
    }

    fn clock(&mut self) -> &mut Clock {
        &mut self.clock
    }

    fn asset<T>(&mut self, asset: AssetId, with: impl FnOnce(&mut Asset) -> T) -> Option<T> {
        self.leaves.change(&keys::asset(asset), with)
    }

    fn list_asset(&mut self, asset: AssetId, record: &Asset) {
        self.leaves.write(&keys::asset(asset), record);
    }

    fn list_market(&mut self, market: MarketId, record: &Market, live: &Live) {
        self.leaves.write(&keys::market(market), record);
        self.leaves.write(&keys::live(market), live);
        for side in [Side::Buy, Side::Sell] {
            self.leaves.sentinel(&keys::book_sentinel(market, side));
        }
        for direction in [Direction::Falls, Direction::Rises] {
            self.leaves.sentinel(&keys::trigger_sentinel(market, direction));
        }
    }

    fn set_rules(&mut self, market: MarketId, rules: &MarketRules) -> Option<()> {
        if let Some(Some(kept)) = self.markets.get_mut(usize::from(market.get())) {
            kept.record.rules = *rules;
        }
        self.leaves.change(&keys::market(market), |record: &mut Market| record.rules = *rules)
    }

    fn set_fees(&mut self, schedule: u8, tier: u8, fees: &FeeTier) {
        self.leaves.fees = [None; 2];
        self.leaves.write(&keys::fees(schedule, tier), fees);
    }

    fn first_account(&mut self, owner: Address) -> Option<AccountId> {
        self.leaves.read::<u32>(&keys::owner(owner)).map(|number| account_id(u64::from(number)))
    }

    fn open_account(&mut self, account: AccountId, owner: Address) {
        self.leaves.hush();
        self.leaves.write(&keys::account(account), &Account::NEW);
        let rows = &mut self.leaves.rows;
        let row = rows.row(&keys::account_owner(account));
        rows.write(row, &address_words(owner));
        let first = rows.row(&keys::owner(owner));
        if !rows.is_present(first) {
            rows.write(first, &[u64::from(account.get())]);
        }
    }

    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.listen_to(account);
        self.leaves.account(account, with)
    }

    fn owner(&mut self, account: AccountId) -> Option<Address> {
        let row = self.leaves.rows.row(&keys::account_owner(account));
        let words = self.leaves.rows.words(row);
        (!words.is_empty()).then(|| address(word(words, 0), word(words, 1), word(words, 2)))
    }

    fn key(&mut self, account: AccountId, slot: KeySlot) -> Option<KeyTerms> {
        let row = self.leaves.rows.row(&keys::session_key(account, slot));
        let words = self.leaves.rows.words(row);
        (!words.is_empty()).then(|| key_terms(words))
    }

    fn set_key(&mut self, account: AccountId, slot: KeySlot, key: &SessionKey) {
        self.leaves.write(&keys::session_key(account, slot), key);
    }

    fn nonces<T>(&mut self, account: AccountId, lane: NonceLane, with: impl FnOnce(&mut Nonces) -> T) -> T {
        self.leaves.change_or_zero(&keys::nonces(account, lane), with)
    }

    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.leaves.balance(account, asset, with)
    }

    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        self.leaves.lists.list(account, market, listed);
        if !self.is_whole(account, market, listed) {
            self.incomplete = self.incomplete.or(Some(account));
        }
    }
}
