//! Circuits in plain code, that refuse what a zkVM's cannot prove.

use ashlar_guest_curve::{Affine, Circuits, Modulus, Number};
use k256::elliptic_curve::group::Curve;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::elliptic_curve::sec1::{FromSec1Point, Sec1Point};
use k256::{AffinePoint, ProjectivePoint};

pub struct Plain;

fn bytes(number: &Number) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.as_chunks_mut().0.iter_mut().zip(number.iter().rev()) {
        *chunk = limb.to_be_bytes();
    }
    bytes
}

pub fn number(bytes: &[u8; 32]) -> Number {
    let mut number = [0; 4];
    for (limb, chunk) in number.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    number
}

fn point(affine: &Affine) -> ProjectivePoint {
    let encoded = Sec1Point::<k256::Secp256k1>::from_affine_coordinates(
        &bytes(&affine.x).into(),
        &bytes(&affine.y).into(),
        false,
    );
    AffinePoint::from_sec1_point(&encoded).expect("circuits are asked about points").into()
}

fn affine(point: ProjectivePoint) -> Affine {
    let point = point.to_affine();
    Affine { x: number(&point.x().into()), y: number(&point.y().into()) }
}

impl Circuits for Plain {
    fn add(p: &mut Affine, q: &Affine) {
        assert_ne!(p.x, q.x, "no circuit proves this");
        *p = affine(point(p) + point(q));
    }

    fn double(p: &mut Affine) {
        let it = point(p);
        *p = affine(it + it);
    }

    /// Bit by bit, from the top.
    fn multiply_add(a: &Number, b: &Number, c: &Number, modulus: &Modulus) -> Number {
        let twice = |x: &Number| add(x, x, modulus);
        let mut product = [0; 4];
        let b = modulus.reduce(b);
        for bit in (0..256).rev() {
            product = twice(&product);
            if a[bit / 64] >> (bit % 64) & 1 == 1 {
                product = add(&product, &b, modulus);
            }
        }
        add(&product, &modulus.reduce(c), modulus)
    }
}

/// Of numbers below the modulus.
fn add(a: &Number, b: &Number, modulus: &Modulus) -> Number {
    let (mut sum, mut carry) = ([0; 4], 0);
    for i in 0..4 {
        let wide = u128::from(a[i]) + u128::from(b[i]) + carry;
        (sum[i], carry) = (wide as u64, wide >> 64);
    }
    if carry == 0 {
        return modulus.reduce(&sum);
    }
    // 2^256 is the complement.
    let mut carry = 0;
    for i in 0..4 {
        let wide = u128::from(sum[i]) + u128::from(modulus.complement[i]) + carry;
        (sum[i], carry) = (wide as u64, wide >> 64);
    }
    modulus.reduce(&sum)
}
