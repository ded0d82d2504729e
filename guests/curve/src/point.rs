//! Points, and sums of them.

use crate::number::{Modulus, Number, ONE, ZERO, is_below};
use crate::{Circuits, number};

/// A point of the curve, never the one at infinity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Affine {
    /// Below the field's prime.
    pub x: Number,
    /// Below the field's prime.
    pub y: Number,
}

/// The constant of the curve `y^2 = x^3 + 7`.
const SEVEN: Number = [7, 0, 0, 0];

impl Affine {
    /// The generator.
    pub const GENERATOR: Affine = Affine {
        x: [0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac],
        y: [0x9c47_d08f_fb10_d4b8, 0xfd17_b448_a685_5419, 0x5da4_fbfc_0e11_08a8, 0x483a_da77_26a3_c465],
    };

    /// The point of these coordinates, if they are those of one.
    pub(crate) fn new<C: Circuits>(x: Number, y: Number) -> Option<Affine> {
        let field = &Modulus::FIELD;
        if !is_below(&x, &field.value) || !is_below(&y, &field.value) {
            return None;
        }
        let square = C::multiply_add(&x, &x, &ZERO, field);
        let right = C::multiply_add(&square, &x, &SEVEN, field);
        (C::multiply_add(&y, &y, &ZERO, field) == right).then_some(Affine { x, y })
    }

    /// The point with the other y.
    pub(crate) fn negated(&self) -> Affine {
        // No point of this curve has y zero.
        Affine { x: self.x, y: number::minus(&Modulus::FIELD.value, &self.y) }
    }
}

/// A sum of points.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Of meaning only where the sum is finite.
    pub(crate) point: Affine,
    pub(crate) is_finite: bool,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { point: Affine { x: ZERO, y: ONE }, is_finite: false }
    }
}

impl Sum {
    #[inline]
    pub(crate) fn add<C: Circuits>(&mut self, other: &Affine) {
        if !self.is_finite {
            *self = Sum { point: *other, is_finite: true };
        } else if number::is_equal(&self.point.x, &other.x) {
            self.add_of_same_x::<C>(other);
        } else {
            C::add(&mut self.point, other);
        }
    }

    /// Equal or opposite points. Rare unless someone made them so.
    #[cold]
    #[inline(never)]
    fn add_of_same_x<C: Circuits>(&mut self, other: &Affine) {
        if self.point.y == other.y { C::double(&mut self.point) } else { self.is_finite = false }
    }

    #[inline]
    pub(crate) fn double<C: Circuits>(&mut self) {
        if self.is_finite {
            C::double(&mut self.point);
        }
    }
}
