//! Every word near what was read, beyond half the distance: list decoding of small codes (Guruswami and Sudan, "Improved
//! decoding of Reed-Solomon and algebraic-geometric codes"; X-41 to X-43).
//!
//! 1. The answer is complete: every word that differs in at most [`Radius::wrong`] symbols is in it, the nearest first.
//! 2. Which of them was meant the code cannot say; a commitment or a hash can, and [`Candidates::pick`] asks it.
//! 3. What it costs is bounded by [`SYMBOLS_MAX`] and [`MULTIPLICITY_MAX`]: it is for the repair of small codes.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::errors::{Corrected, Symbol};
use crate::field::Gf16;
use crate::polynomial::Polynomial;
use crate::roots::roots;

/// Symbols of the longest word that is decoded into a list.
pub const SYMBOLS_MAX: usize = 64;
/// The largest multiplicity: a larger one reaches farther and costs its fourth power.
pub const MULTIPLICITY_MAX: usize = 8;

/// Why there is no list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListError {
    /// More symbols than are decoded into a list.
    Symbols {
        /// The most.
        max: usize,
        /// How many there are.
        got: usize,
    },
    /// Fewer symbols than the dimension, or a dimension of zero.
    Dimension {
        /// Symbols there are.
        symbols: usize,
        /// The dimension.
        got: usize,
    },
    /// A multiplicity outside the limits.
    Multiplicity {
        /// The largest.
        max: usize,
        /// The one asked for.
        got: usize,
    },
    /// A point is there twice.
    Twice {
        /// Which.
        point: Gf16,
    },
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbols { max, got } => {
                write!(f, "{got} symbols; lists are for codes of at most {max}, so correct instead")
            }
            Self::Dimension { symbols, got } => {
                write!(f, "a code of dimension {got} and {symbols} symbols; read at least as many symbols, and one")
            }
            Self::Multiplicity { max, got } => write!(f, "multiplicity {got}; take 1 to {max}"),
            Self::Twice { point } => write!(f, "point {} is there twice; give each symbol once", point.get()),
        }
    }
}

impl core::error::Error for ListError {}

/// How far a multiplicity reaches for so many symbols of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Radius {
    /// Wrong symbols up to which every word is found.
    pub wrong: usize,
    /// Words that there can be at most.
    pub words_max: usize,
}

impl Radius {
    /// What follows from the smallest degree with more coefficients than there are conditions; a power of y counts as often
    /// as the dimension less one.
    pub const fn of(symbols: usize, dimension: usize, multiplicity: usize) -> Radius {
        let conditions = symbols * multiplicity * (multiplicity + 1) / 2;
        let weight = if dimension > 1 { dimension - 1 } else { 1 };
        let mut degree = 0;
        while coefficients(degree, weight) <= conditions {
            degree += 1;
        }
        // A word with so few wrong symbols is a root, since it has more zeros than its degree allows.
        let right = degree / multiplicity + 1;
        Radius { wrong: symbols.saturating_sub(right), words_max: degree / weight }
    }
}

/// Monomials of at most this weighted degree.
const fn coefficients(degree: usize, weight: usize) -> usize {
    let (mut count, mut power) = (0, 0);
    while power * weight <= degree {
        count += degree - power * weight + 1;
        power += 1;
    }
    count
}

/// Every word that was found, the nearest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidates {
    /// How far was searched.
    pub radius: Radius,
    words: Vec<Corrected>,
}

impl Candidates {
    /// The words, each with the places where something else was read.
    pub fn words(&self) -> &[Corrected] {
        &self.words
    }

    /// The one that a check accepts: that of a commitment, of a hash.
    pub fn pick(&self, mut is_right: impl FnMut(&Corrected) -> bool) -> Option<&Corrected> {
        self.words.iter().find(|word| is_right(word))
    }
}

/// Every word of dimension `dimension` within the radius of a multiplicity.
pub fn decode(symbols: &[Symbol], dimension: usize, multiplicity: usize) -> Result<Candidates, ListError> {
    let count = symbols.len();
    if count > SYMBOLS_MAX {
        return Err(ListError::Symbols { max: SYMBOLS_MAX, got: count });
    }
    if dimension == 0 || dimension > count {
        return Err(ListError::Dimension { symbols: count, got: dimension });
    }
    if multiplicity == 0 || multiplicity > MULTIPLICITY_MAX {
        return Err(ListError::Multiplicity { max: MULTIPLICITY_MAX, got: multiplicity });
    }
    let mut points: Vec<Gf16> = symbols.iter().map(|symbol| symbol.point).collect();
    points.sort_unstable();
    if let Some([point, _]) = points.array_windows().find(|[one, other]| one == other) {
        return Err(ListError::Twice { point: *point });
    }
    let mut radius = Radius::of(count, dimension, multiplicity);
    // No farther than where a word is still told by its right symbols.
    radius.wrong = radius.wrong.min(count - dimension);
    let found = factors(interpolate(symbols, dimension, multiplicity, &radius), dimension);
    let mut words: Vec<Corrected> = found.into_iter().map(|word| compare(word, symbols)).collect();
    words.retain(|word| word.wrong.len() <= radius.wrong);
    words.sort_by(|one, other| (one.wrong.len(), &one.wrong).cmp(&(other.wrong.len(), &other.wrong)));
    words.dedup();
    Ok(Candidates { radius, words })
}

