//! The ladder and an ordered map, given the same commands, tell the same and hold the same.

mod support;

use ashlar_book::{
    At, Book, BookConfig, Budget, Ended, Look, Orders, Resting, Taker, best_live, can_fill, cross, reduce,
};
use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, SelfTrade, Side, Time};

use support::floor::TestFloor;
use support::naive::Naive;
use support::random::Random;

/// How a market of a test behaves.
#[derive(Clone, Copy, Debug)]
struct Shape {
    seed: u64,
    /// How far from the middle prices go.
    span: u64,
    /// The middle at first.
    middle: u64,
    /// Commands between jumps of the middle.
    jump_every: u64,
    orders_max: u32,
    accounts: u64,
    /// One in this many orders is an iceberg, expires, or is a leg of a pair.
    special: u64,
    /// Of a hundred commands, how many place an order; most others cancel one.
    places: u64,
    steps: u64,
}

const PLAIN: Shape = Shape {
    seed: 1,
    span: 40,
    middle: 1 << 40,
    jump_every: 2_000,
    orders_max: 4_096,
    accounts: 5,
    special: 4,
    places: 55,
    steps: 20_000,
};

struct Twins {
    ladder: TestFloor<Book>,
    naive: TestFloor<Naive>,
    random: Random,
    shape: Shape,
    middle: u64,
    ids: Vec<u64>,
    refused: u64,
}

impl Twins {
    fn new(shape: Shape) -> Twins {
        let config = BookConfig { orders_max: shape.orders_max, touched: 0, hash_key: shape.seed };
        Twins {
            ladder: TestFloor::new(Book::new(config)),
            naive: TestFloor::new(Naive::default()),
            random: Random(shape.seed),
            shape,
            middle: shape.middle,
            ids: Vec::new(),
            refused: 0,
        }
    }

    fn price(&mut self) -> Price {
        let offset = self.random.below(2 * self.shape.span + 1);
        Price::saturating(self.middle.saturating_add(offset).saturating_sub(self.shape.span))
    }

    fn order(&mut self, rank: u64) -> Resting {
        let special = self.random.once_in(self.shape.special);
        let mut lots = || Lots::new(1 + self.random.below(60)).unwrap();
        let (visible, hidden, display) =
            if special { (lots(), lots(), lots()) } else { (lots(), Lots::ZERO, Lots::ZERO) };
        let price = self.price();
        let pick = self.random.below(1 << 20);
        Resting {
            account: AccountId::new(self.random.below(self.shape.accounts) as u32).unwrap(),
            side: Side::from_bit(self.random.next()),
            price,
            rank: Rank::new(rank),
            id_rank: Rank::new(rank),
            visible,
            hidden,
            display,
            expires: if special && pick & 1 == 0 { Time::new(rank + 900).unwrap() } else { Time::NEVER },
            client: ClientId(if pick & 2 == 0 { 0 } else { pick }),
            self_trade: [SelfTrade::CancelNewest, SelfTrade::CancelOldest, SelfTrade::CancelBoth, SelfTrade::Decrement]
                [(pick >> 2) as usize % 4],
            post_only: [PostOnly::No, PostOnly::Reject, PostOnly::Slide][(pick >> 4) as usize % 3],
            paired: special && pick & 12 == 12,
        }
    }

    fn place(&mut self) {
        let rank = self.naive.next_rank;
        (self.naive.next_rank, self.ladder.next_rank) = (rank + 1, rank + 1);
        let order = self.order(rank);
        let taker = Taker {
            account: order.account,
            side: order.side,
            limit: order.price,
            left: order.lots(),
            self_trade: order.self_trade,
        };
        let skip = self.ids.get(self.random.below(64) as usize).copied().map(Rank::new);
        let skips = (skip.and_then(|id| self.ladder.store.find(id)), skip.and_then(|id| self.naive.store.find(id)));
        let looks: (Look, Look) = (
            best_live(&mut self.ladder, order.side.opposite(), skips.0),
            best_live(&mut self.naive, order.side.opposite(), skips.1),
        );
        assert_eq!(looks.0, looks.1);
        assert_eq!(can_fill(&mut self.ladder, &taker, skips.0), can_fill(&mut self.naive, &taker, skips.1));
        let budget =
            if self.random.once_in(8) { Budget { matches: 3, drops: 1, self_trades: 1 } } else { Budget::COMMAND };
        let mut one = (taker, budget);
        let mut two = (taker, budget);
        let ended = cross(&mut self.ladder, &mut one.0, &mut one.1);
        assert_eq!(ended, cross(&mut self.naive, &mut two.0, &mut two.1));
        assert_eq!(one, two);
        assert_eq!(self.ladder.told, self.naive.told);
        self.ladder.told.clear();
        self.naive.told.clear();
        if ended == Ended::NoMore && !self.random.once_in(6) {
            self.rest(&order, one.0.left);
        }
    }

