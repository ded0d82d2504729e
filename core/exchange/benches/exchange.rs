//! What one command costs the live engine, by its kind and by how many accounts there are.
//!
//! Accounts take turns and so do markets, so that no command finds warm what it needs. The books keep their depth: each kind
//! undoes over time what it does. Times are per command, in a closed loop; they say nothing about latency under load.

use ashlar_exchange::{Exchange, HotConfig, HotStore, Line, Output};
use ashlar_harness::flow::{Shape, account_of};
use ashlar_types::{
    Command, Event, Header, Input, KeySlot, Lots, MarketId, Message, NewOrder, OrderId, Price, Receipt, Side, Signer,
    Time, TimeInForce,
};
use criterion::{BenchmarkId, Criterion, Throughput};

const BEGINNING_MS: u64 = 1_700_000_000_000;
const MARKETS: u16 = 16;
/// Steps from price to price over a side of a book.
const WIDTH: u64 = 400;
/// Orders that rest before the clock runs.
const DEPTH: usize = 20_000;

/// Keeps the newest receipt.
#[derive(Default)]
struct Last(Option<Receipt>);

impl Output for Last {
    fn event(&mut self, event: &Event) {
        std::hint::black_box(event);
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.0 = Some(*receipt);
    }
}

/// One command.
type Step = fn(&mut Bench);

struct Bench {
    exchange: Exchange<HotStore>,
    /// The message that is sent, made over for each command so that none is allocated.
    input: Input,
    shape: Shape,
    nonces: Vec<u64>,
    resting: std::collections::VecDeque<(u32, OrderId)>,
    turn: u64,
    /// Commands that traded.
    filled: u64,
}

impl Bench {
    /// An exchange with funded accounts and books of some depth.
    fn new(accounts: u32) -> Bench {
        let shape = Shape::mixed(1, MARKETS, accounts);
        let venue = shape.venue(BEGINNING_MS);
        let balances = accounts as usize * 5;
        let mut store =
            HotStore::new(HotConfig { accounts: accounts as usize + 1, balances, counts: balances, hash_key: 1 });
        venue.genesis().write(&mut store);
        let mut exchange = Exchange::new(store);
        let mut lines: Vec<Line> = Vec::new();
        for (time, input) in venue.finish().0 {
            exchange.apply(time, &input, &mut lines);
            lines.clear();
        }
        let nonces = vec![0; accounts as usize + 1];
        let header = Header { account: account_of(0), signer: Signer::Owner, nonce: 0, not_after: Time::NEVER };
        let input = Input::Message(Message { header, commands: vec![Command::OpenSubAccount] });
        let mut bench = Bench { exchange, input, shape, nonces, resting: Default::default(), turn: 0, filled: 0 };
        for _ in 0..DEPTH {
            bench.place();
        }
        bench
    }

    fn send(&mut self, account: u32, command: Command) -> Option<OrderId> {
        let nonce = &mut self.nonces[account as usize];
        *nonce += 1;
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
        let header = Header { account: account_of(account), signer, nonce: *nonce, not_after: Time::NEVER };
        let mut last = Last::default();
        if let Input::Message(message) = &mut self.input {
            message.header = header;
            message.commands[0] = command;
        }
        let time = Time::new(BEGINNING_MS).expect("a time");
        self.exchange.apply(time, &self.input, &mut last);
        let receipt = last.0?;
        self.filled += u64::from(!receipt.filled.is_zero());
        receipt.order
    }

    /// Who is next, where, and a price a little away from the middle.
    fn next(&mut self) -> (u32, MarketId, Side, Price) {
        self.turn += 1;
        let mixed = self.turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let account = 1 + (mixed % u64::from(self.shape.accounts)) as u32;
        let number = (self.turn % u64::from(MARKETS)) as u16;
        let market = MarketId::new(number).expect("it is listed");
        let (side, away) = (Side::from_bit(mixed >> 32), 1 + (mixed >> 8) % WIDTH);
        let middle = self.shape.reference(number).get();
        let ticks = if side == Side::Buy { middle - away } else { middle + away };
        (account, market, side, Price::saturating(ticks))
    }

    fn place(&mut self) {
        let (account, market, side, price) = self.next();
        let order = NewOrder::limit(market, side, price, Lots::new(4).expect("lots"));
        if let Some(id) = self.send(account, Command::Place(order)) {
            self.resting.push_back((account, id));
        }
    }

    fn cancel(&mut self) {
        if let Some((account, id)) = self.resting.pop_front() {
            self.send(account, Command::Cancel(id));
        }
    }

    fn replace(&mut self) {
        if let Some((account, order)) = self.resting.pop_front() {
            let ticks = if self.turn.is_multiple_of(2) { order.price.get() + 1 } else { order.price.get() - 1 };
            let middle = self.shape.reference(order.market.get()).get();
            let price = Price::saturating(if ticks == middle { order.price.get() } else { ticks });
            self.turn += 1;
            let placed = self.send(account, Command::Replace { order, price, lots: Lots::new(4).expect("lots") });
            self.resting.extend(placed.map(|id| (account, id)));
        }
    }

    /// Takes what is best, one order whole.
    fn take(&mut self) {
        let (account, market, side, _) = self.next();
        let middle = self.shape.reference(market.get()).get();
        let ticks = if side == Side::Buy { middle + WIDTH } else { middle - WIDTH };
        let order = NewOrder {
            time_in_force: TimeInForce::ImmediateOrCancel,
            ..NewOrder::limit(market, side, Price::saturating(ticks), Lots::new(4).expect("lots"))
        };
        self.send(account, Command::Place(order));
    }
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exchange/apply");
    group.throughput(Throughput::Elements(1));
    for accounts in [1_000, 100_000] {
        let mut bench = Bench::new(accounts);
        let id = |kind| BenchmarkId::from_parameter(format!("kind={kind},accounts={accounts}"));
        let kinds: [(&str, Step, Step); 4] = [
            ("place", Bench::place, Bench::cancel),
            ("cancel", Bench::cancel, Bench::place),
            ("replace", Bench::replace, |_| {}),
            ("match", Bench::take, Bench::place),
        ];
        for (kind, measured, undo) in kinds {
            group.bench_function(id(kind), |bencher| {
                bencher.iter_custom(|iterations| {
                    let mut spent = std::time::Duration::ZERO;
                    // A stretch of one kind, then as many of what undoes it, with the clock stopped.
                    let mut left = iterations;
                    while left > 0 {
                        let stretch = left.min(DEPTH as u64 / 4);
                        let begin = std::time::Instant::now();
                        (0..stretch).for_each(|_| measured(&mut bench));
                        spent += begin.elapsed();
                        (0..stretch).for_each(|_| undo(&mut bench));
                        left -= stretch;
                    }
                    assert_eq!(bench.filled > 0, kind == "match", "only what is to trade trades");
                    spent
                });
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2))
        .configure_from_args();
    apply(&mut criterion);
    criterion.final_summary();
}
