//! Which rows are present: asked for the last one before a row.

use alloc::vec;
use alloc::vec::Vec;

/// A set of row numbers: a bit for each, and a bit for each word that is not zero.
pub(super) struct PresentRows {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl PresentRows {
    pub(super) fn new(rows: u32) -> Self {
        let words = rows as usize / 64 + 1;
        Self { words: vec![0; words], summary: vec![0; words / 64 + 1] }
    }

    pub(super) fn insert(&mut self, row: u32) {
        let (word, summary) = (row as usize / 64, row as usize / 4096);
        if let (Some(bits), Some(words)) = (self.words.get_mut(word), self.summary.get_mut(summary)) {
            *bits |= 1 << (row % 64);
            *words |= 1 << (word % 64);
        }
    }

    pub(super) fn remove(&mut self, row: u32) {
        let (word, summary) = (row as usize / 64, row as usize / 4096);
        if let (Some(bits), Some(words)) = (self.words.get_mut(word), self.summary.get_mut(summary)) {
            *bits &= !(1 << (row % 64));
            if *bits == 0 {
                *words &= !(1 << (word % 64));
            }
        }
    }

    /// The greatest member below `row`.
    pub(super) fn before(&self, row: u32) -> Option<u32> {
        let row = row as usize;
        let last = |bits: u64| 63 - bits.leading_zeros() as usize;
        let in_word = self.words.get(row / 64)? & below(row % 64);
        if in_word != 0 {
            return Some((row / 64 * 64 + last(in_word)) as u32);
        }
        let in_summary = self.summary.get(row / 4096)? & below(row / 64 % 64);
        let (summary, bits) = if in_summary != 0 {
            (row / 4096, in_summary)
        } else {
            let earlier = self.summary.get(..row / 4096)?;
            let summary = earlier.iter().rposition(|words| *words != 0)?;
            (summary, *earlier.get(summary)?)
        };
        let word = summary * 64 + last(bits);
        Some((word * 64 + last(*self.words.get(word)?)) as u32)
    }
}

fn below(bit: usize) -> u64 {
    (1 << bit) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_before_is_found_across_words_and_summaries() {
        let rows = 20_000;
        let members = [0, 63, 64, 4_095, 4_096, 9_000, 19_999];
        let mut present = PresentRows::new(rows);
        members.iter().for_each(|row| present.insert(*row));
        for row in 0..rows {
            assert_eq!(present.before(row), members.iter().rev().find(|member| **member < row).copied());
        }
        members[1..6].iter().for_each(|row| present.remove(*row));
        assert_eq!((present.before(19_999), present.before(20_000)), (Some(0), Some(19_999)));
        present.remove(0);
        assert_eq!(present.before(19_999), None);
    }
}
