//! A flow that looks like a busy day.
//!
//! Markets of unequal size, accounts of unequal activity, makers who quote around a moving mid, takers, sweeps, stops,
//! cancels and replaces of orders that are there. Each market goes through calm, volatile and one-sided phases, and its
//! price wanders over a factor of sixteen. The flow keeps a list of live orders from the outputs it observes, so it
//! needs an engine beside it; [`super::record`] turns it into inputs that can be played again.

mod crowd;
mod live;
mod price;
mod shape;

use std::collections::VecDeque;

use ashlar_types::{
    AccountId, CancelFilter, ClientId, Command, Direction, Header, Input, KeySlot, Lots, MarketId, Message, NewOrder,
    OneCancelsOther, OrderId, OrderKind, PostOnly, Price, Quote, SelfTrade, Side, Signer, Time, TimeInForce, Trigger,
};

use super::{Flow, Random, Timed, account_of};
use crate::engine::{Genesis, Output};
use crowd::Crowd;
use live::{Live, Open};
use price::Wander;
pub use shape::{Shape, Shares};

/// When it begins.
const BEGINNING_MS: u64 = 1_700_000_000_000;
/// Quotes of a maker on each side of a market.
const QUOTES: u64 = 4;

/// The flow.
#[derive(Debug)]
pub struct Realistic {
    seed: u64,
    shape: Shape,
    random: Random,
    setup: VecDeque<Timed>,
    produced: u64,
    markets: Vec<Market>,
    market_crowd: Crowd,
    account_crowd: Crowd,
    nonces: Vec<u64>,
    live: Live,
}

/// What the flow knows of a market.
#[derive(Debug)]
struct Market {
    id: MarketId,
    wander: Wander,
}

impl Realistic {
    /// The flow of this shape.
    pub fn new(shape: Shape) -> Realistic {
        let mut random = Random::new(shape.seed);
        let (setup, _) = shape.venue(BEGINNING_MS).finish();
        let markets = (0..shape.markets).map(|number| Market {
            id: MarketId::new(number).expect("a shape keeps to markets that can be listed"),
            wander: Wander::new(shape.reference(number), &mut random),
        });
        Realistic {
            seed: shape.seed,
            markets: markets.collect(),
            market_crowd: Crowd::new(u64::from(shape.markets)),
            account_crowd: Crowd::new(u64::from(shape.accounts)),
            nonces: vec![0; shape.accounts as usize + 1],
            live: Live::new(shape.markets),
            setup: setup.into(),
            produced: 0,
            random,
            shape,
        }
    }

    /// The genesis it goes with.
    pub fn genesis(&self) -> Genesis {
        self.shape.venue(BEGINNING_MS).genesis()
    }

    /// How many inputs come before the first command of a trader: listings, deposits, keys.
    pub fn setup_len(&self) -> usize {
        self.setup.len()
    }

    fn command(&mut self) -> (AccountId, Command) {
        let market = self.market_crowd.one(&mut self.random) as usize;
        let wander = &mut self.markets[market].wander;
        wander.step(&mut self.random);
        let sweeps = wander.is_volatile() && self.random.permille(20);
        let id = self.markets[market].id;
        let crowded = self.live.count(id) > self.shape.depth as usize;
        let shares = if crowded { self.shape.shares.leaning_to_cancel() } else { self.shape.shares.weights() };
        if sweeps {
            return self.take(market, 40);
        }
        match self.random.weighted(&shares) {
            0 => self.place(market),
            1 => self.on_live(market, |_, id| Command::Cancel(id)),
            2 => self.on_live(market, Realistic::replace),
            3 => self.on_live(market, |flow, order| {
                let by = Lots::new(1 + flow.random.below(20)).expect("few lots");
                Command::Reduce { order, by }
            }),
            4 => self.take(market, 1),
            5 => self.quote(market),
            6 => self.stop(market),
            7 => self.pair(market),
            _ => {
                let filter = CancelFilter { market: Some(id), ..CancelFilter::ALL };
                (self.trader(), Command::CancelAll(filter))
            }
        }
    }

    fn trader(&mut self) -> AccountId {
        account_of(1 + self.account_crowd.one(&mut self.random) as u32)
    }

    /// The makers of a market are a few accounts of its own, far down the crowd.
    fn maker(&mut self, market: usize) -> AccountId {
        let accounts = u64::from(self.shape.accounts);
        let nth = self.random.below(4) + 4 * market as u64;
        account_of(1 + (accounts - 1 - nth % accounts) as u32)
    }

    /// Something about a live order of the market, by its owner: if it waits it can only be cancelled. Another order if
    /// there is none.
    fn on_live(
        &mut self,
        market: usize,
        what: impl FnOnce(&mut Realistic, OrderId) -> Command,
    ) -> (AccountId, Command) {
        match self.live.one(self.markets[market].id, &mut self.random) {
            Some(Open { account, id, waits: true }) => (account, Command::Cancel(id)),
            Some(Open { account, id, waits: false }) => (account, what(self, id)),
            None => self.place(market),
        }
    }

    fn replace(&mut self, order: OrderId) -> Command {
        let market = usize::from(order.market.get());
        let price = self.resting_price(market, order.side);
        Command::Replace { order, price, lots: self.size() }
    }

    fn place(&mut self, market: usize) -> (AccountId, Command) {
        let side = self.markets[market].wander.side(&mut self.random);
        let price = self.resting_price(market, side);
        let mut order = NewOrder::limit(self.markets[market].id, side, price, self.size());
        order.self_trade = SelfTrade::CancelOldest;
        order.client = ClientId(self.produced);
        if self.random.permille(150) {
            order.post_only = *self.random.pick(&[PostOnly::Reject, PostOnly::Slide]);
        }
        if self.random.permille(30) {
            order.display = Lots::new(order.lots.get().div_ceil(5)).expect("a fifth");
        }
        if self.random.permille(20) {
            let later = self.now_ms() + 1 + self.random.below(self.shape.lifetime_ms);
            order.expires = Time::new(later).expect("the day ends before time does");
        }
        (self.trader(), Command::Place(order))
    }

