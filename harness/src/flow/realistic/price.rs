//! How the mid of a market wanders.

use ashlar_types::{Price, Side};

use super::Random;

/// What a market is going through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Small steps either way.
    Calm,
    /// Large steps either way, and sweeps.
    Volatile,
    /// Most want the same side, and the mid goes that way.
    OneSided(Side),
}

/// The mid of a market and what it is going through.
#[derive(Debug)]
pub struct Wander {
    /// In 256ths of a tick.
    mid: u64,
    low: u64,
    high: u64,
    phase: Phase,
    /// Commands until the next phase.
    left: u64,
}

impl Wander {
    /// From this price, over a factor of four either way.
    pub fn new(reference: Price, random: &mut Random) -> Wander {
        let mid = reference.get() << 8;
        Wander { mid, low: mid / 4, high: mid * 4, phase: Phase::Calm, left: random.between(1_000, 20_000) }
    }

    /// One command passes.
    pub fn step(&mut self, random: &mut Random) {
        if self.left == 0 {
            self.phase = match random.below(10) {
                0..=4 => Phase::Calm,
                5..=7 => Phase::Volatile,
                8 => Phase::OneSided(Side::Buy),
                _ => Phase::OneSided(Side::Sell),
            };
            self.left = random.between(1_000, 20_000);
        }
        self.left -= 1;
        let (width, lean) = match self.phase {
            Phase::Calm => (self.mid >> 16, 50),
            Phase::Volatile => (self.mid >> 11, 50),
            Phase::OneSided(Side::Buy) => (self.mid >> 12, 65),
            Phase::OneSided(Side::Sell) => (self.mid >> 12, 35),
        };
        let step = random.below(width + 1);
        let up = random.below(100) < lean;
        self.mid = if up { self.mid + step } else { self.mid - step }.clamp(self.low, self.high);
    }

    /// A trade pulls the mid towards its price.
    pub fn traded(&mut self, price: Price) {
        self.mid = ((self.mid * 15 + (price.get() << 8)) / 16).clamp(self.low, self.high);
    }

    /// The mid, in ticks.
    pub fn mid(&self) -> u64 {
        self.mid >> 8
    }

    /// Whether it is a time of large steps.
    pub fn is_volatile(&self) -> bool {
        self.phase == Phase::Volatile
    }

    /// The side a trader wants.
    pub fn side(&self, random: &mut Random) -> Side {
        let buys = match self.phase {
            Phase::OneSided(Side::Buy) => 75,
            Phase::OneSided(Side::Sell) => 25,
            Phase::Calm | Phase::Volatile => 50,
        };
        if random.below(100) < buys { Side::Buy } else { Side::Sell }
    }
}
