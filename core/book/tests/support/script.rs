//! Scripts for the rules of matching: one line for each thing done, one line for each thing told.
//!
//! ```text
//! now 10                                   the time
//! rest a1 sell 100 x5 hide 10 show 5       an order rests; also: dies 20, pair. The first has rank 1, the next 2, ...
//! take a2 buy 101 x8 oldest                an order arrives; newest, both, decrement; also: budget 3 1 1
//! best sell / fill a2 buy 101 x8 oldest    the two looks; also: skip 1, the order of that rank
//! ```

use ashlar_book::{Book, BookConfig, Budget, Floor, Orders, Resting, Taker, best_live, can_fill, cross};
use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, SelfTrade, Side, Time};

use super::floor::{TestFloor, Told};

/// A line taken apart: its words, and the number after a word.
struct Line<'a>(Vec<&'a str>);

impl Line<'_> {
    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn after(&self, word: &str, ahead: usize) -> Option<u64> {
        let at = self.0.iter().position(|w| *w == word)?;
        self.0.get(at + ahead)?.parse().ok()
    }

    fn number(&self, word: &str) -> Option<u64> {
        self.after(word, 1)
    }

    fn side(&self) -> Side {
        if self.has("buy") { Side::Buy } else { Side::Sell }
    }

    /// The number after a letter, as in `a1` and `x5`.
    fn lettered(&self, letter: char) -> u64 {
        let find = |word: &&str| word.strip_prefix(letter).and_then(|rest| rest.parse().ok());
        self.0.iter().find_map(find).unwrap_or_else(|| panic!("no {letter} in {:?}", self.0))
    }

    fn taker(&self) -> Taker {
        let side = self.side();
        let limit = self.number(if side == Side::Buy { "buy" } else { "sell" }).expect("a limit");
        let self_trade = if self.has("oldest") {
            SelfTrade::CancelOldest
        } else if self.has("both") {
            SelfTrade::CancelBoth
        } else if self.has("decrement") {
            SelfTrade::Decrement
        } else {
            SelfTrade::CancelNewest
        };
        let account = AccountId::new(self.lettered('a') as u32).unwrap();
        Taker { account, side, limit: Price::new(limit).unwrap(), left: lots(self.lettered('x')), self_trade }
    }
}

fn lots(n: u64) -> Lots {
    Lots::new(n).unwrap()
}

fn say(told: &Told) -> String {
    match told {
        Told::Traded(maker, lots) => format!("trade {} x{} at {}", maker.id_rank.get(), lots.get(), maker.price.get()),
        Told::Removed(order, reason) => {
            format!("removed {} x{} {reason:?}", order.id_rank.get(), order.lots().get())
        }
        Told::Shrunk(by) => format!("taker loses x{}", by.get()),
        Told::Decremented(order, by) => format!("order {} loses x{}", order.id_rank.get(), by.get()),
        Told::Refilled(order) => format!(
            "refilled {} as {} shows x{} hides x{}",
            order.id_rank.get(),
            order.rank.get(),
            order.visible.get(),
            order.hidden.get()
        ),
    }
}

fn rest(floor: &mut TestFloor<Book>, line: &Line) {
    let Taker { account, side, limit, left, self_trade } = line.taker();
    let rank = floor.next_rank();
    floor.store.insert(&Resting {
        account,
        side,
        price: limit,
        rank,
        id_rank: rank,
        visible: left,
        hidden: lots(line.number("hide").unwrap_or(0)),
        display: lots(line.number("show").unwrap_or(0)),
        expires: line.number("dies").map_or(Time::NEVER, |t| Time::new(t).unwrap()),
        client: ClientId(0),
        self_trade,
        post_only: PostOnly::No,
        paired: line.has("pair"),
    });
}

fn take(floor: &mut TestFloor<Book>, line: &Line) -> Vec<String> {
    let mut taker = line.taker();
    let mut budget = Budget::COMMAND;
    if line.has("budget") {
        let part = |ahead| line.after("budget", ahead).expect("three numbers") as u32;
        budget = Budget { matches: part(1), drops: part(2), self_trades: part(3) };
    }
    let ended = cross(floor, &mut taker, &mut budget);
    let mut said: Vec<String> = floor.told.drain(..).map(|told| say(&told)).collect();
    said.push(format!("{ended:?} x{}", taker.left.get()));
    said
}

fn book(floor: &mut TestFloor<Book>) -> String {
    let mut said = Vec::new();
    for side in [Side::Buy, Side::Sell] {
        let mut next = floor.best(side);
        while let Some(at) = next {
            let o = floor.get(at);
            said.push(format!("{}:{}+{}", o.id_rank.get(), o.visible.get(), o.hidden.get()));
            next = floor.after(at);
        }
    }
    format!("book {}", said.join(" ")).trim_end().to_string()
}

/// Runs a script and compares what is said, line by line.
#[track_caller]
pub fn check(script: &str, expected: &str) {
    let config = BookConfig { orders_max: 4_096, touched: 0, hash_key: 3 };
    let mut floor = TestFloor::new(Book::new(config));
    let mut said = Vec::new();
    for text in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = Line(text.split_whitespace().collect());
        let skip = line.number("skip").and_then(|rank| floor.store.find(Rank::new(rank)));
        match line.0[0] {
            "now" => floor.now = Time::new(line.number("now").unwrap()).unwrap(),
            "deadman" => {
                let account = AccountId::new(line.lettered('a') as u32).unwrap();
                floor.dead_men.insert(account, Time::new(line.number("at").unwrap()).unwrap());
            }
            "rest" => (0..line.number("times").unwrap_or(1)).for_each(|_| rest(&mut floor, &line)),
            "take" => said.extend(take(&mut floor, &line)),
            "best" => said.push(format!("{:?}", best_live(&mut floor, line.side(), skip))),
            "fill" => said.push(format!("{}", can_fill(&mut floor, &line.taker(), skip))),
            "book" => said.push(book(&mut floor)),
            other => panic!("no such line: {other}"),
        }
    }
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(said, expected, "after\n{script}");
}
