//! What stores did with the batches that were published from here, for people.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use ashlar_api::door::{CustodyFacts, StoreFacts};
use ashlar_da::{Availability as Stores, PublishError, Published as Done, Receipt, Standing};
use ashlar_types::{Address, BatchNumber};

/// Signatures that are remembered: those of the last few batches.
const RECEIPTS_KEPT: usize = 32;

/// What one store did.
#[derive(Clone, Debug, Default)]
struct Deeds {
    confirmed: Option<(BatchNumber, u64)>,
    missed: u64,
    reason: Option<String>,
}

/// What all of them did.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    deeds: BTreeMap<String, Deeds>,
    /// The newest first.
    receipts: VecDeque<(BatchNumber, Address)>,
}

impl Ledger {
    /// Writes down what came of giving a batch to the stores.
    pub fn note(&self, stores: &Stores, batch: BatchNumber, outcome: &Result<Done, PublishError>, now_ms: u64) {
        let (failed, receipts): (_, &[Receipt]) = match outcome {
            Ok(done) => (&done.failed, &done.receipts),
            Err(PublishError::TooFewStores { failed, .. }) => (failed, &[]),
            // What is no batch reached no store.
            Err(PublishError::Coding(_)) => return,
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for store in stores.stores() {
            let deeds = kept.deeds.entry(store.name().to_owned()).or_default();
            match failed.iter().find(|(name, _)| name == store.name()) {
                None => *deeds = Deeds { confirmed: Some((batch, now_ms)), missed: 0, reason: None },
                Some((_, error)) => {
                    deeds.missed = deeds.missed.saturating_add(1);
                    deeds.reason = Some(error.to_string());
                }
            }
        }
        for receipt in receipts {
            let signed = (batch, receipt.custodian);
            kept.receipts.retain(|known| *known != signed);
            kept.receipts.push_front(signed);
        }
        kept.receipts.truncate(RECEIPTS_KEPT);
    }

    /// All of it, with how each store has answered questions.
    pub fn facts(&self, stores: &Stores, signers: usize) -> CustodyFacts {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = |name: &str| {
            let Deeds { confirmed, missed, reason } = kept.deeds.get(name).cloned().unwrap_or_default();
            let Standing { wrong, silent, right, time_us: _ } = stores.standing(name);
            StoreFacts { name: without_secrets(name), confirmed, missed, reason, right, wrong, silent }
        };
        CustodyFacts {
            needed: u32::try_from(stores.confirmed_min()).unwrap_or(u32::MAX),
            signers: u32::try_from(signers).unwrap_or(u32::MAX),
            stores: stores.stores().iter().map(|store| facts(store.name())).collect(),
            receipts: kept.receipts.iter().copied().collect(),
        }
    }
}

/// The name of a store as anyone may read it: without what stands before the `@` of an address, and without its query.
fn without_secrets(name: &str) -> String {
    let name = name.split_once('?').map_or(name, |(place, _)| place);
    match name.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_coding::Expansion;
    use ashlar_da::{Disk, Store};
    use commonware_runtime::{Runner as _, Supervisor as _, deterministic};

    #[test]
    fn the_name_of_a_store_tells_no_secret() {
        for (name, told) in [
            ("da-0", "da-0"),
            ("https://user:word@da.example:9900/keep?token=1", "https://da.example:9900/keep"),
            ("http://127.0.0.1:9900", "http://127.0.0.1:9900"),
            ("http://a@b@c", "http://c"),
        ] {
            assert_eq!(without_secrets(name), told);
        }
    }

    #[test]
    fn who_confirmed_is_told_and_who_did_not_with_the_reason() {
        deterministic::Runner::seeded(1).start(|context| async move {
            let disks =
                ["one", "two"].map(|name| Box::new(Disk::new(context.child("da"), name.to_owned())) as Box<dyn Store>);
            let stores = Stores::new(disks.into(), Expansion::Double, 1).expect("stores");
            let ledger = Ledger::default();
            let batch = BatchNumber::new;
            let done = |failed: Vec<(String, ashlar_da::StoreError)>| {
                let commitment = stores.code(b"some bytes").expect("codes").commitment();
                Ok(Done { commitment, confirmed: 2 - failed.len(), receipts: Vec::new(), failed })
            };
            ledger.note(&stores, batch(1), &done(Vec::new()), 5);
            let refused = || vec![("two".to_owned(), ashlar_da::StoreError::Refused("it is full".to_owned()))];
            ledger.note(&stores, batch(2), &done(refused()), 6);
            ledger.note(
                &stores,
                batch(3),
                &Err(PublishError::TooFewStores { need: 2, confirmed: 1, failed: refused() }),
                7,
            );
            let CustodyFacts { needed, signers, stores: told, receipts } = ledger.facts(&stores, 0);
            assert_eq!((needed, signers, receipts.len()), (1, 0, 0));
            assert_eq!((told[0].confirmed, told[0].missed), (Some((batch(3), 7)), 0));
            assert_eq!((told[1].confirmed, told[1].missed), (Some((batch(1), 5)), 2));
            assert_eq!(told[1].reason.as_deref(), Some("it refuses: it is full"));
        });
    }
}
