//! What a node kept beside each batch of what the batch changed, read and never written.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use ashlar_types::BatchNumber;

use super::folder::content;

/// Where in a node's folder batches are.
const BATCHES: &str = "ashlar-batches";

/// A node's folder, or a copy of what is in it.
#[derive(Clone, Debug)]
pub struct KeptDiffs(PathBuf);

impl KeptDiffs {
    /// In the folder of a node.
    pub fn open(data: &Path) -> Result<KeptDiffs> {
        let path = data.join(BATCHES);
        ensure!(path.is_dir(), "{} has no {BATCHES} in it; name the folder of a node", data.display());
        Ok(KeptDiffs(path))
    }

    /// What a batch changed, if it is there and can be read. What it is worth shows when it is applied.
    pub fn get(&self, number: BatchNumber) -> Option<Vec<u8>> {
        let mut name = vec![b'd'];
        name.extend(number.get().to_be_bytes());
        let file = std::fs::read(self.0.join(alloy::hex::encode(name))).ok()?;
        content(&file).ok().map(<[u8]>::to_vec)
    }
}
