//! A real morning, message by message: ten levels of each side must be those of the exchange after every one.
//!
//! - What stood in the book before the sample has no messages. It is one nameless order for each price that the first row
//!   shows, in front of everything that comes later; what is cancelled or executed by an id never seen is taken off it.
//! - The sample tells nothing about a price while ten better ones hide it. Deeper than the last row is out of sight: when
//!   a row shows such a price, what is there is learned from it, and everything in sight must follow from the messages.
//! - Executions come as what rested and lost. Each is replayed as an order of the other side that takes as much, so the
//!   matcher has to choose the same order as the exchange did.
//! - Hidden orders are not in the book: their executions change nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ashlar_benchmark_engine::{Cancel, Engine, Kind, NewOrder, Record};
use ashlar_book::{BookConfig, Orders};
use ashlar_types::{Lots, Price, Rank, Side};

/// Ids of nameless orders start here; the sample's are far below.
const NAMELESS: u64 = 1 << 60;
const LEVELS: usize = 10;

struct Message {
    kind: u8,
    id: u64,
    size: u32,
    price: i64,
    side: Side,
}

struct Replay {
    engine: Engine<Vec<Record>>,
    /// The nameless order of a price.
    nameless: BTreeMap<(Side, i64), u64>,
    /// The deepest price of each side that the last row showed, normalised.
    horizon: [u64; 2],
    next: u64,
    /// Executions, and those in which the exchange's choice could be compared with ours.
    executions: usize,
    compared: usize,
}

fn numbers(line: &str) -> Vec<i64> {
    line.trim().split(',').map(|field| field.parse::<f64>().expect("a number") as i64).collect()
}

fn message(line: &str) -> Message {
    let fields = numbers(line);
    let side = if fields[5] == 1 { Side::Buy } else { Side::Sell };
    Message { kind: fields[1] as u8, id: fields[2] as u64, size: fields[3] as u32, price: fields[4], side }
}

/// The levels of a side in a row: price and size, best first.
fn levels(row: &[i64], side: Side) -> Vec<(i64, u64)> {
    let from = if side == Side::Sell { 0 } else { 2 };
    row[from..].chunks(4).take(LEVELS).map(|level| (level[0], level[1] as u64)).collect()
}

fn normal(side: Side, price: i64) -> u64 {
    side.normalise(Price::new(price as u64).expect("a price"))
}

impl Replay {
    fn add(&mut self, id: u64, side: Side, price: i64, quantity: u32, immediate: bool) {
        self.next += 1;
        self.engine.new_order(&NewOrder {
            order_id: id,
            sequence: self.next,
            price,
            quantity,
            side: side as u8,
            immediate: immediate as u8,
            reserved: [0; 2],
        });
    }

    fn add_nameless(&mut self, side: Side, price: i64, quantity: u32) {
        let id = NAMELESS + self.next;
        self.nameless.insert((side, price), id);
        self.add(id, side, price, quantity, false);
    }

    /// The id under which an order is in our book, if its price is in sight.
    fn id(&self, message: &Message) -> Option<u64> {
        let known = |id: &u64| self.engine.book().find(Rank::new(*id)).is_some();
        let nameless = self.nameless.get(&(message.side, message.price)).copied();
        Some(message.id).filter(known).or(nameless.filter(known))
    }

    fn shrink(&mut self, id: u64, by: u32) {
        let book = self.engine.book_mut();
        let at = book.find(Rank::new(id)).expect("an order to shrink");
        let order = book.get(at);
        let left = order.visible.saturating_sub(Lots::new(by as u64).unwrap());
        if left.is_zero() {
            self.engine.cancel(&Cancel { order_id: id, sequence: 0 });
        } else {
            book.set_lots(at, left, Lots::ZERO);
        }
    }

    fn execute(&mut self, message: &Message) {
        self.executions += 1;
        let wanted = self.id(message);
        self.engine.reports.clear();
        self.add(u64::MAX - self.next, message.side.opposite(), message.price, message.size, true);
        let trades: Vec<_> = self.engine.reports.iter().filter(|r| r.head as u8 == Kind::Traded as u8).collect();
        assert_eq!(trades.len(), 1, "one resting order trades");
        assert_eq!(trades[0].head >> 32, message.size as u64);
        assert_eq!(Some(trades[0].order_id), wanted, "the order that the exchange chose");
        self.compared += 1;
    }

    fn take(&mut self, message: &Message) {
        match message.kind {
            1 => self.add(message.id, message.side, message.price, message.size, false),
            2 | 3 => match self.id(message) {
                Some(id) => self.shrink(id, message.size),
                None => assert!(
                    normal(message.side, message.price) > self.horizon[message.side.index()],
                    "order {} at {} should be known",
                    message.id,
                    message.price
                ),
            },
            4 => self.execute(message),
            _ => {}
        }
    }

    /// Learns what a row shows that was out of sight.
    fn look(&mut self, side: Side, row: &[(i64, u64)]) {
        let sight = self.horizon[side.index()];
        let deepest = row.iter().map(|&(price, _)| normal(side, price)).max().unwrap_or(sight);
        let levels: Vec<_> = self.engine.book().levels(side).map(|level| level.price.get() as i64).collect();
        let gone = |price: &i64| {
            let n = normal(side, *price);
            n > sight && n <= deepest && !row.iter().any(|level| level.0 == *price)
        };
        for price in levels.into_iter().filter(gone) {
            self.clear(side, price);
        }
        for &(price, size) in row.iter().filter(|level| normal(side, level.0) > sight) {
            if self.engine.depth(side, price) > size {
                self.clear(side, price);
            }
            let unseen = size - self.engine.depth(side, price);
            if unseen > 0 {
                self.add_nameless(side, price, unseen as u32);
            }
        }
        self.horizon[side.index()] = deepest;
    }

    /// Empties a price.
    fn clear(&mut self, side: Side, price: i64) {
        let size = self.engine.depth(side, price);
        let book = self.engine.book_mut();
        let mut next = book.best(side);
        while let Some(at) = next {
            next = book.after(at);
            if book.get(at).price.get() as i64 == price {
                book.remove(at);
            }
        }
        assert!(size > 0 && self.engine.depth(side, price) == 0);
    }

    fn shown(&self, side: Side) -> Vec<(i64, u64)> {
        let levels = self.engine.book().levels(side).take(LEVELS);
        levels.map(|level| (level.price.get() as i64, level.visible.get())).collect()
    }
}

/// Replays the sample in a folder.
pub fn replay(folder: &Path) {
    let stem = "AAPL_2012-06-21_34200000_57600000";
    let read = |kind: &str| fs::read_to_string(folder.join(format!("{stem}_{kind}_10.csv"))).expect("the sample");
    let (messages, rows) = (read("message"), read("orderbook"));
    let mut replay = Replay {
        engine: Engine::new(BookConfig::keyed(1), Vec::new()),
        nameless: BTreeMap::new(),
        horizon: [0; 2],
        next: 0,
        executions: 0,
        compared: 0,
    };
    for (index, (line, row)) in messages.lines().zip(rows.lines()).enumerate() {
        replay.take(&message(line));
        let row = numbers(row);
        for side in [Side::Buy, Side::Sell] {
            let wanted = levels(&row, side);
            replay.look(side, &wanted);
            assert_eq!(replay.shown(side), wanted, "{side:?} after message {index}");
        }
    }
    assert!(replay.executions > 0 && replay.compared == replay.executions);
}
