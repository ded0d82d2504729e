//! Naming what a later command will read, so that it can be asked for ahead of time.
//!
//! Nothing here changes anything or decides anything. A command that names nonsense makes nonsense be fetched.

use ashlar_book::At;
use ashlar_types::{AccountId, Command, Input, MarketId, NewOrder, OrderId, Side};

use super::ledger::{balance_key, count_key};
use super::store::HotStore;
use super::view::HotMarket;

/// How far ahead of its command a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ahead {
    /// Some sixteen commands: names what can be told from the command alone.
    Far,
    /// Some eight: names what has to be looked up in what the first call named.
    Near,
    /// Some four: names what is beside that.
    Next,
}

impl HotStore {
    /// Names the memory that applying this input will read; `touch` may ask for it, and need not.
    #[inline(always)]
    pub fn warm(&self, input: &Input, ahead: Ahead, touch: impl Fn(*const u8)) {
        let Input::Message(message) = input else { return };
        let who = message.header.account;
        if ahead == Ahead::Far
            && let Some(line) = self.ledger.accounts.get(who.get() as usize)
        {
            touch(core::ptr::from_ref(line).cast());
        }
        for command in &message.commands {
            match command {
                Command::Place(order) => self.warm_place(who, order, ahead, &touch),
                Command::Cancel(id) => self.warm_order(who, *id, ahead, &touch),
                Command::Replace { order, .. } => self.warm_order(who, *order, ahead, &touch),
                _ => {}
            }
        }
    }

    #[inline(always)]
    fn warm_place(&self, who: AccountId, order: &NewOrder, ahead: Ahead, touch: &impl Fn(*const u8)) {
        if ahead == Ahead::Far
            && let Some(Some(entry)) = self.markets.get(usize::from(order.market.get()))
        {
            self.warm_funds(who, entry, order.market, order.side, touch);
            entry.book.name_price(order.side, order.price, touch);
        }
    }

    #[inline(always)]
    fn warm_funds(&self, who: AccountId, entry: &HotMarket, id: MarketId, side: Side, touch: &impl Fn(*const u8)) {
        touch(core::ptr::from_ref(&entry.live).cast());
        touch(core::ptr::from_ref(&entry.record.rules).cast());
        entry.book.name_parts(touch);
        let terms = &entry.record.terms;
        let asset = if side == Side::Buy { terms.quote } else { terms.base };
        touch(self.ledger.balances.first_look(balance_key(who, asset)));
        touch(self.ledger.counts.first_look(count_key(who, id)));
    }

    #[inline(always)]
    fn warm_order(&self, who: AccountId, id: OrderId, ahead: Ahead, touch: &impl Fn(*const u8)) {
        let number = usize::from(id.market.get());
        let Some(Some(entry)) = self.markets.get(number) else { return };
        match ahead {
            Ahead::Far => {
                self.warm_funds(who, entry, id.market, id.side, touch);
                entry.book.name_index(id.rank, touch);
                entry.book.name_price(id.side, id.price, touch);
            }
            Ahead::Near => {
                if let Some(at) = entry.book.name_order(id.rank, touch)
                    && let Some(chains) = self.ledger.chains.get(number)
                {
                    chains[0].name(at.slot(), touch);
                }
            }
            Ahead::Next => {
                if let Some(at) = entry.book.name_neighbours(id.rank, touch) {
                    self.warm_chain(number, at, touch);
                }
            }
        }
    }

    #[inline(always)]
    fn warm_chain(&self, market: usize, at: At, touch: &impl Fn(*const u8)) {
        let Some(chains) = self.ledger.chains.get(market) else { return };
        for node in chains[0].neighbours(at.slot()) {
            if node.is_some()
                && let Some(chains) = self.ledger.chains.get(usize::from(node.market().get()))
            {
                chains[usize::from(node.is_waiting())].name(node.slot(), touch);
            }
        }
    }
}
