//! Triggers stand in the order in which they fire.

use ashlar_book::{BookConfig, PendingTrigger, TriggerBook, Triggers};
use ashlar_types::{Direction, Lots, Price, Rank};

fn trigger(direction: Direction, price: u64, rank: u64) -> PendingTrigger {
    PendingTrigger {
        direction,
        trigger: Price::new(price).unwrap(),
        rank: Rank::new(rank),
        lots: Lots::new(rank).unwrap(),
        ..PendingTrigger::default()
    }
}

#[test]
fn the_first_to_fire_is_first_and_equal_ones_by_rank() {
    let mut book = TriggerBook::new(BookConfig { orders_max: 8, touched: 4, hash_key: 1 });
    for (price, rank) in [(90, 1), (95, 2), (95, 3), (1, 4)] {
        book.insert(&trigger(Direction::Falls, price, rank));
        book.insert(&trigger(Direction::Rises, price, rank + 10));
    }
    assert!(book.is_full());
    let mut order = |direction| {
        let mut ranks = Vec::new();
        while let Some(at) = book.first(direction) {
            ranks.push(book.get(at).rank.get());
            book.remove(at);
        }
        ranks
    };
    assert_eq!(order(Direction::Falls), [2, 3, 1, 4]);
    assert_eq!(order(Direction::Rises), [14, 11, 12, 13]);
    assert!(book.is_empty());
}

#[test]
fn one_is_found_by_its_rank_and_can_be_made_smaller() {
    let mut book = TriggerBook::new(BookConfig { orders_max: 8, touched: 0, hash_key: 1 });
    book.insert(&trigger(Direction::Rises, 100, 1));
    let later = book.insert(&trigger(Direction::Rises, 100, 7));
    let first = book.first(Direction::Rises).unwrap();
    assert_eq!(book.after(first), Some(later));
    assert_eq!(book.find(Rank::new(7)), Some(later));
    assert_eq!(book.find(Rank::new(8)), None);
    book.set_lots(later, Lots::new(3).unwrap());
    assert_eq!(book.get(later).lots, Lots::new(3).unwrap());
    book.remove(later);
    assert_eq!(book.find(Rank::new(7)), None);
}
