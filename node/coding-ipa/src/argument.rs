//! The argument itself: that the committed scalars, times public factors, add up to a value.

use alloc::vec;
use alloc::vec::Vec;

use curve25519_dalek::traits::VartimeMultiscalarMul;
use curve25519_dalek::{RistrettoPoint, Scalar};

use crate::transcript::Transcript;
use crate::{Claim, Generators, IpaError, Opening};

/// The sum of scalars over generators, as many as there are scalars.
pub(crate) fn commit(generators: &Generators, scalars: &[Scalar]) -> RistrettoPoint {
    let points = generators.of_scalars.iter().take(scalars.len());
    RistrettoPoint::vartime_multiscalar_mul(scalars, points)
}

fn inner(left: &[Scalar], right: &[Scalar]) -> Scalar {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// Positions ascend and are of the data.
fn check(claim: Claim<'_>, length: usize) -> Result<(), IpaError> {
    let Claim::Scalars(positions) = claim else { return Ok(()) };
    let mut least = 0;
    for position in positions {
        if u64::from(*position) < least || *position as usize >= length {
            return Err(IpaError::Position { length, got: *position });
        }
        least = u64::from(*position) + 1;
    }
    Ok(())
}

/// The factors of the scalars, and what they then must add up to.
fn reduce(claim: Claim<'_>, values: &[Scalar], padded: usize, transcript: &mut Transcript) -> (Vec<Scalar>, Scalar) {
    match claim {
        Claim::Scalars(positions) => {
            transcript.number(positions.len() as u32);
            positions.iter().for_each(|position| transcript.number(*position));
            values.iter().for_each(|value| transcript.scalar(value));
            // Powers of what is drawn after the values: all are right, or the sum is wrong.
            let (base, mut power, mut sum) = (transcript.draw(), Scalar::ONE, Scalar::ZERO);
            let mut factors = vec![Scalar::ZERO; padded];
            for (position, value) in positions.iter().zip(values) {
                if let Some(factor) = factors.get_mut(*position as usize) {
                    *factor = power;
                }
                sum += power * value;
                power *= base;
            }
            (factors, sum)
        }
        Claim::Value(point) => {
            transcript.number(u32::MAX);
            transcript.scalar(&point);
            values.iter().for_each(|value| transcript.scalar(value));
            let powers = core::iter::successors(Some(Scalar::ONE), |power| Some(power * point));
            (powers.take(padded).collect(), values.first().copied().unwrap_or_default())
        }
    }
}

/// Answers a claim about scalars and shows the answer.
pub(crate) fn open(
    generators: &Generators,
    scalars: &[Scalar],
    commitment: &RistrettoPoint,
    claim: Claim<'_>,
) -> Result<Opening, IpaError> {
    check(claim, scalars.len())?;
    let values = match claim {
        Claim::Scalars(positions) => positions.iter().filter_map(|at| scalars.get(*at as usize)).copied().collect(),
        Claim::Value(point) => vec![scalars.iter().rev().fold(Scalar::ZERO, |sum, scalar| sum * point + scalar)],
    };
    let padded = scalars.len().next_power_of_two();
    let mut transcript = Transcript::new(scalars.len(), commitment);
    let (mut factors, _) = reduce(claim, &values, padded, &mut transcript);
    let of_value = generators.of_value * transcript.draw();
    let mut scalars = scalars.to_vec();
    scalars.resize(padded, Scalar::ZERO);
    let mut points: Vec<RistrettoPoint> = generators.of_scalars.iter().take(padded).copied().collect();
    let mut folds = Vec::new();
    while scalars.len() > 1 {
        let half = scalars.len() / 2;
        let (low, high) = scalars.split_at(half);
        let (low_factors, high_factors) = factors.split_at(half);
        let (low_points, high_points) = points.split_at(half);
        let side = |scalars: &[Scalar], points: &[RistrettoPoint], factors: &[Scalar]| {
            RistrettoPoint::vartime_multiscalar_mul(scalars, points) + of_value * inner(scalars, factors)
        };
        let (left, right) = (side(low, high_points, high_factors), side(high, low_points, low_factors));
        let at = transcript.fold(&left, &right);
        let inverse = at.invert();
        folds.push((left, right));
        let pair = |(low, high): (&RistrettoPoint, &RistrettoPoint)| {
            RistrettoPoint::vartime_multiscalar_mul([inverse, at], [low, high])
        };
        let folded_points = low_points.iter().zip(high_points).map(pair).collect();
        let folded_scalars = low.iter().zip(high).map(|(low, high)| low * at + high * inverse).collect();
        let folded_factors =
            low_factors.iter().zip(high_factors).map(|(low, high)| low * inverse + high * at).collect();
        (points, scalars, factors) = (folded_points, folded_scalars, folded_factors);
    }
    let last = scalars.first().copied().unwrap_or_default();
    Ok(Opening { values, folds, last })
}

/// Whether an opening shows its answer to a claim, in one multiplication of all generators.
pub(crate) fn verify(
    generators: &Generators,
    length: usize,
    commitment: &RistrettoPoint,
    claim: Claim<'_>,
    opening: &Opening,
) -> Result<(), IpaError> {
    check(claim, length)?;
    let expected = match claim {
        Claim::Scalars(positions) => positions.len(),
        Claim::Value(_) => 1,
    };
    same("values", expected, opening.values.len())?;
    let padded = length.next_power_of_two();
    same("folds", padded.ilog2() as usize, opening.folds.len())?;
    let mut transcript = Transcript::new(length, commitment);
    let (factors, sum) = reduce(claim, &opening.values, padded, &mut transcript);
    let value_factor = transcript.draw();
    let folded_at: Vec<Scalar> = opening.folds.iter().map(|(left, right)| transcript.fold(left, right)).collect();
    // A challenge of zero has no inverse, and nobody meets one.
    if folded_at.contains(&Scalar::ZERO) {
        return Err(IpaError::NotShown);
    }
    // What each generator is multiplied by in the end: for each fold its challenge if it was in the upper half, the inverse
    // if it was in the lower.
    let mut products = vec![Scalar::ONE];
    for at in &folded_at {
        let inverse = at.invert();
        products = products.iter().flat_map(|product| [product * inverse, product * at]).collect();
    }
    let last_factor = inner(&products, &factors);
    // commitment + sum V + Σ (at² L + at⁻² R) - last (Σ products G + last_factor V) is nothing.
    let of_value = value_factor * (sum - opening.last * last_factor);
    let scalars = products.iter().map(|product| -opening.last * product).chain([Scalar::ONE, of_value]);
    let scalars = scalars.chain(folded_at.iter().flat_map(|at| [at * at, (at * at).invert()]));
    let points = generators.of_scalars.iter().take(padded).chain([commitment, &generators.of_value]);
    let points = points.chain(opening.folds.iter().flat_map(|(left, right)| [left, right]));
    let (scalars, points): (Vec<Scalar>, Vec<&RistrettoPoint>) = (scalars.collect(), points.collect());
    let nothing = RistrettoPoint::vartime_multiscalar_mul(scalars, points);
    if nothing == RistrettoPoint::default() { Ok(()) } else { Err(IpaError::NotShown) }
}

const fn same(what: &'static str, expected: usize, got: usize) -> Result<(), IpaError> {
    if expected == got { Ok(()) } else { Err(IpaError::Parts { what, expected, got }) }
}
