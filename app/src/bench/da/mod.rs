//! `ashlar bench da`: coding, committing, opening and checking by each scheme, and the bytes of batches.

mod batches;
mod schemes;

use anyhow::Result;

use crate::arguments::DaBenchArguments;
use crate::clock::Ticks;
use crate::figures::Figure;

/// Runs the benchmark.
pub fn run(arguments: &DaBenchArguments) -> Result<Vec<Figure>> {
    let watch = Watch { ticks: Ticks::new(), seconds: arguments.seconds / f64::from(MEASUREMENTS) };
    let mut figures = schemes::figures(arguments, &watch)?;
    figures.extend(batches::figures(arguments, &watch)?);
    Ok(figures)
}

/// Things that are measured one after the other, and share the time.
const MEASUREMENTS: u32 = 24;
/// Runs of each at least, so that there is a middle one.
const RUNS_MIN: usize = 3;

/// Measures how long something takes.
#[derive(Debug)]
struct Watch {
    ticks: Ticks,
    seconds: f64,
}

impl Watch {
    /// The seconds of the middle run, of as many as there is time for.
    fn median<T>(&self, mut run: impl FnMut() -> Result<T>) -> Result<f64> {
        let (mut all, begin) = (Vec::new(), self.ticks.now());
        while all.len() < RUNS_MIN || self.ticks.seconds_between(begin, self.ticks.now()) < self.seconds {
            let start = self.ticks.now();
            let made = std::hint::black_box(run()?);
            all.push(self.ticks.seconds_between(start, self.ticks.after_all()));
            drop(made);
        }
        all.sort_by(f64::total_cmp);
        Ok(all[all.len() / 2])
    }
}
