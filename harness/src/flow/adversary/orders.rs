//! Orders that contradict themselves, or only just do not.

use ashlar_types::{
    AccountId, ClientId, Direction, Lots, MarketId, NewOrder, OrderId, OrderKind, PostOnly, Price, Rank, SelfTrade,
    Side, Time, TimeInForce, Trigger,
};

use super::{Adversary, outside, time};

impl Adversary {
    /// An account, rarely one that does not exist.
    pub(super) fn some_account(&mut self) -> AccountId {
        let number = match self.random.weighted(&[940, 40, 20]) {
            0 => self.random.between(1, u64::from(outside::OWNERS)),
            1 => self.random.below(u64::from(self.model.accounts)),
            _ => self.random.between(0, u64::from(self.model.accounts) + 2),
        };
        super::super::account_of(number as u32)
    }

    /// A market, rarely one that does not exist.
    pub(super) fn some_market(&mut self) -> MarketId {
        let number = match self.random.weighted(&[500, 350, 130, 20]) {
            0 => 0,
            1 => self.random.below(u64::from(outside::ARENA)) as u16,
            2 if !self.model.markets.is_empty() => {
                let market = *self.random.pick(&self.model.markets);
                if market.get() == outside::ARENA && !self.random.permille(30) { 0 } else { market.get() }
            }
            _ => self.random.below(40) as u16,
        };
        MarketId::new(number).expect("forty markets can be listed")
    }

    /// A price near where the market trades, rarely at the end of the range.
    pub(super) fn some_price(&mut self, market: MarketId) -> Price {
        let last = self.model.last.get(&market).map_or(outside::REFERENCE, |price| price.get());
        if market.get() == outside::CHEAP && self.random.permille(900) {
            return Price::saturating(self.random.between(1, 4));
        }
        match self.random.weighted(&[900, 60, 20, 20]) {
            0 => Price::saturating(last.clamp(70, 140) + self.random.below(9) - 4),
            1 => Price::saturating(self.random.between(30, 220)),
            2 => *self.random.pick(&[Price::MIN, Price::MAX]),
            _ => Price::saturating(self.random.bits() >> self.random.between(17, 60)),
        }
    }

    /// A few lots, rarely none or more than anyone has.
    pub(super) fn some_lots(&mut self) -> Lots {
        let number = match self.random.weighted(&[900, 60, 20, 20]) {
            0 => self.random.between(1, 9),
            1 => self.random.between(10, 300),
            2 => 0,
            _ => self.random.bits() >> self.random.between(17, 50),
        };
        Lots::new(number).expect("17 bits are shifted away")
    }

    /// An order that was placed once, mostly the account's own, or something like one.
    pub(super) fn some_order(&mut self, account: AccountId) -> OrderId {
        let known = self.model.ids.len() as u64;
        if known > 0 && !self.random.permille(15) {
            // The newest are the likeliest to live.
            let back =
                if self.random.permille(700) { self.random.below(known.min(40)) } else { self.random.below(known) };
            let own = self.random.permille(850);
            let mut ids = self.model.ids.iter().rev();
            let found = if own {
                ids.filter(|(whose, _)| *whose == account).nth(back as usize % 12)
            } else {
                ids.nth(back as usize)
            };
            if let Some((_, id)) = found {
                let id = *id;
                return if self.random.permille(30) { self.garbled(id) } else { id };
            }
        }
        let (market, price) = (self.some_market(), self.some_price(MarketId::default()));
        OrderId { market, side: self.some_side(), price, rank: Rank::new(self.random.below(500)) }
    }

    fn garbled(&mut self, id: OrderId) -> OrderId {
        match self.random.below(4) {
            0 => OrderId { rank: Rank::new(id.rank.get() + self.random.below(4)), ..id },
            1 => OrderId { side: id.side.opposite(), ..id },
            2 => OrderId { price: Price::saturating(id.price.get() + 1), ..id },
            _ => OrderId { market: self.some_market(), ..id },
        }
    }

    pub(super) fn some_side(&mut self) -> Side {
        *self.random.pick(&[Side::Buy, Side::Sell])
    }

    /// A moment orders may die at.
    pub(super) fn some_expiry(&mut self) -> Time {
        match self.random.weighted(&[700, 250, 50]) {
            0 => Time::NEVER,
            1 => time(self.now + self.random.between(1, 40)),
            _ => time(self.now.saturating_sub(self.random.below(3))),
        }
    }

    /// An order with any instructions at all.
    pub(super) fn order(&mut self) -> NewOrder {
        let market = self.some_market();
        let lots = self.some_lots();
        let limit = NewOrder::limit(market, self.some_side(), self.some_price(market), lots);
        let random = &mut self.random;
        let mut order = NewOrder {
            kind: if random.permille(120) { OrderKind::Market } else { OrderKind::Limit },
            time_in_force: [TimeInForce::Rest, TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill]
                [random.weighted(&[70, 18, 12])],
            post_only: [PostOnly::No, PostOnly::Reject, PostOnly::Slide][random.weighted(&[76, 12, 12])],
            self_trade: *random.pick(&[
                SelfTrade::CancelNewest,
                SelfTrade::CancelOldest,
                SelfTrade::CancelBoth,
                SelfTrade::Decrement,
            ]),
            client: ClientId(random.below(100)),
            ..limit
        };
        if random.permille(150) {
            let most = if random.permille(950) { lots.get().max(1) } else { lots.get() + 1 };
            order.display = Lots::new(random.between(1, most.clamp(1, 6))).expect("at most six");
        }
        order.expires = self.some_expiry();
        if self.random.permille(170) {
            order.trigger = Some(self.some_trigger(market));
        }
        if self.random.permille(900) { self.without_contradiction(order) } else { order }
    }

    /// Takes back the instructions that C-7 refuses, so that most orders come further than that.
    fn without_contradiction(&mut self, mut order: NewOrder) -> NewOrder {
        if order.kind == OrderKind::Market && order.time_in_force == TimeInForce::Rest {
            order.time_in_force = TimeInForce::ImmediateOrCancel;
        }
        if order.trigger.is_some() {
            order.post_only = PostOnly::No;
            order.display = Lots::ZERO;
            if order.time_in_force == TimeInForce::FillOrKill {
                order.time_in_force = TimeInForce::ImmediateOrCancel;
            }
        }
        if order.time_in_force != TimeInForce::Rest {
            order.post_only = PostOnly::No;
            order.display = Lots::ZERO;
            order.expires = Time::NEVER;
        }
        order
    }

    /// A trigger just out of reach, sometimes due already.
    pub(super) fn some_trigger(&mut self, market: MarketId) -> Trigger {
        let last = self.model.last.get(&market).map_or(outside::REFERENCE, |price| price.get());
        let away = self.random.between(1, 4);
        let rises = self.random.permille(500);
        let up = rises != self.random.permille(60);
        let price = Price::saturating(if up { last + away } else { last.saturating_sub(away) });
        Trigger { direction: if rises { Direction::Rises } else { Direction::Falls }, price }
    }
}
