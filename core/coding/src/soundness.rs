//! How many bits a set of parameters is proven to be worth, by bounds that are theorems.
//!
//! 1. Two radii have proofs: half the distance (unique decoding) and just below Johnson's bound. What is conjectured beyond
//!    counts for nothing here.
//! 2. Everything is computed in integers: logarithms in units of 2^-16, rounded against the parameters.
//! 3. Production refuses fewer than [`BITS_MIN`] bits ([`Proven::check`]).

use core::fmt;

use crate::Layout;

/// The fewest proven bits that production accepts.
pub const BITS_MIN: u32 = 100;
/// The multiplicities that are tried at Johnson's bound: the theorem holds for each from the first on. A larger one makes
/// queries worth more and asks for a larger field.
const MULTIPLICITIES: (u64, u64) = (3, 48);

/// A logarithm to base 2, in units of 2^-16.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Log(i64);

impl Log {
    /// Of a positive number, within one unit, rounded down.
    const fn floor(number: u64) -> Log {
        let whole = number.ilog2();
        // The fraction as a number from 1 to 2 with 62 bits behind the point; squaring doubles its logarithm.
        let mut mantissa = (number as u128) << (62 - whole);
        let (mut fraction, mut bit) = (0, 16);
        while bit > 0 {
            bit -= 1;
            mantissa = (mantissa * mantissa) >> 62;
            if mantissa >> 63 == 1 {
                mantissa >>= 1;
                fraction |= 1 << bit;
            }
        }
        Log(((whole as i64) << 16) + fraction)
    }

    /// Of a positive number, rounded up.
    const fn ceil(number: u64) -> Log {
        let floor = Self::floor(number);
        if number.is_power_of_two() { floor } else { Log(floor.0 + 1) }
    }

    const fn times(self, factor: i64) -> Log {
        Log(self.0 * factor)
    }
}

/// Up to which distance from the code a proof speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Radius {
    /// Half the distance of the code: there is one nearest word.
    Unique,
    /// Just below Johnson's bound: there are few near words.
    Johnson,
}

/// Bits that are proven, rounded down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Proven(u32);

/// Parameters that are worth too little.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooWeak {
    /// Bits that production asks for.
    pub need: u32,
    /// Bits that are proven.
    pub got: u32,
}

impl fmt::Display for TooWeak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "these parameters are proven for {} bits and production asks for {}", self.got, self.need)?;
        f.write_str("; take a larger extension of the field, more queries, or a lower rate")
    }
}

impl core::error::Error for TooWeak {}

impl Proven {
    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    const fn of(log: Log) -> Proven {
        if log.0 <= 0 { Proven(0) } else { Proven((log.0 >> 16) as u32) }
    }

    /// Refuses what is too weak for production.
    pub const fn check(self) -> Result<Proven, TooWeak> {
        if self.0 < BITS_MIN { Err(TooWeak { need: BITS_MIN, got: self.0 }) } else { Ok(self) }
    }
}

/// The field that coefficients are drawn from: elements of a small field, so many beside each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Extension {
    /// Elements of the small field.
    pub order: u64,
    /// The degree.
    pub degree: u32,
}

impl Extension {
    /// What combinations of rows are drawn from: GF(2^16), eight times.
    pub const ROWS: Extension = Extension { order: 1 << 16, degree: 8 };
    /// What the scheme by FRI draws from: elements of KoalaBear, five times.
    pub const KOALA_BEAR_QUINTIC: Extension = Extension { order: (1 << 31) - (1 << 24) + 1, degree: 5 };

    const fn log(self) -> Log {
        Log::floor(self.order).times(self.degree as i64)
    }
}

/// That rows which are not near a code pass for near it by one random combination (Ben-Sasson, Carmon, Ishai, Kopparty,
/// Saraf, "Proximity gaps for Reed-Solomon codes", theorems 1.4 and 1.5, for independent coefficients).
///
/// `places` are the points of the code and `dimension` its dimension.
pub const fn combination(places: u64, dimension: u64, field: Extension, radius: Radius) -> Proven {
    // Without queries the smallest multiplicity is the best.
    Proven::of(combination_log(places, dimension, field, radius, MULTIPLICITIES.0))
}

const fn combination_log(places: u64, dimension: u64, field: Extension, radius: Radius, multiplicity: u64) -> Log {
    let error = match radius {
        Radius::Unique => Log::ceil(places),
        Radius::Johnson => {
            // (m + 1/2)^7 n^2 / (3 rho^(3/2)), where rho = dimension / places.
            let multiplicity = Log(Log::ceil(2 * multiplicity + 1).0 - (1 << 16)).times(7);
            let rho = Log(Log::ceil(places).0 - Log::floor(dimension).0);
            Log(multiplicity.0 + 2 * Log::ceil(places).0 - Log::floor(3).0 + (3 * rho.0 + 1) / 2)
        }
    };
    Log(field.log().0 - error.0)
}

/// The proven bits of the row-checkable commitment of a layout: what a client that verified rows may rely on within
/// half the distance.
pub const fn rows(layout: &Layout, radius: Radius) -> Proven {
    combination(1 << layout.height(), 1 << layout.data_height(), Extension::ROWS, radius)
}

