//! Correcting words of which some symbols are wrong and nobody says which: the repair of damaged archives.
//!
//! 1. Up to `(n - k) / 2` wrong symbols are corrected, and the word that is found is the only one so near.
//! 2. Beyond that the answer is that there is none, or, if the errors happen to lead near another word, that other word:
//!    what is restored is therefore hashed again, as always.
//! 3. It is plain arithmetic, quadratic in the length. A row that has its proof is never in doubt and never comes here.

use alloc::vec;
use alloc::vec::Vec;

use crate::field::Gf16;
use crate::polynomial::Polynomial;

/// A symbol at a point, right or wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Where: each point once.
    pub point: Gf16,
    /// What was read there.
    pub value: Gf16,
}

/// A word that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Corrected {
    pub(crate) word: Polynomial,
    /// The places in the list of symbols where something else was read.
    pub wrong: Vec<usize>,
}

impl Corrected {
    /// The symbol of the word at any point.
    pub fn at(&self, point: Gf16) -> Gf16 {
        self.word.at(point)
    }
}

/// The word of dimension `dimension` that differs from what was read in at most half of what there is too much (Gao, "A new
/// algorithm for decoding Reed-Solomon codes"); `None` if there is none so near.
///
/// Points that a layout says are absent are symbols too, of value zero.
pub fn correct(symbols: &[Symbol], dimension: usize) -> Option<Corrected> {
    let count = symbols.len();
    if dimension == 0 || count < dimension {
        return None;
    }
    let (all, read) = interpolate(symbols)?;
    // Euclid's algorithm, until the remainder is short enough to be the word times the locator of the errors.
    let (mut before, mut rest) = (all, read);
    let (mut locator_before, mut locator) = (Polynomial::default(), Polynomial::new(vec![Gf16::ONE]));
    while 2 * rest.len() > count + dimension + 1 {
        let (quotient, next) = before.divide(&rest);
        let next_locator = locator_before.plus(Gf16::ONE, 0, &quotient.times(&locator));
        (before, rest) = (rest, next);
        (locator_before, locator) = (locator, next_locator);
    }
    let (word, remainder) = rest.divide(&locator);
    if remainder.len() > 0 || word.len() > dimension {
        return None;
    }
    let wrong: Vec<usize> = symbols
        .iter()
        .enumerate()
        .filter(|(_, symbol)| word.at(symbol.point) != symbol.value)
        .map(|(i, _)| i)
        .collect();
    (2 * wrong.len() <= count - dimension).then_some(Corrected { word, wrong })
}

/// The polynomial that vanishes at all points, and the one through all symbols (Newton's form); `None` if a point is there
/// twice.
fn interpolate(symbols: &[Symbol]) -> Option<(Polynomial, Polynomial)> {
    let (mut all, mut read) = (Polynomial::new(vec![Gf16::ONE]), Polynomial::default());
    for symbol in symbols {
        let scale = all.at(symbol.point);
        if scale == Gf16::ZERO {
            return None;
        }
        let factor = (symbol.value - read.at(symbol.point)) * scale.inverse();
        read = read.plus(factor, 0, &all);
        all = all.times(&Polynomial::new(vec![symbol.point, Gf16::ONE]));
    }
    Some((all, read))
}
