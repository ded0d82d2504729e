use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::group::Group;
use k256::elliptic_curve::ops::Reduce;
use k256::elliptic_curve::point::DecompactPoint;
use k256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};
use sha2::{Digest, Sha256};

use super::Curve;

/// The curve of the `k256` crate and the hash of `sha2`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Curve for Native {
    type Scalar = Scalar;
    type Point = AffinePoint;
    /// Nothing yet, or a sum that may have come to infinity again.
    type Sum = Option<ProjectivePoint>;

    fn sha256(&mut self, prefix: &[u8; 64], parts: &[&[u8]]) -> [u8; 32] {
        let mut sha = Sha256::new_with_prefix(prefix);
        for part in parts {
            sha.update(part);
        }
        sha.finalize().into()
    }

    fn scalar(&self, bytes: &[u8; 32]) -> Option<Scalar> {
        Scalar::from_repr((*bytes).into()).into_option()
    }

    fn scalar_reduced(&self, bytes: &[u8; 32]) -> Scalar {
        <Scalar as Reduce<FieldBytes>>::reduce(&(*bytes).into())
    }

    fn scalar_bytes(&self, scalar: &Scalar) -> [u8; 32] {
        scalar.to_bytes().into()
    }

    fn multiply_add(&self, a: &Scalar, b: &Scalar, c: &Scalar) -> Scalar {
        a * b + c
    }

    fn negate(&self, a: &Scalar) -> Scalar {
        -*a
    }

    fn lift_x(&mut self, x: &[u8; 32]) -> Option<AffinePoint> {
        AffinePoint::decompact(&(*x).into()).into_option()
    }

    fn generator(&self) -> AffinePoint {
        AffinePoint::GENERATOR
    }

    fn add(&self, sum: &mut Self::Sum, point: &AffinePoint) {
        match sum {
            Some(sum) => *sum += point,
            None => *sum = Some(point.into()),
        }
    }

    fn subtract(&self, sum: &mut Self::Sum, point: &AffinePoint) {
        self.add(sum, &-*point);
    }

    fn add_sum(&self, sum: &mut Self::Sum, other: &Self::Sum) {
        match (sum.as_mut(), other) {
            (Some(sum), Some(other)) => *sum += other,
            (None, _) => *sum = *other,
            (_, None) => {}
        }
    }

    fn double(&self, sum: &mut Self::Sum) {
        if let Some(sum) = sum {
            sum.double_in_place();
        }
    }

    fn is_infinity(&self, sum: &Self::Sum) -> bool {
        sum.is_none_or(|sum| sum.is_identity().into())
    }
}
