//! Correcting words of which some symbols are wrong and nobody says which: the repair of damaged archives.
//!
//! 1. Up to `(n - k) / 2` wrong symbols are corrected, and the word that is found is the only one so near.
//! 2. Beyond that the answer is that there is none, or, if the errors happen to lead near another word, that other word:
//!    what is restored is therefore hashed again, as always.
//! 3. It is plain arithmetic, quadratic in the length. A row that has its proof is never in doubt and never comes here.

use alloc::vec;
use alloc::vec::Vec;

use crate::field::Gf16;

/// A polynomial, the constant first, without zeros at the end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Polynomial(Vec<Gf16>);

impl Polynomial {
    fn new(mut coefficients: Vec<Gf16>) -> Polynomial {
        while coefficients.last() == Some(&Gf16::ZERO) {
            coefficients.pop();
        }
        Polynomial(coefficients)
    }

    /// Coefficients: one more than the degree, and none of zero.
    fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, point: Gf16) -> Gf16 {
        self.0.iter().rev().fold(Gf16::ZERO, |sum, coefficient| sum * point + *coefficient)
    }

    /// `self + factor * x^shift * other`.
    fn plus(mut self, factor: Gf16, shift: usize, other: &Polynomial) -> Polynomial {
        if self.len() < other.len() + shift {
            self.0.resize(other.len() + shift, Gf16::ZERO);
        }
        for (to, from) in self.0.iter_mut().skip(shift).zip(&other.0) {
            *to += factor * *from;
        }
        Polynomial::new(self.0)
    }

    fn times(&self, other: &Polynomial) -> Polynomial {
        let mut product = Polynomial::default();
        for (shift, factor) in self.0.iter().enumerate() {
            product = product.plus(*factor, shift, other);
        }
        product
    }

    /// Quotient and remainder; of zero as divisor, zero and the dividend.
    fn divide(self, divisor: &Polynomial) -> (Polynomial, Polynomial) {
        let Some(lead) = divisor.0.last().map(|lead| lead.inverse()) else { return (Polynomial::default(), self) };
        let mut quotient = vec![Gf16::ZERO; (self.len() + 1).saturating_sub(divisor.len())];
        let mut rest = self;
        while let (Some(top), Some(shift)) = (rest.0.last().copied(), rest.len().checked_sub(divisor.len())) {
            let factor = top * lead;
            if let Some(slot) = quotient.get_mut(shift) {
                *slot = factor;
            }
            rest = rest.plus(factor, shift, divisor);
        }
        (Polynomial::new(quotient), rest)
    }
}

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
    word: Polynomial,
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
