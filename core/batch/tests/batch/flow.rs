//! A seeded flow of commands shaped like a busy venue's: makers who quote around a moving price, cancel most of what they
//! place, and name only orders that exist; takers; and a few of everything else.

use ashlar_batch::{Batch, Timed};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, CancelFilter, ClientId, Command, Direction, Header, InboxEntry, InboxIndex,
    Input, KeySlot, Lots, MarketId, Message, NewOrder, OrderId, OrderKind, PostOnly, Price, Quote, Rank, Sequence,
    Side, Signer, Time, TimeInForce, Trigger,
};

/// What kind of flow.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    pub seed: u64,
    pub accounts: u32,
    pub markets: u16,
    /// Commands of one message.
    pub bulk: usize,
    /// Commands in a millisecond.
    pub per_ms: u64,
}

impl Mix {
    /// A thousand accounts, each command signed for itself, ten thousand a second.
    pub const SINGLE: Mix = Mix { seed: 7, accounts: 1_000, markets: 20, bulk: 1, per_ms: 10 };
    /// A thousand accounts, 64 commands under a signature, a million a second.
    pub const BULK: Mix = Mix { bulk: 64, per_ms: 1_000, ..Mix::SINGLE };
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Small numbers often, large ones rarely: each doubling half as likely.
    fn skewed(&mut self, doublings: u32) -> u64 {
        let width = self.next().trailing_zeros().min(doublings);
        self.below(2 << width)
    }

    /// An index that favours the first ones.
    fn favourite(&mut self, count: u64) -> u64 {
        self.below(self.0 % count + 1).min(count - 1)
    }
}

struct Trader {
    header: Header,
    live: Vec<OrderId>,
    client: u64,
    clients: u64,
    validity: u64,
}

struct Market {
    id: MarketId,
    mid: u64,
    spread: u64,
    rank: u64,
    /// Sizes are mostly multiples of this.
    round: u64,
}

/// Makes batches that follow one another.
pub struct Flow {
    mix: Mix,
    random: Random,
    traders: Vec<Trader>,
    markets: Vec<Market>,
    sequence: u64,
    inbox: u64,
    micros: u64,
}

impl Flow {
    pub fn new(mix: Mix) -> Flow {
        let mut random = Random(mix.seed);
        let traders = (0..mix.accounts).map(|account| Trader {
            header: Header {
                account: AccountId::new(1 + account * 3).unwrap(),
                signer: Signer::Session { slot: KeySlot::new(0).unwrap(), epoch: 1 },
                nonce: random.below(1 << 20),
                not_after: Time::NEVER,
            },
            live: Vec::new(),
            client: random.below(1 << 32),
            clients: random.below(10),
            validity: [0, 5_000, 5_000, 10_000, 30_000][random.below(5) as usize],
        });
        let traders = traders.collect();
        let markets = (0..mix.markets).map(|id| Market {
            id: MarketId::new(1 + id).unwrap(),
            mid: 10_000 + random.below(1_000_000),
            spread: 2 + random.below(12),
            rank: random.below(1 << 30),
            round: [1, 1, 10, 100, 1_000][random.below(5) as usize],
        });
        let markets = markets.collect();
        Flow { mix, random, traders, markets, sequence: 1, inbox: 0, micros: 1_790_000_000_000_000 }
    }

    /// The next batch of at least so many commands.
    pub fn batch(&mut self, commands: usize) -> Batch {
        let first_sequence = Sequence::new(self.sequence);
        let mut inputs = Vec::new();
        let mut count = 0;
        while count < commands {
            let input = if self.random.below(2_000) == 0 { self.deposit() } else { self.message() };
            count += input.commands();
            self.micros += 1_000 * input.commands() as u64 / self.mix.per_ms;
            inputs.push(Timed { time: self.now(), input });
        }
        self.sequence += count as u64;
        Batch { first_sequence, inputs }
    }

    fn now(&self) -> Time {
        Time::new(self.micros / 1_000).unwrap()
    }

    fn deposit(&mut self) -> Input {
        self.inbox += 1;
        Input::Inbox {
            index: InboxIndex::new(self.inbox),
            time: Time::new(self.micros / 1_000 - 15_000).unwrap(),
            entry: InboxEntry::Deposit {
                owner: Address([self.random.next() as u8; 20]),
                account: None,
                asset: AssetId::new(1).unwrap(),
                amount: Amount::new(self.random.below(1 << 40)).unwrap(),
            },
        }
    }

    fn message(&mut self) -> Input {
        let who = self.random.favourite(self.traders.len() as u64) as usize;
        let commands = (0..self.mix.bulk).map(|_| self.command(who)).collect();
        let latency = 1 + self.random.skewed(5);
        let trader = &mut self.traders[who];
        trader.header.nonce += 1;
        let mut header = trader.header;
        if trader.validity > 0 {
            header.not_after = Time::new(self.micros / 1_000 + trader.validity - latency).unwrap();
        }
        if self.random.chance(2) {
            // Sent beside another one and arrived the other way round.
            header.nonce += 1;
        }
        Input::Message(Message { header, commands })
    }

