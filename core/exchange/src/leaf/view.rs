//! One market as leaves.

use ashlar_book::{PendingTrigger, Resting};
use ashlar_state::{Row, Rows};
use ashlar_types::{AccountId, AssetId, Direction, FeeTier, Lots, MarketId, OrderId, Rank, Side};

use super::keys;
use super::lists::Lists;
use super::places::{is_moved, order_key, order_words, trigger_key, trigger_words};
use super::store::{LeafStore, listed};
use super::words::{Words, word};
use crate::record::{Account, Balance, Live, Market};
use crate::store::{Store, View, id_of, id_of_waiting};

/// A market of a [`LeafStore`], with its two leaves read once.
#[derive(Debug)]
pub struct LeafView<'a, R, L> {
    store: &'a mut LeafStore<R, L>,
    id: MarketId,
    record: Market,
    live: Live,
    live_before: Live,
    live_row: Row,
}

impl<'a, R: Rows, L: Lists> LeafView<'a, R, L> {
    /// Opens a market, if it is listed.
    pub(super) fn open(store: &'a mut LeafStore<R, L>, id: MarketId) -> Option<LeafView<'a, R, L>> {
        let record = store.read(&keys::market(id))?;
        let live_row = store.rows.row(&keys::live(id));
        let live = Live::from_words(store.rows.words(live_row));
        Some(LeafView { store, id, record, live, live_before: live, live_row })
    }
}

impl<R: Rows, L: Lists> View for LeafView<'_, R, L> {
    type At = Row;
    type WaitingAt = Row;

    fn id(&self) -> MarketId {
        self.id
    }

    fn record(&self) -> &Market {
        &self.record
    }

    fn live(&self) -> &Live {
        &self.live
    }

    fn live_mut(&mut self) -> &mut Live {
        &mut self.live
    }

    fn close(self) {
        if self.live != self.live_before {
            self.store.rows.write(self.live_row, self.live.to_words().as_ref());
        }
    }

    fn fees(&mut self, tier: u8) -> FeeTier {
        self.store.read(&keys::fees(self.record.rules.schedule, tier)).unwrap_or_default()
    }

    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.store.account(account, with)
    }

    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.store.balance(account, asset, with)
    }

    fn count<T>(&mut self, account: AccountId, with: impl FnOnce(&mut u32) -> T) -> T {
        self.store.change_or_zero(&keys::count(account, self.id), with)
    }

    fn best(&mut self, side: Side) -> Option<Row> {
        let sentinel = self.store.rows.row(&keys::book_sentinel(self.id, side));
        self.store.next_in_line(sentinel)
    }

    fn after(&mut self, at: Row) -> Option<Row> {
        self.store.next_in_line(at)
    }

    fn resting(&self, at: Row) -> Resting {
        self.store.order(at)
    }

    fn find(&mut self, id: OrderId) -> Option<(Row, Resting)> {
        let here = self.store.rows.row(&keys::order(id.market, id.side, id.price, id.rank));
        let row = if self.store.rows.is_present(here) { here } else { self.store.follow(id, keys::ORDER)? };
        // A sentinel is a leaf too, and an order may stand at the place that someone takes for its id.
        let order = self.resting(row);
        (id_of(self.id, &order) == id && id.rank.get() != 0).then_some((row, order))
    }

    fn rest(&mut self, order: &Resting) -> Row {
        let key = order_key(self.id, order);
        let row = self.store.rows.row(&key);
        self.store.rows.write(row, &order_words(order));
        let id = id_of(self.id, order);
        if is_moved(order) {
            self.store.set_moved(id, &key);
        }
        self.store.lists.added(order.account, listed(&key, id));
        row
    }

    fn take_out(&mut self, at: Row) {
        let order = self.resting(at);
        let (key, id) = (self.store.rows.key(at), id_of(self.id, &order));
        self.store.rows.erase(at);
        if is_moved(&order) {
            self.store.clear_moved(id);
        }
        self.store.lists.removed(order.account, listed(&key, id));
    }

    fn take_out_then_after(&mut self, at: Row) -> Option<Row> {
        let next = self.store.next_in_line(at);
        self.take_out(at);
        next
    }

    fn set_lots(&mut self, at: Row, visible: Lots, hidden: Lots) {
        let order = Resting { visible, hidden, ..self.resting(at) };
        self.store.rows.write(at, &order_words(&order));
    }

    fn requeue(&mut self, at: Row, rank: Rank, visible: Lots, hidden: Lots) {
        let order = self.resting(at);
        let (old, id) = (self.store.rows.key(at), id_of(self.id, &order));
        self.store.rows.erase(at);
        self.store.lists.removed(order.account, listed(&old, id));
        self.rest(&Resting { rank, visible, hidden, ..order });
    }

    fn set_unpaired(&mut self, at: Row) {
        let order = Resting { paired: false, ..self.resting(at) };
        self.store.rows.write(at, &order_words(&order));
    }

    fn first_waiting(&mut self, direction: Direction) -> Option<Row> {
        let sentinel = self.store.rows.row(&keys::trigger_sentinel(self.id, direction));
        self.store.next_in_line(sentinel)
    }

    fn waiting(&self, at: Row) -> PendingTrigger {
        self.store.trigger(at)
    }

    fn find_waiting(&mut self, id: OrderId) -> Option<Row> {
        let row = self.store.follow(id, keys::TRIGGER)?;
        (id_of_waiting(self.id, &self.waiting(row)) == id).then_some(row)
    }

    fn wait(&mut self, order: &PendingTrigger) {
        let key = trigger_key(self.id, order);
        let row = self.store.rows.row(&key);
        self.store.rows.write(row, &trigger_words(order));
        let id = id_of_waiting(self.id, order);
        self.store.set_moved(id, &key);
        self.store.lists.added(order.account, listed(&key, id));
    }

    fn take_out_waiting(&mut self, at: Row) {
        let order = self.waiting(at);
        let (key, id) = (self.store.rows.key(at), id_of_waiting(self.id, &order));
        self.store.rows.erase(at);
        self.store.clear_moved(id);
        self.store.lists.removed(order.account, listed(&key, id));
    }

    fn set_waiting_lots(&mut self, at: Row, lots: Lots) {
        let order = PendingTrigger { lots, ..self.waiting(at) };
        self.store.rows.write(at, &trigger_words(&order));
    }

    fn pair(&mut self, id: OrderId) -> Option<OrderId> {
        let row = self.store.rows.row(&keys::pair(id));
        let words = self.store.rows.words(row);
        if words.is_empty() {
            return None;
        }
        OrderId::from_u128(u128::from(word(words, 0)) << 64 | u128::from(word(words, 1)))
    }

    fn set_pair(&mut self, one: OrderId, other: OrderId) {
        for (id, partner) in [(one, other), (other, one)] {
            let bits = partner.to_u128();
            let row = self.store.rows.row(&keys::pair(id));
            self.store.rows.write(row, &[(bits >> 64) as u64, bits as u64]);
        }
    }

    fn take_pair(&mut self, id: OrderId) -> Option<OrderId> {
        let other = self.pair(id)?;
        for leg in [id, other] {
            let row = self.store.rows.row(&keys::pair(leg));
            self.store.rows.erase(row);
        }
        Some(other)
    }
}
