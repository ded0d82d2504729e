//! Execute-only: the guest's own code runs every batch again, in this process, and nothing is proven.
//!
//! It is what a development deployment accepts, and every screen calls it so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ashlar_batch::PublicValues;
use ashlar_guest::{NativePlatform, check};
use ashlar_sequencer::{Asked, OutsideError, Proof, Proving, Sealed};
use ashlar_types::BatchNumber;
use sha2::{Digest as _, Sha256};

/// What every screen calls this kind of proof.
pub const EXECUTE_ONLY: &str = "execute-only (development)";
/// Its number in a development deployment's registry.
pub const EXECUTE_ONLY_TYPE: u8 = 0;
/// Batches that one call on L1 may vouch for.
const BATCHES_PER_CALL: usize = 64;

/// Runs each batch as a guest would, and vouches for what it saw.
pub struct Executed {
    /// The program's name with the development verifier.
    key: [u8; 32],
    checked: Arc<Mutex<BTreeMap<BatchNumber, PublicValues>>>,
}

impl Executed {
    /// A prover that proves nothing, under this program's name.
    pub fn new(key: [u8; 32]) -> Executed {
        Executed { key, checked: Arc::default() }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proving for Executed {
    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let checked = self.checked.clone();
        Box::pin(async move {
            let number = sealed.header().number;
            if lock(&checked).contains_key(&number) {
                return Ok(());
            }
            let run = tokio::task::spawn_blocking(move || execute(&sealed));
            let values = run.await.map_err(|_| OutsideError::retry("the check of a batch was cut short"))??;
            lock(&checked).insert(number, values);
            Ok(())
        })
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        let found = joined(&lock(&self.checked), first).map(|(last, values)| Proof {
            first,
            last,
            kind: EXECUTE_ONLY.into(),
            proof_type: EXECUTE_ONLY_TYPE,
            bytes: vouch(&self.key, &values).to_vec(),
        });
        // Whatever is before the first batch that is asked for is final or soon will be.
        let mut checked = lock(&self.checked);
        let kept = BatchNumber::new(first.get().saturating_sub(BATCHES_PER_CALL as u64));
        *checked = checked.split_off(&kept);
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn execute(sealed: &Sealed) -> Result<PublicValues, OutsideError> {
    let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
    check(&input, &mut NativePlatform::default())
        .map_err(|error| OutsideError::stop(format!("the guest refuses batch {}: {error}", input.header.number.get())))
}

/// The longest stretch of checked batches that begins here, as one.
fn joined(checked: &BTreeMap<BatchNumber, PublicValues>, first: BatchNumber) -> Option<(BatchNumber, PublicValues)> {
    let mut last = first;
    let mut values = *checked.get(&first)?;
    for _ in 1..BATCHES_PER_CALL {
        let next = last.next();
        let Some(longer) = checked.get(&next).and_then(|after| values.join(after).ok()) else { break };
        (last, values) = (next, longer);
    }
    Some((last, values))
}

/// What the development verifier takes for a proof, so that a mistaken call is still noticed.
fn vouch(key: &[u8; 32], values: &PublicValues) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(ashlar_types::to_bytes(values));
    hash.finalize().into()
}
