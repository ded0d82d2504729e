//! Rows that keep an eye on what execution does to them.
//!
//! 1. Whatever is written to balances and to the totals owed is added up per asset, as differences: their sums over a batch are the
//!    differences between its last state and its first (U-8).
//! 2. The row asked for last is remembered, so that a session key's point is read where the exchange looked it up.

use alloc::vec::Vec;

use ashlar_state::{Fault, Key, Row, Rows};
use ashlar_types::AssetId;

use crate::error::GuestError;

/// Kinds of leaves (SPEC K-5).
const ASSET: u64 = 0x02;
const BALANCE: u64 = 0x0B;
/// The word of an asset's leaf with the total owed.
const TOTAL: usize = 4;

/// By how much an asset's sums changed.
#[derive(Clone, Copy, Default, Debug)]
struct Change {
    balances: i128,
    total: i128,
}

/// Rows, watched.
#[derive(Debug)]
pub(crate) struct Watched<R> {
    rows: R,
    last: Row,
    /// By asset number, up to the greatest that changed.
    changes: Vec<Change>,
}

impl<R: Rows> Watched<R> {
    pub(crate) fn new(rows: R) -> Watched<R> {
        Watched { rows, last: Row::NOWHERE, changes: Vec::new() }
    }

    pub(crate) fn into_inner(self) -> R {
        self.rows
    }

    /// The words of the row that was asked for last.
    pub(crate) fn last_words(&self) -> &[u64] {
        self.rows.words(self.last)
    }

    /// U-8: for every asset the balances changed by what the total owed changed.
    pub(crate) fn check_conservation(&self) -> Result<(), GuestError> {
        for (number, change) in (0u16..).zip(&self.changes) {
            if change.balances != change.total {
                let asset = AssetId::new(number).unwrap_or_default();
                return Err(GuestError::Conservation { asset, expected: change.total, got: change.balances });
            }
        }
        Ok(())
    }

    /// Lets a row change, and adds up by how much.
    #[inline(always)]
    fn watch(&mut self, row: Row, change: impl FnOnce(&mut R)) {
        let key = self.rows.key(row);
        let [kind, one, two] = *key.words();
        let (asset, sum): (u64, fn(&[u64]) -> i128) = match kind >> 56 {
            BALANCE => (two, |words| words.iter().map(|word| i128::from(*word)).sum()),
            ASSET => (one, |words| words.get(TOTAL).copied().map_or(0, i128::from)),
            _ => return change(&mut self.rows),
        };
        let before = sum(self.rows.words(row));
        change(&mut self.rows);
        let difference = sum(self.rows.words(row)) - before;
        let Some(asset) = u16::try_from(asset).ok().and_then(AssetId::new) else { return };
        let index = usize::from(asset.get());
        if self.changes.len() <= index {
            self.changes.resize(index + 1, Change::default());
        }
        if let Some(change) = self.changes.get_mut(index) {
            // A difference is below 2^65 and a batch makes fewer than 2^60 of them.
            let sum = if kind >> 56 == BALANCE { &mut change.balances } else { &mut change.total };
            *sum = sum.wrapping_add(difference);
        }
    }
}

impl<R: Rows> Rows for Watched<R> {
    #[inline]
    fn row(&mut self, key: &Key) -> Row {
        self.last = self.rows.row(key);
        self.last
    }

    #[inline]
    fn key(&self, row: Row) -> Key {
        self.rows.key(row)
    }

    #[inline]
    fn is_present(&self, row: Row) -> bool {
        self.rows.is_present(row)
    }

    #[inline]
    fn words(&self, row: Row) -> &[u64] {
        self.rows.words(row)
    }

    #[inline]
    fn write(&mut self, row: Row, words: &[u64]) {
        self.watch(row, |rows| rows.write(row, words));
    }

    #[inline]
    fn erase(&mut self, row: Row) {
        self.watch(row, |rows| rows.erase(row));
    }

    #[inline]
    fn after(&mut self, row: Row) -> Row {
        self.rows.after(row)
    }

    #[inline]
    fn fault(&self) -> Option<Fault> {
        self.rows.fault()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// Just enough of rows: one leaf per key, numbered as they are asked for.
    #[derive(Default)]
    struct Leaves(Vec<Key>, BTreeMap<Key, Vec<u64>>);

    impl Rows for Leaves {
        fn row(&mut self, key: &Key) -> Row {
            self.0.push(*key);
            Row::NOWHERE
        }
        fn key(&self, _: Row) -> Key {
            self.0.last().copied().unwrap_or(Key::MAX)
        }
        fn is_present(&self, _: Row) -> bool {
            false
        }
        fn words(&self, row: Row) -> &[u64] {
            self.1.get(&self.key(row)).map_or(&[], Vec::as_slice)
        }
        fn write(&mut self, row: Row, words: &[u64]) {
            self.1.insert(self.key(row), words.to_vec());
        }
        fn erase(&mut self, row: Row) {
            self.1.remove(&self.key(row));
        }
        fn after(&mut self, row: Row) -> Row {
            row
        }
        fn fault(&self) -> Option<Fault> {
            None
        }
    }

    fn write(rows: &mut Watched<Leaves>, key: [u64; 3], words: &[u64]) {
        let row = rows.row(&Key::new(key));
        if words.is_empty() { rows.erase(row) } else { rows.write(row, words) }
    }

    #[test]
    fn what_is_not_conserved_is_found() {
        let (asset, balance) = (|a| [ASSET << 56, a, 0], |who, a| [BALANCE << 56, who, a]);
        let mut rows = Watched::new(Leaves::default());
        write(&mut rows, asset(3), &[0, 0, 0, 0, 70]);
        write(&mut rows, balance(1, 3), &[60, 10]);
        write(&mut rows, balance(1, 3), &[10, 10]);
        write(&mut rows, balance(2, 3), &[u64::MAX, 50]);
        write(&mut rows, balance(2, 3), &[0, 50]);
        assert_eq!(rows.check_conservation(), Ok(()));
        write(&mut rows, balance(1, 3), &[]);
        let asset = AssetId::new(3).unwrap();
        assert_eq!(rows.check_conservation(), Err(GuestError::Conservation { asset, expected: 70, got: 50 }));
    }
}
