//! One market as leaves.

use ashlar_book::{PendingTrigger, Resting};
use ashlar_state::{Row, Rows};
use ashlar_types::{AccountId, AssetId, Direction, FeeTier, Lots, MarketId, OrderId, Rank, Side};

use super::kept::KeptMarket;
use super::keys;
use super::lists::Lists;
use super::places::{is_moved, order_key, order_words, trigger_key, trigger_words};
use super::store::{Leaves, listed};
use super::words::word;
use crate::record::{Account, Balance, Live, Market};
use crate::store::{View, id_of, id_of_waiting};

/// A market of a [`super::LeafStore`].
#[derive(Debug)]
pub struct LeafView<'a, R, L> {
    leaves: &'a mut Leaves<R, L>,
    id: MarketId,
    market: &'a mut KeptMarket,
}

impl<'a, R: Rows, L: Lists> LeafView<'a, R, L> {
    pub(super) fn new(leaves: &'a mut Leaves<R, L>, id: MarketId, market: &'a mut KeptMarket) -> LeafView<'a, R, L> {
        LeafView { leaves, id, market }
    }
}

impl<R: Rows, L: Lists> LeafView<'_, R, L> {
    fn count_in(&mut self, account: AccountId) {
        self.leaves.count(account, self.id, |count| *count = count.saturating_add(1));
    }

    fn count_out(&mut self, account: AccountId) {
        self.leaves.count(account, self.id, |count| *count = count.saturating_sub(1));
    }

    /// Puts an order in its place.
    fn put(&mut self, order: &Resting) -> Row {
        let key = order_key(self.id, order);
        let row = self.leaves.rows.row(&key);
        self.leaves.rows.write(row, &order_words(order));
        let id = id_of(self.id, order);
        if is_moved(order) {
            self.leaves.set_moved(id, &key);
        }
        self.leaves.lists.added(order.account, listed(&key, id));
        row
    }
}

impl<R: Rows, L: Lists> View for LeafView<'_, R, L> {
    type At = Row;
    type WaitingAt = Row;

    fn id(&self) -> MarketId {
        self.id
    }

    fn record(&self) -> &Market {
        &self.market.record
    }

    fn live(&self) -> &Live {
        &self.market.live.record
    }

    fn live_mut(&mut self) -> &mut Live {
        &mut self.market.live.record
    }

    fn close(self) {}

    fn fees(&mut self, tier: u8) -> FeeTier {
        self.leaves.fees(self.market.record.rules.schedule, tier)
    }

    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.leaves.account(account, with)
    }

    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.leaves.balance(account, asset, with)
    }

    fn count(&mut self, account: AccountId) -> u32 {
        self.leaves.count(account, self.id, |count| *count)
    }

    fn best(&mut self, side: Side) -> Option<Row> {
        let sentinel = self.market.book_sentinel(&mut self.leaves.rows, self.id, side);
        self.leaves.next_in_line(sentinel)
    }

    fn after(&mut self, at: Row) -> Option<Row> {
        self.leaves.next_in_line(at)
    }

    fn resting(&self, at: Row) -> Resting {
        self.leaves.order(at)
    }

    fn find(&mut self, id: OrderId) -> Option<(Row, Resting)> {
        let here = self.leaves.rows.row(&keys::order(id.market, id.side, id.price, id.rank));
        let row = if self.leaves.rows.is_present(here) { here } else { self.leaves.follow(id, keys::ORDER)? };
        // A sentinel is a leaf too, and an order may stand at the place that someone takes for its id.
        let order = self.resting(row);
        (id_of(self.id, &order) == id && id.rank.get() != 0).then_some((row, order))
    }

    fn rest(&mut self, order: &Resting) -> Row {
        self.count_in(order.account);
        self.put(order)
    }

    fn take_out(&mut self, at: Row) {
        let order = self.resting(at);
        let (key, id) = (self.leaves.rows.key(at), id_of(self.id, &order));
        self.count_out(order.account);
        self.leaves.rows.erase(at);
        if is_moved(&order) {
            self.leaves.clear_moved(id);
        }
        self.leaves.lists.removed(order.account, listed(&key, id));
    }

    fn take_out_then_after(&mut self, at: Row) -> Option<Row> {
        let next = self.leaves.next_in_line(at);
        self.take_out(at);
        next
    }

    fn set_lots(&mut self, at: Row, visible: Lots, hidden: Lots) {
        let order = Resting { visible, hidden, ..self.resting(at) };
        self.leaves.rows.write(at, &order_words(&order));
    }

    fn requeue(&mut self, at: Row, rank: Rank, visible: Lots, hidden: Lots) {
        let order = self.resting(at);
        let (old, id) = (self.leaves.rows.key(at), id_of(self.id, &order));
        self.leaves.rows.erase(at);
        self.leaves.lists.removed(order.account, listed(&old, id));
        self.put(&Resting { rank, visible, hidden, ..order });
    }

    fn set_unpaired(&mut self, at: Row) {
        let order = Resting { paired: false, ..self.resting(at) };
        self.leaves.rows.write(at, &order_words(&order));
    }

    fn first_waiting(&mut self, direction: Direction) -> Option<Row> {
        let sentinel = self.market.trigger_sentinel(&mut self.leaves.rows, self.id, direction);
        self.leaves.next_in_line(sentinel)
    }

    fn waiting(&self, at: Row) -> PendingTrigger {
        self.leaves.trigger(at)
    }

    fn find_waiting(&mut self, id: OrderId) -> Option<Row> {
        let row = self.leaves.follow(id, keys::TRIGGER)?;
        (id_of_waiting(self.id, &self.waiting(row)) == id).then_some(row)
    }

    fn wait(&mut self, order: &PendingTrigger) {
        self.count_in(order.account);
        let key = trigger_key(self.id, order);
        let row = self.leaves.rows.row(&key);
        self.leaves.rows.write(row, &trigger_words(order));
        let id = id_of_waiting(self.id, order);
        self.leaves.set_moved(id, &key);
        self.leaves.lists.added(order.account, listed(&key, id));
    }

    fn take_out_waiting(&mut self, at: Row) {
        let order = self.waiting(at);
        let (key, id) = (self.leaves.rows.key(at), id_of_waiting(self.id, &order));
        self.count_out(order.account);
        self.leaves.rows.erase(at);
        self.leaves.clear_moved(id);
        self.leaves.lists.removed(order.account, listed(&key, id));
    }

    fn set_waiting_lots(&mut self, at: Row, lots: Lots) {
        let order = PendingTrigger { lots, ..self.waiting(at) };
        self.leaves.rows.write(at, &trigger_words(&order));
    }

    fn pair(&mut self, id: OrderId) -> Option<OrderId> {
        let row = self.leaves.rows.row(&keys::pair(id));
        let words = self.leaves.rows.words(row);
        if words.is_empty() {
            return None;
        }
        OrderId::from_u128(u128::from(word(words, 0)) << 64 | u128::from(word(words, 1)))
    }

    fn set_pair(&mut self, one: OrderId, other: OrderId) {
        for (id, partner) in [(one, other), (other, one)] {
            let bits = partner.to_u128();
            let row = self.leaves.rows.row(&keys::pair(id));
            self.leaves.rows.write(row, &[(bits >> 64) as u64, bits as u64]);
        }
    }

    fn take_pair(&mut self, id: OrderId) -> Option<OrderId> {
        let other = self.pair(id)?;
        for leg in [id, other] {
            let row = self.leaves.rows.row(&keys::pair(leg));
            self.leaves.rows.erase(row);
        }
        Some(other)
    }
}