/// Parameters of FRI.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fri {
    /// Where challenges come from. Each column's factor is drawn by itself.
    pub field: Extension,
    /// The logarithm of the points of the largest code.
    pub log_places: u32,
    /// The logarithm of places over dimension.
    pub log_blowup: u32,
    /// The logarithm of how many values one fold makes into one.
    pub log_arity: u32,
    /// Queries.
    pub queries: u32,
    /// Bits of work that each attempt at other queries costs.
    pub work_bits: u32,
}

impl Fri {
    /// The proven bits: the weaker of folding, for which the field must be large, and queries.
    pub const fn proven(&self, radius: Radius) -> Proven {
        if !self.fits() {
            return Proven(0);
        }
        let (mut multiplicity, last) = Self::multiplicities(radius);
        let mut best = Proven(0);
        while multiplicity <= last {
            let (fold, each) = self.fold_and_query(radius, multiplicity);
            let queries = Log(each.0 * self.queries as i64 + ((self.work_bits as i64) << 16));
            let proven = Proven::of(if fold.0 < queries.0 { fold } else { queries });
            if proven.0 > best.0 {
                best = proven;
            }
            multiplicity += 1;
        }
        best
    }

    /// The fewest queries that are proven for as many bits as production asks for, whatever queries these parameters have; `None` if none are enough.
    pub const fn queries_min(&self, radius: Radius) -> Option<u32> {
        if !self.fits() {
            return None;
        }
        let need = ((BITS_MIN as i64) << 16) - ((self.work_bits as i64) << 16);
        let (mut multiplicity, last) = Self::multiplicities(radius);
        let mut fewest = None;
        while multiplicity <= last {
            let (fold, each) = self.fold_and_query(radius, multiplicity);
            if Proven::of(fold).0 >= BITS_MIN && each.0 > 0 {
                let queries = if need > 0 { (need as u64).div_ceil(each.0 as u64) as u32 } else { 0 };
                fewest = match fewest {
                    Some(before) if before <= queries => Some(before),
                    _ => Some(queries),
                };
            }
            multiplicity += 1;
        }
        fewest
    }

    const fn fits(&self) -> bool {
        let places = self.log_blowup > 0 && self.log_places >= self.log_blowup && self.log_places <= 32;
        places && self.log_arity > 0 && self.log_arity <= 8
    }

    const fn multiplicities(radius: Radius) -> (u64, u64) {
        match radius {
            Radius::Unique => (MULTIPLICITIES.0, MULTIPLICITIES.0),
            Radius::Johnson => MULTIPLICITIES,
        }
    }

    /// The bits of all folds together, and of one query.
    const fn fold_and_query(&self, radius: Radius, multiplicity: u64) -> (Log, Log) {
        let places = 1u64 << self.log_places;
        let one = combination_log(places, places >> self.log_blowup, self.field, radius, multiplicity);
        // A fold of 2^a values is a curve of degree 2^a - 1, whose error is as many times that of a line. There are not more
        // folds than halvings; the error of each is at most that of the largest; and the columns' combination is one more.
        let each_fold = Log::ceil((1 << self.log_arity) - 1);
        let fold = Log(one.0 - each_fold.0 - Log::ceil(self.log_places as u64 + 1).0);
        let each = match radius {
            // One query misses with probability (1 + rho) / 2.
            Radius::Unique => {
                let expansion = 1u64 << self.log_blowup;
                Log(((self.log_blowup as i64 + 1) << 16) - Log::ceil(expansion + 1).0)
            }
            // One query misses with probability sqrt(rho) (1 + 1 / 2m).
            Radius::Johnson => {
                let slack = Log(Log::ceil(2 * multiplicity + 1).0 - Log::floor(2 * multiplicity).0);
                Log(((self.log_blowup as i64) << 15) - slack.0)
            }
        };
        (fold, each)
    }
}

/// Parameters of an inner-product argument over a group of prime order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ipa {
    /// Bits of the group's order, rounded down.
    pub order_bits: u32,
    /// The logarithm of the length of what is committed to.
    pub log_length: u32,
    /// Positions that are opened together.
    pub positions: u32,
}

