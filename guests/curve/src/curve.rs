//! The curve of session keys.

use core::marker::PhantomData;

use ashlar_types::sign::Curve;
use sha2::{Digest, Sha256};

use crate::number::{Modulus, Number, from_bytes, is_below, to_bytes};
use crate::{Affine, Circuits, Sum};

/// The curve over a zkVM's circuits. What would take long to compute and is quick to check comes from hints.
#[derive(Debug)]
pub struct HintedCurve<'a, C> {
    hints: &'a [u64],
    circuits: PhantomData<C>,
}

impl<'a, C: Circuits> HintedCurve<'a, C> {
    /// Over hints, each a number, in the order in which they are needed.
    pub fn new(hints: &'a [u64]) -> HintedCurve<'a, C> {
        HintedCurve { hints, circuits: PhantomData }
    }

    /// Whether every hint was used. None can do harm; one too many shows that the host counted wrong.
    pub fn is_spent(&self) -> bool {
        self.hints.is_empty()
    }

    pub(crate) fn hint(&mut self) -> Option<Number> {
        let (number, rest) = self.hints.split_first_chunk()?;
        self.hints = rest;
        Some(*number)
    }
}

impl<C: Circuits> Curve for HintedCurve<'_, C> {
    type Scalar = Number;
    type Point = Affine;
    type Sum = Sum;

    fn sha256(&mut self, prefix: &[u8; 64], parts: &[&[u8]]) -> [u8; 32] {
        let mut sha = Sha256::new_with_prefix(prefix);
        parts.iter().for_each(|part| sha.update(part));
        sha.finalize().into()
    }

    fn scalar(&self, bytes: &[u8; 32]) -> Option<Number> {
        let scalar = from_bytes(bytes);
        is_below(&scalar, &Modulus::ORDER.value).then_some(scalar)
    }

    fn scalar_reduced(&self, bytes: &[u8; 32]) -> Number {
        Modulus::ORDER.reduce(&from_bytes(bytes))
    }

    fn scalar_bytes(&self, scalar: &Number) -> [u8; 32] {
        to_bytes(scalar)
    }

    fn multiply_add(&self, a: &Number, b: &Number, c: &Number) -> Number {
        C::multiply_add(a, b, c, &Modulus::ORDER)
    }

    fn negate(&self, a: &Number) -> Number {
        Modulus::ORDER.negate(a)
    }

    fn lift_x(&mut self, x: &[u8; 32]) -> Option<Affine> {
        let y = self.hint()?;
        let is_even = y[0] & 1 == 0;
        Affine::new::<C>(from_bytes(x), y).filter(|_| is_even)
    }

    fn generator(&self) -> Affine {
        Affine::GENERATOR
    }

    fn add(&self, sum: &mut Sum, point: &Affine) {
        sum.add::<C>(point);
    }

    fn subtract(&self, sum: &mut Sum, point: &Affine) {
        sum.add::<C>(&point.negated());
    }

    fn add_sum(&self, sum: &mut Sum, other: &Sum) {
        if other.is_finite {
            sum.add::<C>(&other.point);
        }
    }

    fn double(&self, sum: &mut Sum) {
        sum.double::<C>();
    }

    fn is_infinity(&self, sum: &Sum) -> bool {
        !sum.is_finite
    }
}