fn compare(word: Polynomial, symbols: &[Symbol]) -> Corrected {
    let differs = |(_, symbol): &(usize, &Symbol)| word.at(symbol.point) != symbol.value;
    let wrong = symbols.iter().enumerate().filter(differs).map(|(place, _)| place).collect();
    Corrected { word, wrong }
}

/// A polynomial in x and y: by powers of y, the constant first.
type Bivariate = Vec<Polynomial>;

/// Whether a binomial coefficient is odd (Lucas).
const fn odd(above: usize, below: usize) -> bool {
    below & !above == 0
}

/// The coefficient of `x^r y^s` after both are shifted to a point: zero for all small r and s says how often it is a root.
fn shifted(polynomial: &Bivariate, at: &Symbol, r: usize, s: usize) -> Gf16 {
    let mut sum = Gf16::ZERO;
    let mut power_of_y = Gf16::ONE;
    for (b, row) in polynomial.iter().enumerate().skip(s) {
        if odd(b, s) {
            let mut inner = Gf16::ZERO;
            for (a, coefficient) in row.0.iter().enumerate().skip(r).rev() {
                inner = inner * at.point;
                if odd(a, r) {
                    inner += *coefficient;
                }
            }
            sum += inner * power_of_y;
        }
        power_of_y = power_of_y * at.value;
    }
    sum
}

/// The smallest polynomial that has every symbol as a root of this multiplicity (Kötter's algorithm).
fn interpolate(symbols: &[Symbol], dimension: usize, multiplicity: usize, radius: &Radius) -> Bivariate {
    let weight = (dimension - 1).max(1);
    // A constant word has no power of x, and its y weighs nothing; as many powers as there can be words are enough.
    let powers = radius.words_max + 1;
    let mut basis: Vec<Bivariate> = (0..powers)
        .map(|power| {
            let mut one = vec![Polynomial::default(); powers];
            one[power] = Polynomial::new(vec![Gf16::ONE]);
            one
        })
        .collect();
    let size = |polynomial: &Bivariate| {
        let degree =
            |(power, row): (usize, &Polynomial)| (row.len() > 0).then(|| (row.len() - 1 + power * weight, power));
        polynomial.iter().enumerate().filter_map(degree).max()
    };
    for symbol in symbols {
        for r in 0..multiplicity {
            for s in 0..multiplicity - r {
                let values: Vec<Gf16> = basis.iter().map(|one| shifted(one, symbol, r, s)).collect();
                let not_zero = (0..powers).filter(|index| values[*index] != Gf16::ZERO);
                let Some(least) = not_zero.min_by_key(|index| size(&basis[*index])) else { continue };
                let pivot = basis[least].clone();
                let inverse = values[least].inverse();
                for (index, one) in basis.iter_mut().enumerate().filter(|(index, _)| *index != least) {
                    let factor = values[index] * inverse;
                    if factor != Gf16::ZERO {
                        for (row, pivot) in one.iter_mut().zip(&pivot) {
                            *row = core::mem::take(row).plus(factor, 0, pivot);
                        }
                    }
                }
                let factor = Polynomial::new(vec![symbol.point, Gf16::ONE]);
                basis[least].iter_mut().for_each(|row| *row = row.times(&factor));
            }
        }
    }
    basis.into_iter().min_by_key(size).unwrap_or_default()
}

/// Every `f` of fewer than `dimension` coefficients for which `y - f(x)` divides a polynomial (Roth and Ruckenstein).
fn factors(polynomial: Bivariate, dimension: usize) -> Vec<Polynomial> {
    let mut found = Vec::new();
    let mut left = vec![(polynomial, Vec::new())];
    while let Some((polynomial, word)) = left.pop() {
        let Some(polynomial) = without_x(polynomial) else { continue };
        if word.len() == dimension {
            if polynomial.first().is_none_or(|row| row.len() == 0) {
                found.push(Polynomial::new(word));
            }
            continue;
        }
        let constants = polynomial.iter().map(|row| row.0.first().copied().unwrap_or_default()).collect();
        for root in roots(&Polynomial::new(constants)) {
            let mut longer = word.clone();
            longer.push(root);
            left.push((substitute(&polynomial, root), longer));
        }
    }
    found
}

/// Divided by x as often as that goes; `None` of zero.
fn without_x(polynomial: Bivariate) -> Option<Bivariate> {
    let zeros = |row: &Polynomial| row.0.iter().position(|coefficient| *coefficient != Gf16::ZERO);
    let shift = polynomial.iter().filter_map(zeros).min()?;
    Some(polynomial.into_iter().map(|row| Polynomial::new(row.0.into_iter().skip(shift).collect())).collect())
}

/// With `x y + root` in the place of y.
fn substitute(polynomial: &Bivariate, root: Gf16) -> Bivariate {
    let mut result = vec![Polynomial::default(); polynomial.len()];
    for (b, row) in polynomial.iter().enumerate() {
        let mut power = Gf16::ONE;
        for s in (0..=b).rev() {
            if odd(b, s) {
                result[s] = core::mem::take(&mut result[s]).plus(power, s, row);
            }
            power = power * root;
        }
    }
    result
}
