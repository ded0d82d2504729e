//! Polynomials over the field of symbols.

use alloc::vec;
use alloc::vec::Vec;

use crate::field::Gf16;

/// A polynomial, the constant first, without zeros at the end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Polynomial(pub(crate) Vec<Gf16>);

impl Polynomial {
    pub(crate) fn new(mut coefficients: Vec<Gf16>) -> Polynomial {
        while coefficients.last() == Some(&Gf16::ZERO) {
            coefficients.pop();
        }
        Polynomial(coefficients)
    }

    /// Coefficients: one more than the degree, and none of zero.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn at(&self, point: Gf16) -> Gf16 {
        self.0.iter().rev().fold(Gf16::ZERO, |sum, coefficient| sum * point + *coefficient)
    }

    /// `self + factor * x^shift * other`.
    pub(crate) fn plus(mut self, factor: Gf16, shift: usize, other: &Polynomial) -> Polynomial {
        if self.len() < other.len() + shift {
            self.0.resize(other.len() + shift, Gf16::ZERO);
        }
        for (to, from) in self.0.iter_mut().skip(shift).zip(&other.0) {
            *to += factor * *from;
        }
        Polynomial::new(self.0)
    }

    pub(crate) fn times(&self, other: &Polynomial) -> Polynomial {
        let mut product = Polynomial::default();
        for (shift, factor) in self.0.iter().enumerate() {
            product = product.plus(*factor, shift, other);
        }
        product
    }

    /// Quotient and remainder; of zero as divisor, zero and the dividend.
    pub(crate) fn divide(self, divisor: &Polynomial) -> (Polynomial, Polynomial) {
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
