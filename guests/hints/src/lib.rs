//! What a guest is told beside its input, so that it need not compute it: the y of points it lifts, inverses (U-18).
//!
//! A host runs the check itself and writes down what the guest will need, in that order. So a host also knows, before it spends an hour on a
//! proof, whether there is one, and what it will say.
#![forbid(unsafe_code)]

use ashlar_batch::PublicValues;
use ashlar_guest::{GuestError, Platform, check_packed};
use ashlar_state::Sha256Node;
use ashlar_types::Address;
use ashlar_types::sign::{Curve, Native, SignatureError, recover};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::{AffinePoint, Scalar};

/// What the packed inputs come to, and the hints with which a guest comes to the same.
pub fn prepare(packed: &[u64]) -> Result<(PublicValues, Vec<u64>), GuestError> {
    let mut recording = Recording::default();
    let values = check_packed(packed, &mut recording)?;
    Ok((values, recording.curve.hints))
}

/// Plain code that writes hints down.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    curve: RecordingCurve,
}

/// The curve of [`Recording`].
#[derive(Clone, Debug, Default)]
pub struct RecordingCurve {
    hints: Vec<u64>,
}

impl RecordingCurve {
    /// The hints so far.
    pub fn hints(&self) -> &[u64] {
        &self.hints
    }

    fn push(&mut self, bytes: &[u8; 32]) {
        self.hints.extend(bytes.as_chunks().0.iter().rev().map(|chunk| u64::from_be_bytes(*chunk)));
    }
}

impl Platform for Recording {
    type Node = Sha256Node;
    type Curve = RecordingCurve;

    fn curve(&mut self) -> &mut RecordingCurve {
        &mut self.curve
    }

    fn recover(&mut self, digest: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
        let address = recover(digest, signature)?;
        let x = signature.first_chunk().copied().unwrap_or_default();
        let inverse = Native.scalar(&x).and_then(|r| r.invert().into_option());
        if let (Some(point), Some(inverse)) = (Native.lift_x(&x), inverse) {
            let is_odd = signature[64] & 1 == u8::from(signature[64] < 27);
            self.curve.push(&y_of(&if is_odd { -point } else { point }));
            self.curve.push(&inverse.to_repr().into());
        }
        Ok(address)
    }
}

fn y_of(point: &AffinePoint) -> [u8; 32] {
    point.y().into()
}

impl Curve for RecordingCurve {
    type Scalar = Scalar;
    type Point = AffinePoint;
    type Sum = <Native as Curve>::Sum;

    fn sha256(&mut self, prefix: &[u8; 64], parts: &[&[u8]]) -> [u8; 32] {
        Native.sha256(prefix, parts)
    }

    fn scalar(&self, bytes: &[u8; 32]) -> Option<Scalar> {
        Native.scalar(bytes)
    }

    fn scalar_reduced(&self, bytes: &[u8; 32]) -> Scalar {
        Native.scalar_reduced(bytes)
    }

    fn scalar_bytes(&self, scalar: &Scalar) -> [u8; 32] {
        Native.scalar_bytes(scalar)
    }

    fn multiply_add(&self, a: &Scalar, b: &Scalar, c: &Scalar) -> Scalar {
        Native.multiply_add(a, b, c)
    }

    fn negate(&self, a: &Scalar) -> Scalar {
        Native.negate(a)
    }

    fn lift_x(&mut self, x: &[u8; 32]) -> Option<AffinePoint> {
        let point = Native.lift_x(x)?;
        self.push(&y_of(&point));
        Some(point)
    }

    fn generator(&self) -> AffinePoint {
        Native.generator()
    }

    fn add(&self, sum: &mut Self::Sum, point: &AffinePoint) {
        Native.add(sum, point);
    }

    fn subtract(&self, sum: &mut Self::Sum, point: &AffinePoint) {
        Native.subtract(sum, point);
    }

    fn add_sum(&self, sum: &mut Self::Sum, other: &Self::Sum) {
        Native.add_sum(sum, other);
    }

    fn double(&self, sum: &mut Self::Sum) {
        Native.double(sum);
    }

    fn is_infinity(&self, sum: &Self::Sum) -> bool {
        Native.is_infinity(sum)
    }
}