impl Ipa {
    /// The bits that are proven if nobody finds discrete logarithms faster than every group allows: the weaker of that, which
    /// is half the order's bits, and of the challenges, of which each round may be guessed in four ways and the combination of
    /// positions in as many as there are.
    pub const fn proven(&self) -> Proven {
        let ways = 4 * self.log_length as u64 + self.positions as u64 + 1;
        let challenges = Log(((self.order_bits as i64) << 16) - Log::ceil(ways).0);
        let logarithms = Log((self.order_bits as i64) << 15);
        Proven::of(if challenges.0 < logarithms.0 { challenges } else { logarithms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expansion;

    #[test]
    fn logarithms_round_the_right_way() {
        for number in (1..100_000u64).chain([u64::from(u32::MAX), 1 << 40, (1 << 61) - 1]) {
            let exact = (number as f64).log2() * 65_536.0;
            let (floor, ceil) = (Log::floor(number).0 as f64, Log::ceil(number).0 as f64);
            assert!(floor <= exact + 1e-6 && exact <= ceil + 1e-6 && ceil - floor <= 1.0, "{number}");
        }
    }

    #[test]
    fn the_fewest_queries_are_enough_and_one_fewer_is_not() {
        let mut none = 0;
        for field in [Extension::KOALA_BEAR_QUINTIC, Extension { degree: 4, ..Extension::KOALA_BEAR_QUINTIC }] {
            for (log_places, log_blowup, work_bits) in
                (0..34).flat_map(|places| [(places, 1, 0), (places, 2, 0), (places, 3, 16), (places, 1, 100)])
            {
                for radius in [Radius::Unique, Radius::Johnson] {
                    let fri = |queries| Fri { field, log_places, log_blowup, log_arity: 3, queries, work_bits };
                    let enough = |queries| fri(queries).proven(radius).check().is_ok();
                    match fri(7).queries_min(radius) {
                        Some(fewest) => {
                            assert!(enough(fewest) && (fewest == 0 || !enough(fewest - 1)), "{:?}", fri(fewest))
                        }
                        None => {
                            none += 1;
                            assert!(!enough(u16::MAX.into()), "{:?}", fri(0));
                        }
                    }
                }
            }
        }
        assert!(none > 0, "a field that is too small has none");
    }

    #[test]
    fn rows_are_proven_within_half_the_distance() {
        for expansion in [Expansion::Double, Expansion::Quadruple] {
            for data_rows in 1..=256 {
                let layout = Layout::new(data_rows, 256, expansion).unwrap();
                let bits = rows(&layout, Radius::Unique).check().unwrap().bits();
                assert_eq!(bits, 128 - layout.height() as u32);
            }
        }
    }

    /// Johnson's radius would ask for a larger field: the calculator says so and does not round it away.
    #[test]
    fn rows_at_johnsons_radius_are_refused_when_large() {
        let large = Layout::new(256, 32_768, Expansion::Double).unwrap();
        assert_eq!(rows(&large, Radius::Johnson).check(), Err(TooWeak { need: 100, got: 97 }));
        let small = Layout::new(64, 256, Expansion::Double).unwrap();
        rows(&small, Radius::Johnson).check().unwrap();
    }

    #[test]
    fn the_fields_extension_limits_fri_whatever_the_queries() {
        let quintic = Fri {
            field: Extension::KOALA_BEAR_QUINTIC,
            log_places: 18,
            log_blowup: 2,
            log_arity: 1,
            queries: 110,
            work_bits: 16,
        };
        let quartic = Fri { field: Extension { degree: 4, ..quintic.field }, log_places: 20, queries: 100, ..quintic };
        let more = Fri { queries: 1_000, ..quartic };
        assert!(quartic.proven(Radius::Johnson).check().is_err());
        assert!(more.proven(Radius::Johnson).check().is_err(), "{:?}", more.proven(Radius::Johnson));
        quintic.proven(Radius::Johnson).check().unwrap();
        assert!(Fri { log_places: 22, ..quintic }.proven(Radius::Johnson).check().is_err(), "and so does the length");
        // 66 bits are what 64 queries with 8 bits of work are worth, as others measure it.
        let usual = Fri { queries: 64, work_bits: 8, ..quintic };
        assert!((60..75).contains(&usual.proven(Radius::Johnson).bits()), "{:?}", usual.proven(Radius::Johnson));
        assert_eq!(Fri { log_blowup: 0, ..quartic }.proven(Radius::Unique).bits(), 0);
        assert_eq!(Fri { log_arity: 0, ..quintic }.proven(Radius::Unique).bits(), 0);
    }

    /// More of what costs is never worth less, and folds of more values are never worth more.
    #[test]
    fn fri_is_monotonous() {
        let base = Fri {
            field: Extension::KOALA_BEAR_QUINTIC,
            log_places: 12,
            log_blowup: 1,
            log_arity: 3,
            queries: 40,
            work_bits: 0,
        };
        for radius in [Radius::Unique, Radius::Johnson] {
            for log_places in 12..20 {
                for queries in 40..200 {
                    let fri = Fri { log_places, queries, ..base };
                    let bits = fri.proven(radius);
                    assert!(Fri { queries: queries + 1, ..fri }.proven(radius) >= bits);
                    assert!(Fri { work_bits: 5, ..fri }.proven(radius) >= bits);
                    assert!(Fri { log_arity: 4, ..fri }.proven(radius) <= bits);
                    assert!(Fri { log_places: log_places + 1, ..fri }.proven(radius) <= bits);
                }
            }
        }
    }

    #[test]
    fn small_groups_are_refused() {
        let ristretto = Ipa { order_bits: 252, log_length: 12, positions: 64 };
        assert_eq!(ristretto.proven().check().unwrap().bits(), 126);
        assert_eq!(Ipa { order_bits: 160, ..ristretto }.proven().check(), Err(TooWeak { need: 100, got: 80 }));
        assert!(Ipa { order_bits: 102, log_length: 0, positions: 1 << 31 }.proven().bits() < 72);
    }
}
