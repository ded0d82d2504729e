//! How a block changes what is kept.

use ashlar_types::{
    AccountId, ClientId, Command, Event, InboxEntry, Input, Lots, MarketId, MarketState, NewOrder, OrderId,
    ParamChange, PostOnly, Rank, Reason, Receipt, SelfTrade, SystemCommand, Trade,
};

use super::{Entry, MarketModel, Model, Print, What};
use crate::door::{AssetFacts, Block, Executed, Line, MarketFacts, OpenOrder, Place};

/// Why a block cannot be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Gap {
    /// It is not the next one.
    #[error("a block begins at {got} where {expected} was expected; open again")]
    NotNext {
        /// The number of the next command.
        expected: u64,
        /// Where the block begins.
        got: u64,
    },
}

/// One command's surroundings while its lines are read.
struct Turn<'a> {
    command: Option<&'a Command>,
    receipt: &'a Receipt,
    /// The order whose trigger fired last.
    fired: Option<OpenOrder>,
}

impl Model {
    /// Applies the next block.
    pub fn apply(&mut self, block: &Block) -> Result<(), Gap> {
        if block.first != self.next {
            return Err(Gap::NotNext { expected: self.next.get(), got: block.first.get() });
        }
        for executed in block.executed() {
            self.time = self.time.max(executed.time);
            self.let_die();
            self.apply_input(&executed);
        }
        self.next = block.next();
        Ok(())
    }

    fn apply_input(&mut self, executed: &Executed<'_>) {
        let commands = match executed.input {
            Input::Message(message) => message.commands.as_slice(),
            Input::Inbox { .. } | Input::System(_) => &[],
        };
        let mut commands = commands.iter();
        let mut rest = executed.lines;
        while let Some(at) = rest.iter().position(|line| matches!(line, Line::Receipt(_))) {
            let (lines, after) = rest.split_at(at + 1);
            rest = after;
            if let Some((Line::Receipt(receipt), events)) = lines.split_last() {
                // A cascade that goes on says so again if it has to wait once more.
                if let (Input::System(SystemCommand::Continue(market)), Reason::Done) = (executed.input, receipt.reason)
                {
                    self.with_market(*market, |facts| facts.cascade_pending = false);
                }
                let turn = Turn { command: commands.next(), receipt, fired: None };
                self.apply_command(turn, events);
                if receipt.reason == Reason::Done {
                    self.apply_done(executed.input);
                }
            }
        }
    }

    fn apply_command(&mut self, mut turn: Turn<'_>, events: &[Line]) {
        // A receipt comes after the cascade that its order caused, and that may already trade with the order: so the
        // order enters first. What it replaces is still there to be looked at.
        if let Some(order) = self.incoming(&turn) {
            self.enter(&order);
        }
        for line in events {
            if let Line::Event(event) = line {
                self.apply_event(&mut turn, event);
            }
        }
        let receipt = turn.receipt;
        self.apply_receipt(turn.command, receipt);
        if turn.command.is_some() {
            let Receipt { reason, order, client, filled, remaining, .. } = *receipt;
            self.tell(receipt.account, turn.entry(What::Receipt { reason, order, client, filled, remaining }));
        }
    }

    /// The order that a command's own receipt puts into the book or lets wait.
    fn incoming(&self, turn: &Turn<'_>) -> Option<OpenOrder> {
        let receipt = turn.receipt;
        if !matches!(receipt.reason, Reason::Resting | Reason::Waiting) {
            return None;
        }
        let id = receipt.order?;
        match turn.command? {
            Command::Place(order) | Command::CancelPlace { place: order, .. } => {
                Some(opened(id, receipt.account, order, receipt.remaining))
            }
            Command::Replace { order: old, lots, .. } => {
                let old = self.orders.by_id_even_dead(*old)?;
                let like = NewOrder {
                    post_only: old.post_only,
                    self_trade: old.self_trade,
                    display: old.display.min(*lots),
                    expires: old.expires,
                    client: receipt.client,
                    ..NewOrder::limit(id.market, id.side, id.price, *lots)
                };
                Some(opened(id, receipt.account, &like, receipt.remaining))
            }
            _ => None,
        }
    }

