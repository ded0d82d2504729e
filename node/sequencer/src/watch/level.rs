//! Two ways to see that answers become slow: against what was promised, and against what is usual here.
//!
//! 1. Both look at counts that only grow, so a look that was missed loses nothing.
//! 2. A node that answers nothing is not slow: what is not known breaks no rule.

/// Looks that are kept: an hour of seconds.
const LOOKS: usize = 3_600;
/// Answers below which a share says nothing.
const ANSWERS_MIN: u64 = 100;
/// Over how many looks with answers the usual and the recent are smoothed.
const USUAL: u64 = 600;
const RECENT: u64 = 15;

/// The share of answers within the promised time, over the last hour.
#[derive(Clone, Debug, Default)]
pub struct ServiceLevel {
    /// Answers in time, and all, of each look.
    looks: std::collections::VecDeque<(u64, u64)>,
    within: u64,
    all: u64,
}

impl ServiceLevel {
    /// Takes in what was answered since the last look.
    pub fn look(&mut self, within: u64, all: u64) {
        self.looks.push_back((within, all));
        self.within += within;
        self.all += all;
        if self.looks.len() > LOOKS
            && let Some((within, all)) = self.looks.pop_front()
        {
            self.within -= within;
            self.all -= all;
        }
    }

    /// The share, in a thousand; `None` with too few answers to say.
    pub fn permille(&self) -> Option<u64> {
        (self.all >= ANSWERS_MIN).then(|| self.within.saturating_mul(1_000) / self.all)
    }
}

/// How long answers take lately beside how long they usually do, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Baseline {
    /// Smoothed, times a thousand.
    usual: u64,
    recent: u64,
    looks: u64,
}

impl Baseline {
    /// Takes in the answers since the last look: how many, and their times together.
    pub fn look(&mut self, answers: u64, sum_us: u64) {
        let Some(mean) = sum_us.saturating_mul(1_000).checked_div(answers) else { return };
        self.looks += 1;
        // Until there have been many looks, all that there were count alike.
        self.usual = smoothed(self.usual, mean, self.looks.min(USUAL));
        self.recent = smoothed(self.recent, mean, self.looks.min(RECENT));
    }

    /// What is recent and what is usual, once there were enough looks to know.
    pub fn known(&self) -> Option<(u64, u64)> {
        (self.looks >= USUAL / 2).then_some((self.recent / 1_000, self.usual / 1_000))
    }
}

fn smoothed(before: u64, now: u64, over: u64) -> u64 {
    let (before, now, over) = (u128::from(before), u128::from(now), u128::from(over.max(1)));
    u64::try_from((before * (over - 1) + now) / over).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_last_hour_and_of_enough_answers() {
        let mut level = ServiceLevel::default();
        level.look(9, 10);
        assert_eq!(level.permille(), None, "ten answers say nothing");
        level.look(900, 990);
        assert_eq!(level.permille(), Some(909));
        for _ in 0..LOOKS {
            level.look(100, 100);
        }
        assert_eq!(level.permille(), Some(1_000), "what was an hour ago is forgotten");
    }

    #[test]
    fn what_becomes_slow_is_seen_against_what_was_usual() {
        let mut baseline = Baseline::default();
        baseline.look(0, 0);
        for _ in 0..USUAL {
            baseline.look(10, 20_000);
        }
        assert_eq!(baseline.known(), Some((2_000, 2_000)));
        for _ in 0..2 * RECENT {
            baseline.look(10, 100_000);
        }
        let (recent, usual) = baseline.known().expect("enough looks");
        assert!(recent > 8_000 && usual < 3_000, "{recent} and {usual}");
        let before = baseline;
        baseline.look(0, 0);
        assert_eq!(baseline.known(), before.known(), "silence changes nothing");
    }
}
