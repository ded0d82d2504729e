//! Episodes: a few inputs in a row that drive one command into one of its bounds.

use ashlar_types::{
    AccountId, Amount, AssetId, CancelFilter, Command, Direction, InboxEntry, Input, Lots, MarketId, MarketState,
    NewOrder, OrderId, OrderKind, ParamChange, PostOnly, Price, Rank, SelfTrade, Side, Time, TimeInForce, Trigger,
};

use super::super::account_of;
use super::model::NEXT;
use super::{Adversary, outside, time};

/// Commands of one message at most.
const MESSAGE: usize = 256;

impl Adversary {
    /// Decides on an episode in the arena, and puts its inputs in the queue.
    pub(super) fn episode(&mut self) {
        let (makes, takes) = match self.random.below(2) {
            0 => (account_of(outside::RICH[0]), account_of(outside::RICH[1])),
            _ => (account_of(outside::RICH[1]), account_of(outside::RICH[0])),
        };
        let around = self.random.below(3);
        match self.random.weighted(&[30, 20, 40, 20, 20, 30, 20, 10, 4]) {
            0 => self.dead_in_the_way(makes, takes, 63 + around),
            1 => self.own_in_the_way(takes, 63 + around),
            2 => self.cascade(makes, takes, 31 + around, Time::NEVER),
            3 => self.cascade(makes, takes, 63 + around, time(self.now + 1)),
            4 => self.many_trades(makes, takes, 1_023 + around),
            5 => self.own_cascade(makes, takes),
            6 => self.many_trades_and_a_cascade(makes, takes),
            7 => self.slide_to_nothing(makes, takes),
            _ => self.delisting(makes, takes),
        }
    }

    /// Dead orders just within, at or past the bound, and something that has to pass them.
    fn dead_in_the_way(&mut self, makes: AccountId, takes: AccountId, count: u64) {
        let (side, price) = self.side_and_price();
        let expires = time(self.now + 1);
        let dead = NewOrder { expires, ..self.one_lot(side, price) };
        self.clear(&[makes, takes]);
        self.send(makes, vec![Command::Place(dead); count as usize]);
        self.send(makes, vec![Command::Place(self.one_lot(side, price))]);
        self.now += 2;
        let mut taker = NewOrder { lots: lots(self.random.between(1, 3)), ..self.one_lot(side.opposite(), price) };
        match self.random.below(6) {
            0 => taker.post_only = PostOnly::Reject,
            1 => taker.post_only = PostOnly::Slide,
            2 => taker.time_in_force = TimeInForce::FillOrKill,
            3 => taker.time_in_force = TimeInForce::ImmediateOrCancel,
            _ => {}
        }
        self.send(takes, vec![Command::Place(taker), Command::Place(taker)]);
    }

    /// Own orders just within, at or past the bound.
    fn own_in_the_way(&mut self, takes: AccountId, count: u64) {
        let (side, price) = self.side_and_price();
        let modes = [SelfTrade::CancelOldest, SelfTrade::Decrement, SelfTrade::CancelBoth];
        let self_trade = *self.random.pick(&modes);
        self.clear(&[takes]);
        let own = NewOrder { self_trade, ..self.one_lot(side, price) };
        self.send(takes, vec![Command::Place(own); count as usize]);
        let mut taker = NewOrder { side: side.opposite(), lots: lots(count + 2), ..own };
        if self.random.permille(300) {
            taker.time_in_force = TimeInForce::FillOrKill;
            taker.lots = lots(1);
        }
        self.send(takes, vec![Command::Place(taker), Command::Place(taker)]);
    }

    /// Triggers at the same price, more or fewer than may fire, or than may be dropped when they are dead.
    fn cascade(&mut self, makes: AccountId, takes: AccountId, count: u64, expires: Time) {
        let (side, price) = self.side_and_price();
        let direction = if side == Side::Sell { Direction::Rises } else { Direction::Falls };
        let at = beyond(price, side, 1);
        let kind =
            if expires == Time::NEVER && self.random.permille(300) { OrderKind::Market } else { OrderKind::Limit };
        let waits = NewOrder {
            kind,
            time_in_force: if kind == OrderKind::Market { TimeInForce::ImmediateOrCancel } else { TimeInForce::Rest },
            trigger: Some(Trigger { direction, price: at }),
            expires,
            ..self.one_lot(side.opposite(), beyond(at, side, 3))
        };
        self.clear(&[makes, takes]);
        self.trade_at(makes, takes, side, price);
        self.send(makes, vec![Command::Place(waits); count as usize]);
        let rests = if self.random.permille(500) { 1 } else { self.random.between(1, 60) };
        self.send(takes, vec![Command::Place(self.one_lot(side, at)); rests as usize]);
        if expires != Time::NEVER {
            self.now += 2;
        }
        self.send(makes, vec![Command::Place(self.one_lot(side.opposite(), at))]);
    }