    fn apply_event(&mut self, turn: &mut Turn<'_>, event: &Event) {
        match *event {
            Event::Trade(ref trade) => self.apply_trade(turn, trade),
            Event::Removed { order, account, lots, reason } => {
                self.leave(order);
                self.tell(account, turn.entry(What::Removed { order, lots, reason }));
            }
            Event::Reduced { order, remaining } => self.shrink(order, remaining),
            Event::Refilled { order, rank, visible } => self.refill(order, rank, visible),
            Event::Fired { order, .. } => turn.fired = self.leave(order),
            Event::Placed { order, account, client, filled, remaining, reason } => {
                if matches!(reason, Reason::Resting | Reason::Waiting) {
                    self.enter(&turn.placed(order, account, client, remaining));
                }
                self.tell(account, turn.entry(What::Placed { order: Some(order), client, filled, remaining, reason }));
            }
            Event::Refused { account, client, reason } => {
                let (filled, remaining) = (Lots::ZERO, Lots::ZERO);
                self.tell(account, turn.entry(What::Placed { order: None, client, filled, remaining, reason }));
            }
            Event::Credited { account, asset, amount } => {
                self.tell(account, turn.entry(What::Credited { asset, amount }));
            }
            Event::CascadePending { market } => self.with_market(market, |facts| facts.cascade_pending = true),
            Event::Withdrawn { .. } | Event::Opened { .. } => {}
        }
    }

    fn apply_trade(&mut self, turn: &Turn<'_>, trade: &Trade) {
        let Trade { maker, taker, price, lots, maker_remaining, .. } = *trade;
        if let Some(tracked) = self.orders.get_mut(maker) {
            let visible = tracked.order.visible.saturating_sub(lots);
            tracked.order.hidden = maker_remaining.saturating_sub(visible);
            self.set_visible(maker, visible);
        }
        if maker_remaining.is_zero() {
            self.leave(maker);
        }
        let print = Print { sequence: turn.receipt.sequence, time: turn.receipt.time, price, lots, side: taker.side };
        if let Some(market) = self.markets.get_mut(&maker.market) {
            market.keep_trade(print);
        }
        let fill =
            |order, is_maker, fee, rebate| turn.entry(What::Fill { order, maker: is_maker, price, lots, fee, rebate });
        self.tell(trade.maker_account, fill(maker, true, trade.maker_fee, trade.maker_rebate));
        self.tell(trade.taker_account, fill(taker, false, trade.taker_fee, ashlar_types::Amount::ZERO));
    }

    fn apply_receipt(&mut self, command: Option<&Command>, receipt: &Receipt) {
        match (command, receipt.reason) {
            (Some(Command::Cancel(order) | Command::Reduce { order, .. }), Reason::Cancelled) => {
                self.leave(*order);
            }
            (Some(Command::Reduce { order, .. }), Reason::Done) => self.shrink(*order, receipt.remaining),
            (Some(Command::DeadMan(at)), Reason::Done) => self.orders.arm(receipt.account, *at),
            _ => {}
        }
    }

    /// What was done that is no account's command.
    fn apply_done(&mut self, input: &Input) {
        match input {
            Input::Inbox { entry: InboxEntry::Param(change), .. } => self.apply_param(change),
            Input::System(SystemCommand::Halt(market)) => self.with_market(*market, |facts| facts.halted = true),
            Input::System(SystemCommand::Resume(market)) => self.with_market(*market, |facts| facts.halted = false),
            _ => {}
        }
    }

    fn apply_param(&mut self, change: &ParamChange) {
        match *change {
            ParamChange::ListAsset { asset, terms } => self.assets.push(AssetFacts { id: asset, terms }),
            ParamChange::ListMarket { market, terms, rules, reference } => {
                let state = MarketState::Open;
                let facts = MarketFacts {
                    id: market,
                    terms,
                    rules,
                    state,
                    halted: false,
                    cascade_pending: false,
                    last: reference,
                };
                self.markets.insert(market, MarketModel::new(facts));
            }
            ParamChange::SetMarketRules { market, rules } => self.with_market(market, |facts| facts.rules = rules),
            ParamChange::SetMarketState { market, state } => self.with_market(market, |facts| facts.state = state),
            ParamChange::SetFees { schedule, tier, fees } => {
                self.fees.insert((schedule, tier), fees);
            }
            ParamChange::SetTier { .. } | ParamChange::SetFrozen { .. } => {}
        }
    }

    fn with_market(&mut self, market: MarketId, with: impl FnOnce(&mut MarketFacts)) {
        if let Some(market) = self.markets.get_mut(&market) {
            with(&mut market.facts);
            market.ticker_changed = true;
        }
    }

