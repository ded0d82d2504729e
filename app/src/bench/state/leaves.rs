//! Leaves shaped like those of an exchange, and batches that change them.

use ashlar_harness::flow::Random;
use ashlar_state::{Change, Key, Value};

const ACCOUNTS: u64 = 200_000;
const MARKETS: u64 = 100;

/// Half of the leaves are orders in books, the rest balances, counts and other facts of accounts.
fn key(random: &mut Random) -> Key {
    let account = random.below(ACCOUNTS);
    match random.below(8) {
        0..4 => {
            let (market, side, price) = (random.below(MARKETS), random.below(2), 20_000 + random.below(2_000));
            Key::new([0x80 << 56, market << 48 | side << 47 | price, random.below(1 << 22)])
        }
        4 | 5 => Key::new([0x0B << 56, account, random.below(6)]),
        6 => Key::new([0x0C << 56, account, random.below(MARKETS)]),
        _ => Key::new([0x0D << 56, account, random.bits()]),
    }
}

fn value(random: &mut Random) -> Value {
    let words: [u64; 5] = std::array::from_fn(|_| random.bits());
    Value::new(&words[..2 + random.below(4) as usize]).expect("two to five words")
}

/// Fills up with what `next` gives until there are so many changes of different keys, and sorts them.
fn distinct(wanted: usize, mut next: impl FnMut() -> Change) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::with_capacity(wanted);
    while changes.len() < wanted {
        changes.extend((changes.len()..wanted).map(|_| next()));
        changes.sort_by_key(|(key, _)| *key);
        changes.dedup_by_key(|(key, _)| *key);
    }
    changes
}

/// So many leaves, as changes of an empty map.
pub fn leaves(wanted: usize, random: &mut Random) -> Vec<Change> {
    distinct(wanted, || (key(random), Some(value(random))))
}

/// Of ten changes six write a leaf that was there, two write elsewhere, and two remove.
pub fn batch(wanted: usize, known: &[Key], random: &mut Random) -> Vec<Change> {
    distinct(wanted, || {
        let old = *random.pick(known);
        match random.below(10) {
            0..6 => (old, Some(value(random))),
            6 | 7 => (key(random), Some(value(random))),
            _ => (old, None),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ascends_and_is_as_long_as_it_should_be() {
        let mut random = Random::new(1);
        let known: Vec<Key> = leaves(1_000, &mut random).into_iter().map(|(key, _)| key).collect();
        let batch = batch(500, &known, &mut random);
        assert_eq!((known.len(), batch.len()), (1_000, 500));
        assert!(batch.array_windows().all(|[(a, _), (b, _)]| a < b));
        assert!((50..150).contains(&batch.iter().filter(|(_, value)| value.is_none()).count()));
    }
}
