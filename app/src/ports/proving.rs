//! Execute-only: the guest's own code runs every batch again, in this process, and nothing is proven.
//!
//! It is what a development deployment accepts, and every screen calls it so. What a run gave is kept on disk: whoever was told
//! that a batch was checked may ask for it after the next start.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use ashlar_api::door::{ProofStanding, ProofStep};
use ashlar_batch::PublicValues;
use ashlar_guest::{NativePlatform, check};
use ashlar_prover::native_program;
use ashlar_sequencer::{Asked, OutsideError, Proof, Proving, Sealed};
use ashlar_settlement::Version;
use ashlar_types::{BatchNumber, from_bytes, to_bytes};
use sha2::{Digest as _, Sha256};

use super::coordinated::unanswered;
use crate::proving::{Backend, Policies, Policy};

/// Batches whose public values are kept; L1 has proven the older ones long ago.
const KEPT_MAX: usize = 1 << 16;

/// Runs each batch as a guest would, and vouches for what it saw.
pub struct Executed {
    /// What each version asks for, and by what the development verifier knows the program.
    policies: Arc<Policies>,
    shelf: Arc<Shelf>,
}

/// The public values of checked batches, in memory and in a file each.
struct Shelf {
    folder: PathBuf,
    checked: Mutex<BTreeMap<BatchNumber, PublicValues>>,
}

impl Executed {
    /// A prover that proves nothing, with what it kept in this folder.
    pub fn open(policies: Arc<Policies>, folder: PathBuf) -> Result<Executed> {
        let shelf = Shelf::open(folder).context("opening what was checked before")?;
        Ok(Executed { policies, shelf: Arc::new(shelf) })
    }
}

impl Shelf {
    fn open(folder: PathBuf) -> Result<Shelf> {
        fs::create_dir_all(&folder)?;
        let mut checked = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            // A file that is not whole is one that nobody was told of: its batch is checked again.
            if let Some((number, values)) = read(&path) {
                checked.insert(number, values);
            }
        }
        Ok(Shelf { folder, checked: Mutex::new(checked) })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BatchNumber, PublicValues>> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, number: BatchNumber) -> PathBuf {
        self.folder.join(number.get().to_string())
    }

    fn put(&self, number: BatchNumber, values: PublicValues) -> std::io::Result<()> {
        let mut file = fs::File::create(self.path(number))?;
        file.write_all(&to_bytes(&values))?;
        file.sync_all()?;
        let mut checked = self.lock();
        checked.insert(number, values);
        while checked.len() > KEPT_MAX {
            if let Some((oldest, _)) = checked.pop_first() {
                fs::remove_file(self.path(oldest))?;
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Option<(BatchNumber, PublicValues)> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    Some((BatchNumber::new(number), from_bytes(&fs::read(path).ok()?).ok()?))
}

impl Proving for Executed {
    fn learn(&self, listed: Arc<[Version]>) -> Asked<Option<String>> {
        let policies = self.policies.clone();
        Box::pin(async move { Ok(policies.learn(&listed).await.map_err(unanswered)?.lacking) })
    }

    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let shelf = self.shelf.clone();
        Box::pin(async move {
            let number = sealed.header().number;
            let known = shelf.lock().get(&number).copied();
            // After a reorganisation a batch of the same number may be another one.
            if known.is_some_and(|values| values.last_hash == sealed.header().hash()) {
                return Ok(());
            }
            let run = tokio::task::spawn_blocking(move || {
                let values = execute(&sealed)?;
                shelf.put(number, values).map_err(|error| OutsideError::retry(error.to_string()))
            });
            run.await.map_err(|_| OutsideError::retry("the check of a batch was cut short"))?
        })
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        // One batch at a time: what was said of a batch must be said again, whatever was checked in between.
        let values = self.shelf.lock().get(&first).copied();
        let found = values.map(|values| {
            let policy = self.policies.of(values.version).map_err(OutsideError::retry)?;
            let (kind, proof_type) = (policy.kind(), policy.proof_type());
            Ok(Proof { first, last: first, kind, proof_type, bytes: vouch(&policy.key(), &values).to_vec() })
        });
        Box::pin(std::future::ready(found.transpose()))
    }

    fn standing(&self, batch: BatchNumber) -> Asked<Option<ProofStanding>> {
        let policy = Policy::development(Backend::Execute);
        let found = self.shelf.lock().contains_key(&batch).then(|| ProofStanding {
            first: batch,
            last: batch,
            backend: Backend::Execute.target().backend.to_string(),
            kind: policy.kind(),
            trust: policy.trust(),
            program: native_program().0,
            // When it ran was of no interest to anybody, and it took no time worth telling.
            step: ProofStep::Proven {
                at_ms: 0,
                took_ms: 0,
                cycles: 0,
                memory_bytes: 0,
                signers: Vec::new(),
                threshold: 0,
            },
        });
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn execute(sealed: &Sealed) -> Result<PublicValues, OutsideError> {
    let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
    check(&input, &mut NativePlatform::default())
        .map_err(|error| OutsideError::stop(format!("the guest refuses batch {}: {error}", input.header.number.get())))
}

/// What the development verifier takes for a proof, so that a mistaken call is still noticed.
pub(super) fn vouch(key: &[u8; 32], values: &PublicValues) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(to_bytes(values));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_batch::Hash;
    use ashlar_types::ExchangeId;

    fn values(number: u8) -> PublicValues {
        let (parent_hash, last_hash) = (Hash([number - 1; 32]), Hash([number; 32]));
        PublicValues { version: 1, exchange_id: ExchangeId([7; 32]), parent_hash, last_hash, count: 1 }
    }

    #[test]
    fn what_was_checked_is_there_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("ashlar-executed-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        let shelf = Shelf::open(folder.clone()).expect("opens");
        for number in [3, 4, 6] {
            shelf.put(BatchNumber::new(number.into()), values(number)).expect("is kept");
        }
        fs::write(folder.join("5"), [1, 2]).expect("a torn file");
        let again = Shelf::open(folder.clone()).expect("opens again");
        let kept: Vec<_> = again.lock().keys().map(|number| number.get()).collect();
        assert_eq!(kept, [3, 4, 6], "a torn file is a batch that was not checked");
        assert_eq!(again.lock()[&BatchNumber::new(6)], values(6));
        fs::remove_dir_all(&folder).expect("is removed");
    }
}
