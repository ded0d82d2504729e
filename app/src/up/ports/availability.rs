//! Batches over folders of the disk.

use std::sync::Arc;

use ashlar_batch::Hash;
use ashlar_da::Availability as Stores;
use ashlar_sequencer::{Asked, Availability, OutsideError, Sealed};

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
            let published = stores.publish(sealed.header().number, input.batch).await;
            published.map(drop).map_err(|error| OutsideError::retry(error.to_string()))
        })
    }
}