    fn command(&mut self, who: usize) -> Command {
        let kind = self.random.below(1_000);
        let live = self.traders[who].live.len();
        match kind {
            0..=429 if live > 0 => Command::Cancel(self.take_live(who)),
            430..=509 if live > 0 => {
                let old = self.take_live(who);
                let (price, lots) = (self.price_near(old), self.lots(old.market));
                self.accept(who, old.market, old.side, price);
                Command::Replace { order: old, price, lots }
            }
            510..=529 if live > 0 => {
                let order = self.take_live(who);
                self.traders[who].live.push(order);
                Command::Reduce { order, by: self.lots(order.market) }
            }
            530..=549 if live > 0 => {
                let cancel = self.take_live(who);
                let price = self.price_near(cancel);
                Command::CancelPlace { cancel, place: self.order(who, cancel.market, cancel.side, price) }
            }
            550..=559 => self.mass_quote(who),
            560..=563 => Command::CancelAll(CancelFilter::ALL),
            564..=565 => Command::Withdraw { asset: AssetId::new(2).unwrap(), amount: Amount::new(1 << 30).unwrap() },
            566 => Command::DeadMan(Time::new(self.micros / 1_000 + 60_000).unwrap()),
            _ => self.place(who),
        }
    }

    fn take_live(&mut self, who: usize) -> OrderId {
        // What was placed last is cancelled first, more often than not.
        let live = &mut self.traders[who].live;
        let back = self.random.skewed(8) as usize % live.len();
        live.remove(live.len() - 1 - back)
    }

    fn market(&mut self) -> usize {
        self.random.favourite(self.markets.len() as u64) as usize
    }

    fn price_near(&mut self, old: OrderId) -> Price {
        let ticks = old.price.get() + self.random.skewed(6);
        Price::saturating(ticks - self.random.skewed(6).min(ticks))
    }

    fn lots(&mut self, market: MarketId) -> Lots {
        let round = self.markets[usize::from(market.get()) - 1].round;
        let count = if self.random.chance(40) { self.random.skewed(10) } else { self.random.below(1_000) };
        Lots::new(round * (1 + count)).unwrap()
    }

    fn accept(&mut self, who: usize, market: MarketId, side: Side, price: Price) {
        let state = &mut self.markets[usize::from(market.get()) - 1];
        state.rank += 1;
        let id = OrderId { market, side, price, rank: Rank::new(state.rank) };
        self.traders[who].live.push(id);
    }

    fn client(&mut self, who: usize) -> ClientId {
        let trader = &mut self.traders[who];
        trader.client += 1;
        match trader.clients {
            0 => ClientId(self.random.next()),
            1 | 2 => ClientId(0),
            _ => ClientId(trader.client),
        }
    }

    fn order(&mut self, who: usize, market: MarketId, side: Side, price: Price) -> NewOrder {
        let lots = self.lots(market);
        self.accept(who, market, side, price);
        NewOrder { client: self.client(who), ..NewOrder::limit(market, side, price, lots) }
    }

    fn place(&mut self, who: usize) -> Command {
        let index = self.market();
        let drift = self.random.below(3);
        let market = &mut self.markets[index];
        market.mid = market.mid + drift - 1;
        let (id, mid, spread) = (market.id, market.mid, market.spread);
        let side = Side::from_bit(self.random.next());
        let away = spread / 2 + self.random.skewed(7);
        let passive = if side == Side::Buy { mid - away } else { mid + away };
        let crossing = if side == Side::Buy { mid + spread } else { mid - spread };
        let mut order = self.order(who, id, side, Price::saturating(passive));
        match self.random.below(100) {
            0..=39 => order.post_only = PostOnly::Reject,
            40..=51 => {
                order.time_in_force = TimeInForce::ImmediateOrCancel;
                order.price = Price::saturating(crossing);
            }
            52..=54 => {
                order.kind = OrderKind::Market;
                order.time_in_force = TimeInForce::ImmediateOrCancel;
                order.price = if side == Side::Buy { Price::MAX } else { Price::MIN };
            }
            55..=56 => {
                let direction = if side == Side::Buy { Direction::Rises } else { Direction::Falls };
                order.trigger = Some(Trigger { direction, price: Price::saturating(mid + away) });
            }
            57..=58 => order.display = Lots::new(order.lots.get().div_ceil(4)).unwrap(),
            59..=61 => order.expires = Time::new(self.micros / 1_000 + 3_600_000).unwrap(),
            _ => {}
        }
        Command::Place(order)
    }

    fn mass_quote(&mut self, who: usize) -> Command {
        let index = self.market();
        let (market, mid) = (self.markets[index].id, self.markets[index].mid);
        let quotes = (0..8u64).map(|i| {
            let side = Side::from_bit(i);
            let price = Price::saturating(if side == Side::Buy { mid - 3 - i } else { mid + 3 + i });
            let here = self.traders[who].live.iter().position(|id| id.market == market);
            let replaces = here.map(|at| self.traders[who].live.remove(at));
            let lots = self.lots(market);
            self.accept(who, market, side, price);
            Quote { replaces, side, price, lots, client: self.client(who) }
        });
        Command::MassQuote { market, quotes: quotes.collect() }
    }
}

/// Bytes of the inputs in their own encoding, each with its time: what batch bytes are measured against.
pub fn plain_bytes(batch: &Batch) -> usize {
    batch.inputs.iter().map(|timed| 6 + ashlar_types::to_bytes(&timed.input).len()).sum()
}