    fn rest(&mut self, order: &Resting, left: Lots) {
        if self.ladder.store.is_full() {
            self.refused += 1;
            return;
        }
        let visible = if order.display.is_zero() { left } else { order.display.min(left) };
        let order = Resting { visible, hidden: left.saturating_sub(visible), ..*order };
        let at = self.ladder.store.insert(&order);
        self.naive.store.insert(&order);
        assert_eq!(self.ladder.store.get(at), order);
        self.ids.push(order.id_rank.get());
    }

    fn pick(&mut self) -> Option<(Rank, At, u64)> {
        let index = self.random.below(self.ids.len() as u64) as usize;
        let id = Rank::new(*self.ids.get(index)?);
        let (one, two) = (self.ladder.store.find(id), self.naive.store.find(id));
        assert_eq!(one.is_some(), two.is_some());
        let found = (id, one?, two?);
        assert_eq!(self.ladder.get(found.1), self.naive.get(found.2));
        Some(found)
    }

    fn cancel(&mut self) {
        let Some((id, one, two)) = self.pick() else { return };
        let next = (self.ladder.remove_then_after(one), self.naive.remove_then_after(two));
        assert_eq!(next.0.map(|at| self.ladder.get(at)), next.1.map(|at| self.naive.get(at)));
        assert_eq!(self.ladder.store.find(id), None);
    }

    fn shrink(&mut self) {
        let Some((_, one, two)) = self.pick() else { return };
        let order = self.naive.get(two);
        let by = Lots::new(1 + self.random.below(30)).unwrap();
        if let Some((visible, hidden)) = reduce(order.visible, order.hidden, by) {
            self.ladder.set_lots(one, visible, hidden);
            self.naive.set_lots(two, visible, hidden);
        }
    }

    fn check(&mut self) {
        assert_eq!(self.ladder.store.len() as usize, self.naive.store.orders.len());
        for side in [Side::Buy, Side::Sell] {
            let (mut one, mut two) = (self.ladder.best(side), self.naive.best(side));
            assert_eq!(self.ladder.best_price(side), self.naive.best_price(side));
            let mut levels = std::collections::BTreeMap::<u64, (u64, u32)>::new();
            while let (Some(a), Some(b)) = (one, two) {
                let order = self.naive.get(b);
                assert_eq!(self.ladder.get(a), order);
                let level = levels.entry(side.normalise(order.price)).or_default();
                *level = (level.0 + order.visible.get(), level.1 + 1);
                (one, two) = (self.ladder.after(a), self.naive.after(b));
            }
            assert_eq!(one.is_some(), two.is_some());
            let shown = self.ladder.store.levels(side).map(|l| (side.normalise(l.price), (l.visible.get(), l.orders)));
            assert!(shown.eq(levels));
        }
    }

    fn run(mut self) -> Twins {
        for step in 0..self.shape.steps {
            if self.random.once_in(self.shape.jump_every) {
                let jump = self.random.below(6 * self.shape.span + 1);
                self.middle = (self.middle + jump).saturating_sub(3 * self.shape.span).clamp(1, (1 << 47) - 2);
            }
            let now = Time::new(self.naive.next_rank).unwrap();
            (self.ladder.now, self.naive.now) = (now, now);
            match self.random.below(100) {
                n if n < self.shape.places => self.place(),
                n if n % 8 == 0 => self.shrink(),
                _ => self.cancel(),
            }
            if self.ids.len() > 4 * self.shape.orders_max as usize {
                self.ids.drain(..self.ids.len() / 2);
            }
            if step % 997 == 0 || step < 50 {
                self.check();
            }
        }
        self.check();
        self
    }
}

#[test]
fn near_the_market() {
    for seed in 1..=6 {
        Twins::new(Shape { seed, ..PLAIN }).run();
    }
}

#[test]
fn over_wide_swings_and_far_levels() {
    for (seed, span) in [(11, 1_000), (12, 30_000), (13, 65_536), (14, 1 << 18), (15, 1 << 24), (16, 1 << 40)] {
        Twins::new(Shape { seed, span, jump_every: 300, ..PLAIN }).run();
    }
}

#[test]
fn at_the_ends_of_the_range_of_prices() {
    for (seed, middle, span) in [(21, 1, 50), (22, (1 << 47) - 2, 50), (23, 1, 200_000), (24, (1 << 47) - 2, 200_000)] {
        Twins::new(Shape { seed, middle, span, ..PLAIN }).run();
    }
}

#[test]
fn with_a_full_slab() {
    for (seed, orders_max) in [(31, 0), (32, 1), (33, 40), (34, 300)] {
        let twins = Twins::new(Shape { seed, orders_max, span: 500, ..PLAIN }).run();
        assert!(twins.refused > 0, "the slab was never full");
    }
}

#[test]
fn while_the_index_grows() {
    let shape = Shape { seed: 41, span: 1 << 20, orders_max: 1 << 20, special: 50, places: 90, steps: 60_000, ..PLAIN };
    let twins = Twins::new(shape).run();
    assert!(twins.ladder.store.len() > 2_000, "the index had no need to grow: {}", twins.ladder.store.len());
}
