use std::sync::Mutex;

use ashlar_batch::Signatures;
use ashlar_coding::{Coded, CodingError, Expansion, Simd};
use ashlar_da::{
    Answer, Availability, BatchKey, Deposit, FetchError, Kept, Receipt, SectionKey, SetupError, Share, Store,
    StoreError, Verdict, Wanted,
};
use ashlar_types::{BatchNumber, from_bytes, to_bytes};
use commonware_runtime::{Runner, deterministic};

use crate::market::{batch, header};

/// What a store does to the truth.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Honest,
    Dead,
    /// Turns a bit in everything it sends.
    Garbles,
    /// Sends the share of another batch.
    Replays,
    /// Confirms and keeps nothing.
    Forgets,
    /// Sends everything it has, whatever was asked for.
    Floods,
}

struct Memory {
    name: String,
    manner: Manner,
    kept: Mutex<Vec<(BatchKey, Vec<u8>)>>,
}

impl Memory {
    fn boxed(index: usize, manner: Manner) -> Box<dyn Store> {
        Box::new(Memory { name: format!("node-{index}"), manner, kept: Mutex::default() })
    }

    fn dead(&self, action: &'static str) -> StoreError {
        StoreError::Failed { action, reason: "it is dead".into() }
    }

    fn answer(&self, key: &BatchKey, wanted: Wanted<'_>) -> Result<Share, StoreError> {
        let kept = self.kept.lock().unwrap();
        let found = match self.manner {
            Manner::Dead => return Err(self.dead("answer")),
            Manner::Replays => kept.iter().find(|(other, _)| other != key),
            _ => kept.iter().find(|(other, _)| other == key),
        };
        let mut bytes = found.ok_or(StoreError::Absent(*key))?.1.clone();
        if let Manner::Garbles = self.manner {
            let at = bytes.len() - 7;
            bytes[at] ^= 1;
        }
        let mut share: Share = from_bytes(&bytes).map_err(StoreError::Damaged)?;
        match self.manner {
            Manner::Floods => share.chunks.extend(share.chunks.clone()),
            Manner::Garbles => {}
            _ => share.narrow(wanted),
        }
        Ok(share)
    }
}

impl Store for Memory {
    fn name(&self) -> &str {
        &self.name
    }

    fn put<'a>(&'a self, key: &'a BatchKey, deposit: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(async move {
            match self.manner {
                Manner::Dead => return Err(self.dead("keep")),
                Manner::Forgets => {}
                _ => self.kept.lock().unwrap().push((*key, to_bytes(&deposit.share))),
            }
            Ok(None)
        })
    }

    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        Box::pin(async move { self.answer(key, wanted) })
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(async move { Err(StoreError::AbsentSection(*key)) })
    }

    fn list(&self, _: BatchNumber, _: usize) -> Answer<'_, Kept> {
        Box::pin(async move { Ok(Kept::default()) })
    }
}

/// Of four nodes any one dead and any other lying in any manner: publication and retrieval go on, and the liar is named.
#[test]
fn one_dead_and_one_lying_of_four_do_not_matter() {
    let manners = [Manner::Honest, Manner::Garbles, Manner::Replays, Manner::Forgets, Manner::Floods];
    for manner in manners {
        for dead in 0..4 {
            for liar in (0..4).filter(|liar| *liar != dead) {
                deterministic::Runner::seeded(1).start(|_| async move {
                    let store = |index| match index {
                        _ if index == dead => Memory::boxed(index, Manner::Dead),
                        _ if index == liar => Memory::boxed(index, manner),
                        _ => Memory::boxed(index, Manner::Honest),
                    };
                    let all = Availability::new((0..4).map(store).collect(), Expansion::Double, 3).unwrap();
                    let first = batch(4_000, 1);
                    all.publish(BatchNumber::new(1), &first, &Signatures::new()).await.unwrap();
                    let bytes = batch(6_000, 2);
                    let published = all.publish(BatchNumber::new(2), &bytes, &Signatures::new()).await.unwrap();
                    assert_eq!(published.failed[0].0, format!("node-{dead}"));
                    let fetched = all.fetch(&header(2, &bytes, published.commitment)).await.unwrap();
                    assert_eq!(fetched.bytes, bytes);
                    for source in &fetched.sources {
                        let honest = source.name != format!("node-{liar}") && source.name != format!("node-{dead}");
                        assert!(!honest || source.verdict == Verdict::Honest);
                        let caught = matches!(source.verdict, Verdict::Wrong(_));
                        let lies = matches!(manner, Manner::Garbles | Manner::Replays);
                        assert_eq!(caught, lies && source.name == format!("node-{liar}"), "{manner:?} {source:?}");
                    }
                });
            }
        }
    }
}

#[test]
fn a_publisher_that_commits_to_a_wrong_code_is_named() {
    deterministic::Runner::seeded(2).start(|_| async move {
        let all = Availability::new((0..4).map(|i| Memory::boxed(i, Manner::Honest)).collect(), Expansion::Double, 3);
        let all = all.unwrap();
        let bytes = batch(5_000, 1);
        let honest = Coded::new(&bytes, Expansion::Double, &Simd).unwrap();
        let layout = *honest.manifest().layout();
        let data = honest.chunks().take(layout.data_rows()).flat_map(|chunk| chunk.bytes().to_vec()).collect();
        let garbage = vec![0x5a; layout.coded_rows() * layout.row_bytes()];
        let cheat = Coded::from_rows(layout, data, garbage).unwrap();
        all.put(BatchNumber::new(1), &cheat, &Signatures::new()).await.unwrap();
        let fetched = all.fetch(&header(1, &bytes, cheat.commitment())).await.unwrap();
        assert_eq!(fetched.bytes, bytes, "the data rows are all there");
        let relayed = |verdict: &Verdict| matches!(verdict, Verdict::Relayed(CodingError::NotCoded { .. }));
        assert!(fetched.sources.iter().any(|source| relayed(&source.verdict)));

        let other = batch(5_000, 2);
        let refused = all.fetch(&header(1, &other, cheat.commitment())).await.unwrap_err();
        assert!(matches!(refused, FetchError::NotTheBatch(CodingError::DataRoot { .. })), "{refused}");
    });
}

#[test]
fn stores_that_cannot_be_enough_are_refused() {
    let stores = |count: usize| (0..count).map(|i| Memory::boxed(i, Manner::Honest)).collect();
    let refusal = |count, min| Availability::new(stores(count), Expansion::Double, min).err();
    assert_eq!(refusal(0, 0), Some(SetupError::Stores { got: 0 }));
    assert_eq!(refusal(33, 33), Some(SetupError::Stores { got: 33 }));
    assert_eq!(refusal(4, 1), Some(SetupError::Confirmations { min: 2, max: 4, got: 1 }));
    assert_eq!(refusal(4, 5), Some(SetupError::Confirmations { min: 2, max: 4, got: 5 }));
    assert_eq!(refusal(4, 3), None);
}
