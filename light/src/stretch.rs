//! The headers that a proof speaks of.

use ashlar_batch::{BatchHeader, PublicValues};

use crate::error::LightError;

/// Headers that follow each other, of which public values speak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    headers: Vec<BatchHeader>,
}

impl Stretch {
    /// Checks the headers against public values that a proof was checked to have, or that L1 has accepted.
    pub fn of_values(headers: Vec<BatchHeader>, values: &PublicValues) -> Result<Stretch, LightError> {
        let (Some(first), Some(last)) = (headers.first(), headers.last()) else {
            return Err(LightError::Count { expected: values.count, got: 0 });
        };
        let got = headers.len() as u64;
        if got != values.count {
            return Err(LightError::Count { expected: values.count, got });
        }
        let differs = |what, expected, got| Err(LightError::Stretch { what, expected, got });
        if first.parent_hash != values.parent_hash {
            return differs("parent", values.parent_hash, first.parent_hash);
        }
        let last_hash = last.hash();
        if last_hash != values.last_hash {
            return differs("last", values.last_hash, last_hash);
        }
        // The last hash reaches back to the first header through their parents' hashes, and following says that.
        for pair in headers.array_windows() {
            let [parent, header] = pair;
            header.follows(parent)?;
        }
        if last.version != values.version || last.exchange_id != values.exchange_id {
            return Err(LightError::WrongPublicValues);
        }
        Ok(Stretch { headers })
    }

    /// The headers, each proven.
    pub fn headers(&self) -> &[BatchHeader] {
        &self.headers
    }

    /// One of them.
    pub fn header(&self, index: usize) -> Result<&BatchHeader, LightError> {
        self.headers.get(index).ok_or(LightError::NoHeader { index })
    }
}