    /// Triggers whose orders meet their own account, and each other.
    fn own_cascade(&mut self, makes: AccountId, takes: AccountId) {
        let (side, price) = self.side_and_price();
        self.clear(&[makes, takes]);
        self.trade_at(makes, takes, side, price);
        let mut commands = Vec::new();
        for step in 1..=12 {
            let direction =
                if self.random.permille(700) == (side == Side::Sell) { Direction::Rises } else { Direction::Falls };
            let away = beyond(price, if direction == Direction::Rises { Side::Sell } else { Side::Buy }, step);
            let takes_from = if self.random.permille(700) { side } else { side.opposite() };
            let mut order = self.one_lot(takes_from.opposite(), beyond(away, takes_from, 2));
            order.trigger = Some(Trigger { direction, price: away });
            order.self_trade =
                *self.random.pick(&[SelfTrade::Decrement, SelfTrade::CancelOldest, SelfTrade::CancelBoth]);
            commands.push(Command::Place(order));
            commands.push(Command::Place(self.one_lot(side, beyond(price, side, step))));
        }
        let others = commands.iter().filter(|_| self.random.permille(400)).cloned().collect();
        self.send(makes, commands);
        self.send(takes, others);
        self.send(takes, vec![Command::Place(self.one_lot(side.opposite(), beyond(price, side, 2))); 3]);
    }

    /// As many orders as one command may trade with, or one more, and a taker for all of them.
    fn many_trades(&mut self, makes: AccountId, takes: AccountId, count: u64) {
        let (side, price) = self.side_and_price();
        self.clear(&[makes, takes]);
        let mut rest = count as usize;
        if self.random.permille(500) {
            let iceberg = NewOrder { lots: lots(9), display: lots(2), ..self.one_lot(side, price) };
            self.send(makes, vec![Command::Place(iceberg)]);
            rest -= 5;
        }
        for _ in 0..rest.div_ceil(MESSAGE) {
            let part = rest.min(MESSAGE);
            self.send(makes, vec![Command::Place(self.one_lot(side, price)); part]);
            rest -= part;
        }
        let mut taker = NewOrder { lots: lots(count + self.random.below(6)), ..self.one_lot(side.opposite(), price) };
        if self.random.permille(500) {
            taker.time_in_force = TimeInForce::FillOrKill;
        }
        self.send(takes, vec![Command::Place(taker), Command::Place(taker)]);
    }

    /// The trades are used up when triggers become due.
    fn many_trades_and_a_cascade(&mut self, makes: AccountId, takes: AccountId) {
        let (side, price) = self.side_and_price();
        let direction = if side == Side::Sell { Direction::Rises } else { Direction::Falls };
        let at = beyond(price, side, 1);
        self.clear(&[makes, takes]);
        self.trade_at(makes, takes, side, price);
        let order = self.one_lot(side.opposite(), beyond(at, side, 2));
        let waits = NewOrder { lots: lots(20), trigger: Some(Trigger { direction, price: at }), ..order };
        self.send(makes, vec![Command::Place(waits); 3]);
        for _ in 0..4 {
            self.send(makes, vec![Command::Place(self.one_lot(side, at)); MESSAGE]);
        }
        let count = self.random.between(990, 1_030);
        self.send(takes, vec![Command::Place(self.one_lot(side, at)); 40]);
        let third = account_of(1);
        self.queue_deposit(third);
        self.send(third, vec![Command::Place(NewOrder { lots: lots(count), ..self.one_lot(side.opposite(), at) })]);
    }

    fn side_and_price(&mut self) -> (Side, Price) {
        (self.some_side(), Price::saturating(self.random.between(90, 110)))
    }

