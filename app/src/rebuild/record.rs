//! A record of L1 blocks, replayed by the embedded L1: an audit without a network.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The embedded L1 over a copy of a record. Both are gone when it is dropped.
#[cfg(feature = "devnet")]
pub struct Replayed {
    chain: ashlar_devnet::Devnet,
    copy: Copy,
}

/// A file that is removed when it is no longer needed.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed now is in a folder that the system empties.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(feature = "devnet")]
impl Replayed {
    /// Replays a copy, because a chain writes into its record and an auditor changes nothing.
    pub fn start(record: &Path) -> Result<Replayed> {
        let copy = Copy::of(record)?;
        let config = ashlar_devnet::Config { record: Some(copy.0.clone()), ..ashlar_devnet::Config::default() };
        let chain = ashlar_devnet::Devnet::start(&config).context("replaying the record of L1 blocks")?;
        Ok(Replayed { chain, copy })
    }

    /// The URL of its JSON-RPC.
    pub fn url(&self) -> String {
        self.chain.url()
    }

    /// Development accounts, the first of which deploys.
    pub fn deployer(&self) -> [u8; 20] {
        ashlar_devnet::DEVELOPMENT_ACCOUNTS.first().map_or([0; 20], |account| account.address)
    }
}

impl Copy {
    fn of(record: &Path) -> Result<Copy> {
        let name = format!("ashlar-l1-blocks-{}", std::process::id());
        let copy = Copy(std::env::temp_dir().join(name));
        std::fs::copy(record, &copy.0)
            .with_context(|| format!("the record {} cannot be copied to {}", record.display(), copy.0.display()))?;
        Ok(copy)
    }
}
