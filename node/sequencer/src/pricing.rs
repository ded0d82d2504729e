//! When a batch is worth committing, and where its data goes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ashlar_batch::BatchHeader;
use ashlar_settlement::gas::{Decision, GasModel, PriceHistory};
use ashlar_settlement::l1::FeeMarket;

/// What time it is: `SystemTime::now`, or what a simulated world says.
pub type Now = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The model with the prices that it compares with.
pub struct Pricing {
    model: GasModel,
    now: Now,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The block whose market was noted last.
    block: u64,
    history: PriceHistory,
    /// The batch that waits, and since when.
    waiting: Option<(u64, SystemTime)>,
}

impl Pricing {
    /// By this model and clock, with no prices known.
    pub fn new(model: GasModel, now: Now) -> Pricing {
        Pricing { model, now, seen: Mutex::default() }
    }

    /// Notes the market of a block, once.
    pub fn note(&self, block: u64, market: &FeeMarket) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.history.usual() == 0 || block > seen.block {
            seen.history.note(market);
            seen.block = block;
        }
    }

    /// What to do with a batch of so many bytes. Its age is that of its oldest command, or for how long it was asked about: the
    /// exchange's clock may be ahead of this machine's.
    pub fn decide(&self, market: &FeeMarket, header: &BatchHeader, bytes: usize) -> Decision {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, usual) = (header.number.get(), seen.history.usual());
        let now = (self.now)();
        let asked = seen.waiting.filter(|(waits, _)| *waits == number).map_or(now, |(_, since)| since);
        seen.waiting = Some((number, asked));
        drop(seen);
        let waited = now.duration_since(asked).unwrap_or_default();
        let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = since_1970.saturating_sub(Duration::from_millis(header.first_time.get())).max(waited);
        self.model.decide(market, usual, bytes, age)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use ashlar_batch::merkle::Digest;
    use ashlar_types::{ExchangeId, Time};

    const GWEI: u128 = 1_000_000_000;

    fn market(gwei: u128) -> FeeMarket {
        FeeMarket { base_fee: gwei * GWEI, blob_fee: 1, tips: vec![] }
    }

    const BEGUN_S: u64 = 1_700_000_000;

    fn begun(seconds_ago: u64) -> BatchHeader {
        let time = Time::new((BEGUN_S - seconds_ago) * 1_000).expect("a time");
        BatchHeader::genesis(1, ExchangeId([0; 32]), Digest::EMPTY, time)
    }

    fn clock() -> (Arc<AtomicU64>, Now) {
        let seconds = Arc::new(AtomicU64::new(BEGUN_S));
        let shown = seconds.clone();
        (seconds, Arc::new(move || UNIX_EPOCH + Duration::from_secs(shown.load(Ordering::Relaxed))))
    }

    #[test]
    fn a_batch_of_a_clock_that_is_ahead_waits_no_longer_than_it_was_asked_about() {
        let (seconds, now) = clock();
        let pricing = Pricing::new(GasModel { age_max: Duration::from_secs(600), ..GasModel::default() }, now);
        pricing.note(1, &market(10));
        let ahead = BatchHeader { first_time: Time::new((BEGUN_S + 9_000) * 1_000).expect("a time"), ..begun(0) };
        let waits = |pricing: &Pricing| matches!(pricing.decide(&market(900), &ahead, 1_000), Decision::Wait { .. });
        assert!(waits(&pricing));
        seconds.fetch_add(599, Ordering::Relaxed);
        assert!(waits(&pricing));
        seconds.fetch_add(2, Ordering::Relaxed);
        assert!(!waits(&pricing));
    }

    #[test]
    fn a_young_batch_waits_for_a_usual_price_and_an_old_one_does_not() {
        let pricing = Pricing::new(GasModel { age_max: Duration::from_secs(600), ..GasModel::default() }, clock().1);
        for (block, gwei) in [(1, 10), (1, 900), (2, 10), (3, 10)] {
            pricing.note(block, &market(gwei));
        }
        let waits = |gwei, age| matches!(pricing.decide(&market(gwei), &begun(age), 1_000), Decision::Wait { .. });
        assert!(waits(11, 0), "dearer than usual");
        assert!(!waits(7, 0), "a bargain; the second market of a block was not noted");
        assert!(!waits(900, 601), "too old to wait");
        assert!(waits(900, 300));
    }
}