    fn one_lot(&self, side: Side, price: Price) -> NewOrder {
        let arena = MarketId::new(outside::ARENA).expect("few markets");
        NewOrder::limit(arena, side, price, lots(1))
    }

    /// Frees these accounts of what holds them back, and the arena of their orders.
    fn clear(&mut self, accounts: &[AccountId]) {
        for account in accounts {
            let commands = vec![
                Command::KillSwitch { stop: false },
                Command::CancelAll(CancelFilter::ALL),
                Command::DeadMan(Time::NEVER),
            ];
            self.send(*account, commands);
        }
    }

    /// Makes the market trade at this price, unless others are in the way.
    fn trade_at(&mut self, makes: AccountId, takes: AccountId, side: Side, price: Price) {
        let sweep = NewOrder {
            time_in_force: TimeInForce::ImmediateOrCancel,
            lots: lots(500),
            ..self.one_lot(side.opposite(), price)
        };
        self.send(takes, vec![Command::Place(sweep)]);
        self.send(makes, vec![Command::Place(self.one_lot(side, price))]);
        self.send(takes, vec![Command::Place(self.one_lot(side.opposite(), price))]);
    }

    /// A buyer would have to slide below the lowest price.
    fn slide_to_nothing(&mut self, makes: AccountId, takes: AccountId) {
        let market = MarketId::new(outside::CHEAP).expect("few markets");
        let sell = NewOrder::limit(market, Side::Sell, Price::MIN, lots(1));
        let buy = NewOrder { side: Side::Buy, post_only: PostOnly::Slide, ..sell };
        self.clear(&[makes, takes]);
        self.send(makes, vec![Command::Place(NewOrder { lots: lots(300), ..sell }), Command::Place(sell)]);
        self.send(takes, vec![Command::Place(buy), Command::Place(NewOrder { price: Price::saturating(2), ..buy })]);
    }

    /// A market comes and goes, with orders left in it.
    fn delisting(&mut self, makes: AccountId, takes: AccountId) {
        let Some(market) =
            (outside::MARKETS..60).rev().filter_map(MarketId::new).find(|new| !self.model.markets.contains(new))
        else {
            return self.own_in_the_way(takes, 3);
        };
        let state = MarketState::Delisting;
        self.clear(&[makes, takes]);
        let listing = self.param(outside::new_market(market));
        self.queue.push_back((time(self.now), listing));
        let order = NewOrder::limit(market, Side::Buy, Price::saturating(99), lots(2));
        let waits = NewOrder {
            side: Side::Sell,
            trigger: Some(Trigger { direction: Direction::Falls, price: order.price }),
            ..order
        };
        self.send(makes, vec![Command::Place(order), Command::Place(order), Command::Place(waits)]);
        let delisted = self.param(ParamChange::SetMarketState { market, state });
        self.queue.push_back((time(self.now), delisted));
        let id = |side, rank| OrderId { market, side, price: order.price, rank: Rank::new(rank) };
        let ids = vec![id(Side::Buy, 1), id(Side::Sell, 3), id(Side::Buy, 4)];
        self.send(takes, vec![Command::Sweep(ids.clone()), Command::Sweep(ids), Command::Place(order)]);
    }

    fn queue_deposit(&mut self, account: AccountId) {
        let owner = super::super::owner_of(account.get());
        for asset in [0, 1] {
            let asset = AssetId::new(asset).expect("few assets");
            let amount = Amount::new(200_000).expect("a small amount");
            let entry = InboxEntry::Deposit { owner, account: None, asset, amount };
            let now = time(self.now);
            self.queue.push_back((now, Input::Inbox { index: NEXT, time: now, entry }));
        }
    }

    fn send(&mut self, account: AccountId, commands: Vec<Command>) {
        let input = self.owner_message(account, commands);
        self.queue.push_back((time(self.now), input));
    }
}

/// So many ticks further from the other side of the book.
fn beyond(price: Price, side: Side, ticks: u64) -> Price {
    Price::saturating(match side {
        Side::Sell => price.get() + ticks,
        Side::Buy => price.get().saturating_sub(ticks),
    })
}

fn lots(number: u64) -> Lots {
    Lots::new(number).expect("few lots")
}
