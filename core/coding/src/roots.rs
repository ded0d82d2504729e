//! Roots of polynomials in the field of symbols (Berlekamp's trace algorithm).

use alloc::vec;
use alloc::vec::Vec;

use crate::field::Gf16;
use crate::polynomial::Polynomial;

/// Bits of an element: squarings that lead back to it.
const BITS: usize = 16;

/// Every root of a polynomial that is not zero, each once; of zero, none.
pub(crate) fn roots(polynomial: &Polynomial) -> Vec<Gf16> {
    if polynomial.len() < 2 {
        return Vec::new();
    }
    // What all elements are roots of is x^(2^16) - x, so this is the product of x - r over the roots r.
    let x = Polynomial::new(vec![Gf16::ZERO, Gf16::ONE]);
    let mut power = x.clone().divide(polynomial).1;
    for _ in 0..BITS {
        power = power.times(&power).divide(polynomial).1;
    }
    let mut left = vec![(gcd(polynomial.clone(), power.plus(Gf16::ONE, 0, &x)), 0)];
    let mut roots = Vec::new();
    while let Some((product, bit)) = left.pop() {
        match product.0.as_slice() {
            [] | [_] => {}
            [constant, lead] => roots.push(*constant * lead.inverse()),
            // Two elements differ in the trace of their product with some element of a basis, and of no other is left.
            _ if bit == BITS => {}
            _ => {
                let trace = trace(Gf16::new(1 << bit), &product);
                let one = gcd(product.clone(), trace);
                let other = product.divide(&one).0;
                left.extend([(one, bit + 1), (other, bit + 1)]);
            }
        }
    }
    roots.sort_unstable();
    roots
}

/// The trace of `factor * x` modulo a polynomial.
fn trace(factor: Gf16, modulus: &Polynomial) -> Polynomial {
    let mut power = Polynomial::new(vec![Gf16::ZERO, factor]).divide(modulus).1;
    let mut sum = power.clone();
    for _ in 1..BITS {
        power = power.times(&power).divide(modulus).1;
        sum = sum.plus(Gf16::ONE, 0, &power);
    }
    sum
}

/// The greatest common divisor, up to a factor.
fn gcd(mut left: Polynomial, mut right: Polynomial) -> Polynomial {
    while right.len() > 0 {
        let rest = left.divide(&right).1;
        (left, right) = (right, rest);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(seed: &mut u64) -> u16 {
        *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (*seed >> 40) as u16
    }

    #[test]
    fn roots_are_those_that_trying_every_element_finds() {
        let mut seed = 5;
        for round in 0..40 {
            // A product of known factors, some twice, and one without roots now and then.
            let mut polynomial = Polynomial::new(vec![Gf16::new(1 + next(&mut seed) % 9)]);
            for _ in 0..round % 7 {
                let factor = Polynomial::new(vec![Gf16::new(next(&mut seed) % 20), Gf16::ONE]);
                polynomial = polynomial.times(&factor);
            }
            if round % 3 == 0 {
                let other = (0..4).map(|_| Gf16::new(next(&mut seed))).chain([Gf16::ONE]).collect();
                polynomial = polynomial.times(&Polynomial::new(other));
            }
            let expected: Vec<Gf16> =
                (0..=u16::MAX).map(Gf16::new).filter(|element| polynomial.at(*element) == Gf16::ZERO).collect();
            assert_eq!(roots(&polynomial), expected);
        }
        assert_eq!(roots(&Polynomial::default()), vec![]);
    }
}
