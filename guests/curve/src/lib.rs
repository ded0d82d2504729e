//! Signatures over the secp256k1 circuits of a zkVM, for the guests of all of them (docs/adr/0013-guests.md).
//!
//! 1. [`HintedCurve`] accepts what `ashlar_types::sign` accepts by `Native`, and nothing else, whatever the hints say: a hint that
//!    is wrong or missing makes a right signature fail, never a wrong one pass (U-18).
//! 2. A circuit for adding is asked only about points of different x, since nothing can be proven of others.
#![no_std]
#![forbid(unsafe_code)]

mod curve;
mod number;
mod point;
mod recover;

pub use curve::HintedCurve;
pub use number::{Modulus, Number};
pub use point::{Affine, Sum};

/// What a zkVM has a circuit for. Coordinates and results are below the modulus.
pub trait Circuits {
    /// `p += q`, of points of the curve whose x are different.
    fn add(p: &mut Affine, q: &Affine);
    /// `p += p`. No point of this curve has the order two.
    fn double(p: &mut Affine);
    /// `a * b + c` modulo a modulus, for any numbers.
    fn multiply_add(a: &Number, b: &Number, c: &Number, modulus: &Modulus) -> Number;
}
