//! Stores of data and a prover, as the node knows them, with what goes wrong with both.

use std::sync::Arc;

use ashlar_api::door::RowFacts;
use ashlar_batch::{BatchHeader, Hash};
use ashlar_guest::{NativePlatform, check};
use ashlar_sequencer::{Asked, Availability, OutsideError, Proof, Proving, Sealed};
use ashlar_types::BatchNumber;
use ashlar_types::sign::{Curve, Native};

use crate::world::{Counts, World};

/// The world from the node's side.
#[derive(Clone)]
pub(crate) struct Side {
    pub world: Arc<World>,
    /// Milliseconds, by the clock that does not jump.
    pub now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Side {
    /// Whether this attempt fails, and what is said then.
    fn fails(&self, what: &str) -> Option<OutsideError> {
        let fails = !self.world.is_fair() && self.world.chance(self.world.scenario.outside_fails);
        fails.then(|| {
            Counts::add(&self.world.counts.failures, 1);
            OutsideError::retry(format!("{what} does not answer"))
        })
    }
}

fn ready<T: Send + 'static>(answer: Result<T, OutsideError>) -> Asked<T> {
    Box::pin(std::future::ready(answer))
}

/// What a header commits to its data by.
fn commitment_of(bytes: &[u8]) -> Hash {
    Hash(Native.sha256(&[7; 64], &[bytes]))
}

impl Availability for Side {
    fn commitment(&self, bytes: &[u8]) -> Result<Hash, OutsideError> {
        Ok(commitment_of(bytes))
    }

    fn publish(&self, sealed: Arc<Sealed>) -> Asked<()> {
        if let Some(error) = self.fails("data availability") {
            return ready(Err(error));
        }
        let input = match sealed.input() {
            Ok(input) => input,
            Err(error) => return ready(Err(OutsideError::stop(error.to_string()))),
        };
        if commitment_of(input.batch) != sealed.header().da_commitment {
            return ready(Err(OutsideError::stop("the header commits to other data")));
        }
        self.world.outside(|outside| outside.published.insert(sealed.header().hash(), input.batch.to_vec()));
        ready(Ok(()))
    }

    fn fetch(&self, header: BatchHeader) -> Asked<Option<Vec<u8>>> {
        if let Some(error) = self.fails("data availability") {
            return ready(Err(error));
        }
        ready(Ok(self.world.outside(|outside| outside.published.get(&header.hash()).cloned())))
    }

    // Stores of this world keep batches whole.
    fn row(&self, _: BatchHeader, _: u16) -> Asked<Option<RowFacts>> {
        ready(Ok(None))
    }
}

impl Proving for Side {
    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        if let Some(error) = self.fails("the prover") {
            return ready(Err(error));
        }
        let (number, hash) = (sealed.header().number, sealed.header().hash());
        if self.world.outside(|outside| outside.proofs.get(&number.get()).is_some_and(|(_, known, _)| *known == hash)) {
            return ready(Ok(()));
        }
        let checked = sealed.input().map_err(|error| error.to_string()).and_then(|input| {
            check(&input, &mut NativePlatform::default()).map_err(|error| format!("the guest refuses it: {error}"))
        });
        if let Err(why) = checked {
            return ready(Err(OutsideError::stop(format!("batch {}: {why}", number.get()))));
        }
        let done_ms = (self.now_ms)() + self.world.below(self.world.scenario.prove_ms + 1);
        let kind = "execute-only".to_owned();
        let proof = Proof { first: number, last: number, kind, proof_type: 0, bytes: vec![1] };
        self.world.outside(|outside| outside.proofs.insert(number.get(), (done_ms, hash, proof)));
        ready(Ok(()))
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        if let Some(error) = self.fails("the prover") {
            return ready(Err(error));
        }
        let now_ms = (self.now_ms)();
        let found = self.world.outside(|outside| outside.proofs.get(&first.get()).cloned());
        ready(Ok(found.filter(|(done_ms, ..)| *done_ms <= now_ms).map(|(_, _, proof)| proof)))
    }
}
