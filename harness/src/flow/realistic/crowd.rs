//! A crowd of which few do most: the n-th is about as active as one n-th of the first (Zipf).

use super::Random;

/// Steps of the table; the crowd beyond its length is drawn in proportion.
const STEPS: usize = 1 << 12;

/// A distribution over the numbers below its size, the smaller the likelier.
#[derive(Debug)]
pub struct Crowd {
    size: u64,
    /// Weights up to and including each number, in parts of the first one's.
    sums: Vec<u64>,
}

impl Crowd {
    /// A crowd of this size.
    pub fn new(size: u64) -> Crowd {
        let length = size.clamp(1, STEPS as u64);
        let mut sum = 0;
        let sums = (1..=length).map(|n| {
            sum += (1 << 32) / n;
            sum
        });
        Crowd { size: size.max(1), sums: sums.collect() }
    }

    /// One of them.
    pub fn one(&self, random: &mut Random) -> u64 {
        let total = *self.sums.last().expect("a crowd is someone");
        let at = random.below(total);
        let found = self.sums.partition_point(|sum| *sum <= at) as u64;
        // In a crowd longer than the table each of its steps stands for several.
        let length = self.sums.len() as u64;
        let (low, high) = (found * self.size / length, (found + 1) * self.size / length);
        low + random.below((high - low).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_the_busiest_and_all_are_reached() {
        let (mut random, crowd) = (Random::new(7), Crowd::new(50));
        let mut counts = [0; 50];
        for _ in 0..100_000 {
            counts[crowd.one(&mut random) as usize] += 1;
        }
        assert!(counts[0] > 4 * counts[5] && counts[5] > 4 * counts[35] && counts.iter().all(|count| *count > 100));
        let large = Crowd::new(1_000_000);
        assert!((0..10_000).all(|_| large.one(&mut random) < 1_000_000));
    }
}
