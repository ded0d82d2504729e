//! Batches over folders of the disk, or over custodians.

use std::sync::Arc;

use ashlar_api::door::RowFacts;
use ashlar_batch::{BatchHeader, Hash};
use ashlar_coding::{Chunk, Row};
use ashlar_da::{Availability as Stores, BatchKey, Published as Done, Wanted, signatures_of};
use ashlar_sequencer::{Asked, Availability, OutsideError, Sealed};
use ashlar_types::to_bytes;

/// Publishes to the stores of a deployment.
pub struct Published(Arc<Stores>);

impl Published {
    /// Over these stores.
    pub fn new(stores: Arc<Stores>) -> Published {
        Published(stores)
    }
}

impl Availability for Published {
    fn commitment(&self, bytes: &[u8]) -> Result<Hash, OutsideError> {
        let coded = self.0.code(bytes).map_err(|error| OutsideError::stop(error.to_string()))?;
        Ok(coded.commitment().to_hash())
    }

    fn publish(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let stores = self.0.clone();
        Box::pin(async move {
            let input = sealed.input().map_err(|error| OutsideError::stop(error.to_string()))?;
            let signatures = signatures_of(input.signatures);
            let signatures = signatures.ok_or_else(|| OutsideError::stop("a built batch has no whole signatures"))?;
            let published = stores.publish(sealed.header().number, input.batch, &signatures).await;
            let Done { failed, receipts, confirmed, .. } =
                published.map_err(|error| OutsideError::retry(error.to_string()))?;
            for (store, error) in failed {
                tracing::warn!(batch = sealed.header().number.get(), store, %error, "a store did not confirm");
            }
            tracing::debug!(batch = sealed.header().number.get(), confirmed, receipts = receipts.len(), "published");
            Ok(())
        })
    }

    fn row(&self, header: BatchHeader, row: u16) -> Asked<Option<RowFacts>> {
        let stores = self.0.clone();
        Box::pin(async move {
            let key = BatchKey::of(&header).ok_or_else(|| OutsideError::stop("the batch was published elsewhere"))?;
            let only = [Row::new(row)];
            for store in stores.stores() {
                // A store that is down or damaged says nothing about the others.
                let Ok(share) = store.get(&key, Wanted::Only(&only)).await else { continue };
                let layout = *share.manifest.layout();
                let wanted = |chunk: &&Chunk| layout.row_at(chunk.place()) == Some(Row::new(row));
                if let Some(chunk) = share.chunks.iter().find(wanted) {
                    let rows = u32::try_from(layout.rows()).unwrap_or(u32::MAX);
                    return Ok(Some(RowFacts { rows, chunk: to_bytes(chunk) }));
                }
            }
            Ok(None)
        })
    }
}