    /// Takes an order in and shows what can be seen of it.
    pub(super) fn enter(&mut self, order: &OpenOrder) {
        self.orders.insert(*order);
        if matches!(order.place, Place::Resting { .. }) {
            self.show(order.id, Lots::ZERO, order.visible);
        }
    }

    fn leave(&mut self, id: OrderId) -> Option<OpenOrder> {
        let tracked = self.orders.remove(id)?;
        if !tracked.dead && matches!(tracked.order.place, Place::Resting { .. }) {
            self.show(id, tracked.order.visible, Lots::ZERO);
        }
        Some(tracked.order)
    }

    /// Lets everything die whose time has come.
    pub(super) fn let_die(&mut self) {
        while let Some(order) = self.orders.take_dead(self.time) {
            if matches!(order.place, Place::Resting { .. }) {
                self.show(order.id, order.visible, Lots::ZERO);
            }
        }
    }

    /// Hidden lots go first (SPEC C-19).
    fn shrink(&mut self, id: OrderId, remaining: Lots) {
        let Some(tracked) = self.orders.get_mut(id) else { return };
        let visible = tracked.order.visible.min(remaining);
        tracked.order.hidden = remaining.saturating_sub(visible);
        self.set_visible(id, visible);
    }

    fn refill(&mut self, id: OrderId, rank: Rank, visible: Lots) {
        let Some(tracked) = self.orders.get_mut(id) else { return };
        let total = tracked.order.visible.get().saturating_add(tracked.order.hidden.get());
        tracked.order.hidden = Lots::new(total).unwrap_or(Lots::MAX).saturating_sub(visible);
        if let Place::Resting { rank: at, .. } = &mut tracked.order.place {
            *at = rank;
        }
        self.set_visible(id, visible);
    }

    fn set_visible(&mut self, id: OrderId, visible: Lots) {
        let Some(tracked) = self.orders.get_mut(id) else { return };
        let before = std::mem::replace(&mut tracked.order.visible, visible);
        if !tracked.dead && matches!(tracked.order.place, Place::Resting { .. }) {
            self.show(id, before, visible);
        }
    }

    fn show(&mut self, id: OrderId, before: Lots, after: Lots) {
        if let Some(market) = self.markets.get_mut(&id.market) {
            market.sides[id.side.index()].change(id.price, before, after);
            market.book_changed = true;
            market.ticker_changed = true;
        }
    }
}

impl Turn<'_> {
    fn entry(&self, what: What) -> Entry {
        Entry { sequence: self.receipt.sequence, time: self.receipt.time, what }
    }

    /// An order that an event says was placed: one that had waited, a quote, or a leg of a pair.
    fn placed(&self, id: OrderId, account: AccountId, client: ClientId, remaining: Lots) -> OpenOrder {
        if let Some(waited) = self.fired.filter(|order| order.id == id) {
            let place = Place::Resting { rank: id.rank, price: id.price };
            return OpenOrder { place, visible: remaining, hidden: Lots::ZERO, display: Lots::ZERO, ..waited };
        }
        let plain = NewOrder { client, ..NewOrder::limit(id.market, id.side, id.price, remaining) };
        match self.command {
            Some(Command::OneCancelsOther(pair)) => {
                // The waiting leg takes the rank after the limit leg's, and the receipt names the limit leg.
                let leg = if self.receipt.order == Some(id) { &pair.limit } else { &pair.stop };
                opened(id, account, leg, remaining)
            }
            Some(Command::MassQuote { .. }) => {
                let quote = NewOrder { post_only: PostOnly::Reject, self_trade: SelfTrade::CancelOldest, ..plain };
                opened(id, account, &quote, remaining)
            }
            _ => opened(id, account, &plain, remaining),
        }
    }
}

/// An order that has just come to rest or to wait.
fn opened(id: OrderId, account: AccountId, order: &NewOrder, remaining: Lots) -> OpenOrder {
    let shows_all = order.display.is_zero() || order.trigger.is_some();
    let visible = if shows_all { remaining } else { order.display.min(remaining) };
    OpenOrder {
        id,
        account,
        client: order.client,
        place: match order.trigger {
            Some(trigger) => Place::Waiting(trigger),
            None => Place::Resting { rank: id.rank, price: id.price },
        },
        visible,
        hidden: remaining.saturating_sub(visible),
        display: order.display,
        post_only: order.post_only,
        self_trade: order.self_trade,
        expires: order.expires,
    }
}
