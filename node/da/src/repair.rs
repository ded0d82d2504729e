//! Batches of which no stores together have enough that is proven: everything they have is read, damaged or not, and corrected.

use ashlar_batch::merkle::Digest;
use ashlar_coding::repair::{Check, Reach, Readings, RepairError, Repaired};
use ashlar_coding::{Layout, Row, Simd, Verifier};
use futures::future::join_all;

use crate::{BatchKey, Share, Store};

/// How far lists reach, where they are needed: beyond it they cost more than they find.
const MULTIPLICITY: usize = 4;
/// Layouts that are tried where no manifest is whole.
const LAYOUTS_MAX: usize = 4;

/// Why a batch was not repaired.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// Nobody has even a damaged share.
    #[error("no store has even a damaged share of the batch; add stores that have some of it")]
    Nothing,
    /// What there is does not lead to the batch.
    #[error("{0}")]
    Coding(RepairError),
}

/// Everything that was read of a batch. None of it is believed.
#[derive(Debug)]
pub struct Salvage {
    key: BatchKey,
    shares: Vec<Share>,
    copies: Vec<Vec<u8>>,
}

impl Salvage {
    /// Of what stores have, all asked at once.
    pub async fn of(stores: &[Box<dyn Store>], key: &BatchKey) -> Salvage {
        let answers = join_all(stores.iter().map(|store| store.salvage(key))).await;
        Salvage { key: *key, shares: answers.into_iter().filter_map(Result::ok).collect(), copies: Vec::new() }
    }

    /// A copy of the batch's bytes, damaged: its data rows.
    pub fn copy(&mut self, bytes: Vec<u8>) {
        self.copies.push(bytes);
    }

    /// The batch; a data root that is known besides is what it is judged by.
    pub fn repair(&self, data_root: Option<Digest>) -> Result<Repaired, SalvageError> {
        let whole = self.shares.iter().find_map(|share| {
            let root = data_root.unwrap_or(share.manifest.data_root());
            Verifier::new(self.key.commitment, root, share.manifest.clone()).ok()
        });
        let layouts = match &whole {
            Some(verifier) => vec![*verifier.manifest().layout()],
            None => self.layouts(),
        };
        // A manifest under the commitment fixes the data root too.
        let root = whole.as_ref().map(|verifier| verifier.manifest().data_root()).or(data_root);
        let check = root.map_or(Check::Commitment(self.key.commitment), Check::DataRoot);
        let mut failure = SalvageError::Nothing;
        for layout in layouts {
            let readings = self.readings(layout, whole.as_ref());
            let near = readings.repair(&check, Reach::Half, &Simd);
            let found = match near {
                Err(RepairError::Beyond { .. } | RepairError::NoneRight { .. }) => {
                    readings.repair(&check, Reach::Lists { multiplicity: MULTIPLICITY }, &Simd)
                }
                _ => near,
            };
            match found {
                Ok(repaired) => return Ok(repaired),
                Err(error) => failure = SalvageError::Coding(error),
            }
        }
        Err(failure)
    }

    /// The layouts that shares speak of, those of most shares first.
    fn layouts(&self) -> Vec<Layout> {
        let mut counted: Vec<(usize, Layout)> = Vec::new();
        for layout in self.shares.iter().map(|share| *share.manifest.layout()) {
            match counted.iter_mut().find(|(_, counted)| *counted == layout) {
                Some((count, _)) => *count += 1,
                None => counted.push((1, layout)),
            }
        }
        counted.sort_by_key(|(count, _)| usize::MAX - count);
        counted.into_iter().map(|(_, layout)| layout).take(LAYOUTS_MAX).collect()
    }

    fn readings(&self, layout: Layout, verifier: Option<&Verifier>) -> Readings {
        let mut readings = Readings::new(layout);
        for chunk in self.shares.iter().flat_map(|share| &share.chunks) {
            readings.chunk(chunk, self.key.commitment, verifier);
        }
        for copy in &self.copies {
            for (number, bytes) in (0..layout.data_rows() as u16).zip(copy.chunks(layout.row_bytes())) {
                let mut bytes = bytes.to_vec();
                bytes.resize(layout.row_bytes(), 0);
                let row = Row::new(number);
                match verifier {
                    Some(verifier) if verifier.fits(row, &bytes) => readings.likely(row, &bytes),
                    _ => readings.doubtful(row, &bytes),
                }
            }
        }
        readings
    }
}
