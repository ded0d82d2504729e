//! The levels of one side of a book, and what identifies its best ones.

use std::collections::BTreeMap;

use ashlar_types::{Lots, Price, Side};

use crate::limits::{BOOK_LEVELS_MAX, CHECKSUM_LEVELS};

/// One side, by price, with what everybody can see.
#[derive(Debug)]
pub struct BookSide {
    side: Side,
    /// By normalised price, so that the best level comes first.
    levels: BTreeMap<u64, u64>,
}

impl BookSide {
    /// An empty one.
    pub fn new(side: Side) -> BookSide {
        BookSide { side, levels: BTreeMap::new() }
    }

    /// Changes what is visible at a price. A sum above all numbers cannot be: the exchange bounds it.
    pub fn change(&mut self, price: Price, before: Lots, after: Lots) {
        if before == after {
            return;
        }
        let key = self.side.normalise(price);
        let level = self.levels.entry(key).or_default();
        *level = level.saturating_add(after.get()).saturating_sub(before.get());
        if *level == 0 {
            self.levels.remove(&key);
        }
    }

    /// The best levels, best first.
    pub fn best(&self, levels: usize) -> impl Iterator<Item = (Price, u64)> {
        self.levels.iter().take(levels).map(|(normal, lots)| (self.side.denormalise(*normal), *lots))
    }
}

/// The best levels of both sides, as they were shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Depth {
    /// Buyers, best first.
    pub bids: Vec<(Price, u64)>,
    /// Sellers, best first.
    pub asks: Vec<(Price, u64)>,
}

impl Depth {
    /// Of these two sides, as many levels as are ever shown.
    pub fn of(sides: &[BookSide; 2]) -> Depth {
        let [bids, asks] = sides;
        Depth { bids: bids.best(BOOK_LEVELS_MAX).collect(), asks: asks.best(BOOK_LEVELS_MAX).collect() }
    }

    /// What has to be said to someone who knows `old`: buyers' levels, then sellers'; zero lots for those that are gone.
    pub fn changes_since(&self, old: &Depth) -> [Vec<(Price, u64)>; 2] {
        [
            changed(&old.bids, &self.bids, |a, b| Side::Buy.normalise(a) < Side::Buy.normalise(b)),
            changed(&old.asks, &self.asks, |a, b| a < b),
        ]
    }

    /// See [`checksum`].
    pub fn checksum(&self) -> u32 {
        let plain = |(price, lots): &(Price, u64)| (price.get(), *lots);
        checksum(self.bids.iter().map(plain), self.asks.iter().map(plain))
    }
}

/// Both lists are in the order of `before`, so one walk finds every difference.
fn changed(old: &[(Price, u64)], new: &[(Price, u64)], before: fn(Price, Price) -> bool) -> Vec<(Price, u64)> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some((was, _)), Some((is, _))) if was == is => {
                if old.next() != new.peek().copied() {
                    changes.extend(new.peek().copied());
                }
                new.next();
            }
            (Some((was, _)), Some((is, _))) if before(*was, *is) => {
                changes.push((*was, 0));
                old.next();
            }
            (Some((was, _)), None) => {
                changes.push((*was, 0));
                old.next();
            }
            (_, Some(level)) => {
                changes.push(**level);
                new.next();
            }
        }
    }
}

/// CRC-32 over the text `price:lots;` of the best buyer, the best seller, the next buyer, the next seller and so on, 25 levels of
/// each side; a level that is not there leaves no text.
pub fn checksum(bids: impl Iterator<Item = (u64, u64)>, asks: impl Iterator<Item = (u64, u64)>) -> u32 {
    let (mut bids, mut asks) = (bids.take(CHECKSUM_LEVELS), asks.take(CHECKSUM_LEVELS));
    let mut crc = Crc::default();
    loop {
        let pair = [bids.next(), asks.next()];
        if pair.iter().all(Option::is_none) {
            return crc.finish();
        }
        for (price, lots) in pair.into_iter().flatten() {
            crc.number(price);
            crc.byte(b':');
            crc.number(lots);
            crc.byte(b';');
        }
    }
}

/// CRC-32 as zlib and Ethernet have it, without text being put together for it.
struct Crc(u32);

impl Default for Crc {
    fn default() -> Crc {
        Crc(u32::MAX)
    }
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
};

impl Crc {
    fn byte(&mut self, byte: u8) {
        self.0 = CRC_TABLE[usize::from(self.0 as u8 ^ byte)] ^ self.0 >> 8;
    }

    fn number(&mut self, number: u64) {
        let mut power = 1;
        while number / power >= 10 {
            power *= 10;
        }
        while power > 0 {
            self.byte(b'0' + (number / power % 10) as u8);
            power /= 10;
        }
    }

    const fn finish(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(ticks: u64) -> Price {
        Price::new(ticks).expect("a price")
    }

    #[test]
    fn the_checksum_is_zlibs_over_the_documented_text() {
        let mut crc = Crc::default();
        "123456789".bytes().for_each(|byte| crc.byte(byte));
        assert_eq!(crc.finish(), 0xCBF4_3926, "the check value of CRC-32");
        let mut text = Crc::default();
        "100:5;101:7;99:0;".bytes().for_each(|byte| text.byte(byte));
        assert_eq!(checksum([(100, 5), (99, 0)].into_iter(), [(101, 7)].into_iter()), text.finish());
        assert_eq!(checksum([].into_iter(), [].into_iter()), 0);
    }

    #[test]
    fn changes_lead_from_the_old_levels_to_the_new_ones() {
        let levels = |list: &[(u64, u64)]| list.iter().map(|(ticks, lots)| (price(*ticks), *lots)).collect();
        let old = Depth { bids: levels(&[(10, 1), (9, 2), (7, 3)]), asks: levels(&[(11, 1), (13, 1)]) };
        let new = Depth { bids: levels(&[(9, 5), (8, 1), (7, 3)]), asks: levels(&[(11, 1), (12, 4)]) };
        let [bids, asks] = new.changes_since(&old);
        assert_eq!(bids, levels(&[(10, 0), (9, 5), (8, 1)]) as Vec<_>);
        assert_eq!(asks, levels(&[(12, 4), (13, 0)]) as Vec<_>);
        assert!(new.changes_since(&new).iter().all(Vec::is_empty));
    }
}
