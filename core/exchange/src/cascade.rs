//! Firing triggers until none is due, or the bound is reached (SPEC M-11 to M-14).
//!
//! Each turn removes one trigger and none is ever added, and every turn spends from a bound, so this ends.

use ashlar_book::{Floor, PendingTrigger};
use ashlar_types::{Direction, Event, Lots, MarketId, NewOrder, OrderKind, PostOnly, Price, Reason};

use crate::outcome::Outcome;
use crate::output::Output;
use crate::store::{Store, View, id_of_waiting};
use crate::trading::Trading;

impl<'a, S: Store + 'a, O: Output> Trading<'a, S, O> {
    /// Fires what is due after the trades of this command; `fires` is how many may fire.
    #[inline(always)]
    pub fn cascade(&mut self, fires: u32) {
        if self.range.is_some() {
            self.fire_due(fires);
        }
    }

    fn fire_due(&mut self, mut fires: u32) {
        while let Some(at) = self.first_due() {
            let order = self.view.waiting(at);
            let dead = self.is_dead(order.account, order.expires);
            let may_trade = self.view.account(order.account, |a| a.may_trade()).unwrap_or(false);
            let lapsed = dead || !may_trade;
            let spent = fires == 0 || self.budget.matches == 0;
            if spent || (lapsed && !self.budget.take_drop()) {
                self.view.live_mut().pending = self.range;
                self.out.event(&Event::CascadePending { market: self.view.id() });
                return;
            }
            self.view.take_out_waiting(at);
            if lapsed {
                let reason = if dead { Reason::Expired } else { Reason::AccountFrozen };
                self.let_go_waiting(&order, Some(reason));
            } else {
                fires -= 1;
                self.fire(&order);
            }
        }
        self.view.live_mut().pending = None;
    }

    fn first_due(&mut self) -> Option<S::WaitingAt> {
        let (low, high) = self.range?;
        if let Some(at) = self.view.first_waiting(Direction::Falls)
            && self.view.waiting(at).trigger >= low
        {
            return Some(at);
        }
        let at = self.view.first_waiting(Direction::Rises)?;
        (self.view.waiting(at).trigger <= high).then_some(at)
    }

    /// M-13: the order that waited trades now.
    fn fire(&mut self, waiting: &PendingTrigger) {
        let id = id_of_waiting(self.view.id(), waiting);
        self.out.event(&Event::Fired { order: id, account: waiting.account });
        if waiting.paired {
            self.take_limit_leg(id);
        }
        self.count_out(waiting.account);
        self.release_waiting(waiting);
        let order = as_new(waiting, id.market);
        let (reason, filled, remaining) = self.trade_and_rest(waiting.account, &order, id, waiting.limit, true);
        let outcome = Outcome { reason, order: Some(id), client: waiting.client, filled, remaining };
        self.say_placed(waiting.account, &outcome);
    }

    /// Goes on with a cascade that had reached its bound (SPEC C-34).
    pub fn resume_cascade(&mut self, range: (Price, Price), fires: u32) {
        self.view.live_mut().pending = None;
        self.range = Some(range);
        self.fire_due(fires);
    }
}

fn as_new(waiting: &PendingTrigger, market: MarketId) -> NewOrder {
    NewOrder {
        market,
        side: waiting.side,
        kind: OrderKind::Limit,
        time_in_force: waiting.time_in_force,
        post_only: PostOnly::No,
        self_trade: waiting.self_trade,
        price: waiting.limit,
        lots: waiting.lots,
        display: Lots::ZERO,
        expires: waiting.expires,
        trigger: None,
        client: waiting.client,
    }
}