    /// Takes what is there, `deep` times as much as usual.
    fn take(&mut self, market: usize, deep: u64) -> (AccountId, Command) {
        let side = self.markets[market].wander.side(&mut self.random);
        let mid = self.markets[market].wander.mid();
        let reach = 1 + mid / 500 * deep.min(5);
        let limit = toward(mid, side, reach);
        let lots = Lots::new(self.size().get() * deep).expect("few lots");
        let mut order = NewOrder::limit(self.markets[market].id, side, limit, lots);
        order.self_trade = SelfTrade::CancelOldest;
        order.client = ClientId(self.produced);
        order.time_in_force = TimeInForce::ImmediateOrCancel;
        if self.random.permille(300) {
            order.kind = OrderKind::Market;
        } else if self.random.permille(40) {
            order.time_in_force = TimeInForce::FillOrKill;
        }
        (self.trader(), Command::Place(order))
    }

    /// A maker's quotes on both sides, in place of those it has.
    fn quote(&mut self, market: usize) -> (AccountId, Command) {
        let account = self.maker(market);
        let id = self.markets[market].id;
        let mid = self.markets[market].wander.mid();
        let mut old = self.live.of(id, account, 2 * QUOTES as usize).into_iter();
        let mut quotes = Vec::with_capacity(2 * QUOTES as usize);
        for level in 0..QUOTES {
            for side in [Side::Buy, Side::Sell] {
                let away = 1 + mid / 1_000 + level * (1 + mid / 2_000);
                let price = toward(mid, side.opposite(), away);
                let lots = Lots::new(self.size().get() * 4).expect("few lots");
                quotes.push(Quote { replaces: old.next(), side, price, lots, client: ClientId(self.produced) });
            }
        }
        (account, Command::MassQuote { market: id, quotes })
    }

    /// A stop or a take-profit order, market or limit.
    fn stop(&mut self, market: usize) -> (AccountId, Command) {
        let side = self.markets[market].wander.side(&mut self.random);
        let order = self.waiting(market, side);
        (self.trader(), Command::Place(order))
    }

    fn waiting(&mut self, market: usize, side: Side) -> NewOrder {
        let mid = self.markets[market].wander.mid();
        let away = 2 + self.random.below(2 + mid / 50);
        let stops = self.random.permille(700);
        let rises = (side == Side::Buy) == stops;
        let at = Price::saturating(if rises { mid + away } else { mid.saturating_sub(away) });
        let direction = if rises { Direction::Rises } else { Direction::Falls };
        let limit = toward(at.get(), side, 1 + mid / 200);
        let mut order = NewOrder::limit(self.markets[market].id, side, limit, self.size());
        order.self_trade = SelfTrade::CancelOldest;
        order.trigger = Some(Trigger { direction, price: at });
        order.client = ClientId(self.produced);
        if self.random.permille(400) {
            order.kind = OrderKind::Market;
            order.time_in_force = TimeInForce::ImmediateOrCancel;
        }
        order
    }

    fn pair(&mut self, market: usize) -> (AccountId, Command) {
        let side = self.markets[market].wander.side(&mut self.random);
        let mid = self.markets[market].wander.mid();
        let stop = self.waiting(market, side);
        let away = 1 + mid / 100;
        let price = toward(mid, side.opposite(), away);
        let limit = NewOrder {
            self_trade: SelfTrade::CancelOldest,
            client: stop.client,
            ..NewOrder::limit(stop.market, side, price, stop.lots)
        };
        (self.trader(), Command::OneCancelsOther(Box::new(OneCancelsOther { limit, stop })))
    }

    /// A price of the own side of the book: most are near the mid, a few cross it.
    fn resting_price(&mut self, market: usize, side: Side) -> Price {
        let mid = self.markets[market].wander.mid();
        let step = 1 + mid / 5_000;
        let away = self.random.halving(12) * step + self.random.below(step);
        if self.random.permille(60) { toward(mid, side, away / 2) } else { toward(mid, side.opposite(), away) }
    }

    /// Most orders are small.
    fn size(&mut self) -> Lots {
        let scale = 1 << self.random.halving(8);
        Lots::new(self.random.between(1, 5 * scale)).expect("few lots")
    }

    fn now_ms(&self) -> u64 {
        BEGINNING_MS + self.produced / self.shape.per_ms
    }
}

impl Flow for Realistic {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn produce(&mut self) -> Timed {
        if let Some(setup) = self.setup.pop_front() {
            return setup;
        }
        self.produced += 1;
        let time = Time::new(self.now_ms()).expect("the day ends before time does");
        let (account, command) = self.command();
        let nonce = &mut self.nonces[account.get() as usize];
        *nonce += 1;
        let signer = Signer::Session { slot: KeySlot::default(), epoch: 1 };
        let header = Header { account, signer, nonce: *nonce, not_after: Time::NEVER };
        (time, Input::Message(Message { header, commands: vec![command] }))
    }

    fn observe(&mut self, output: &Output) {
        if let Output::Event(ashlar_types::Event::Trade(trade)) = output {
            self.markets[usize::from(trade.maker.market.get())].wander.traded(trade.price);
        }
        self.live.observe(output);
    }
}

/// A price this far from another, in the direction in which this side accepts more.
fn toward(price: u64, side: Side, by: u64) -> Price {
    Price::saturating(match side {
        Side::Buy => price + by,
        Side::Sell => price.saturating_sub(by),
    })
}
