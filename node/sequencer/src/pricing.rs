//! When a batch is worth committing, and where its data goes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ashlar_batch::BatchHeader;
use ashlar_settlement::gas::{Decision, GasModel, PriceHistory};
use ashlar_settlement::l1::FeeMarket;

/// The model with the prices that it compares with.
pub struct Pricing {
    model: GasModel,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The block whose market was noted last.
    block: u64,
    history: PriceHistory,
    /// The batch that waits, and since when.
    waiting: Option<(u64, Instant)>,
}

impl Pricing {
    /// By this model, with no prices known.
    pub fn new(model: GasModel) -> Pricing {
        Pricing { model, seen: Mutex::default() }
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
        let asked = seen.waiting.filter(|(waits, _)| *waits == number).map_or_else(Instant::now, |(_, since)| since);
        seen.waiting = Some((number, asked));
        drop(seen);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = now.saturating_sub(Duration::from_millis(header.first_time.get())).max(asked.elapsed());
        self.model.decide(market, usual, bytes, age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_batch::BatchHeader;
    use ashlar_batch::merkle::Digest;
    use ashlar_types::{ExchangeId, Time};

    const GWEI: u128 = 1_000_000_000;

    fn market(gwei: u128) -> FeeMarket {
        FeeMarket { base_fee: gwei * GWEI, blob_fee: 1, tips: vec![] }
    }

    fn begun(seconds_ago: u64) -> BatchHeader {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
        let time = Time::new(now - seconds_ago * 1_000).expect("a time");
        BatchHeader::genesis(1, ExchangeId([0; 32]), Digest::EMPTY, time)
    }

    #[test]
    fn a_young_batch_waits_for_a_usual_price_and_an_old_one_does_not() {
        let pricing = Pricing::new(GasModel { age_max: Duration::from_secs(600), ..GasModel::default() });
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
