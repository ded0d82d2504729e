//! A record of L1 blocks, replayed by the embedded L1: an audit without a network.

use std::path::Path;

#[cfg(feature = "devnet")]
use anyhow::Context as _;
use anyhow::Result;

/// The embedded L1 over a copy of a record. Both are gone when it is dropped.
#[cfg(feature = "devnet")]
pub struct Replayed {
    chain: ashlar_devnet::Devnet,
    _copy: Copy,
}

/// A file that is removed when it is no longer needed.
#[cfg(feature = "devnet")]
struct Copy(std::path::PathBuf);

#[cfg(feature = "devnet")]
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
        Ok(Replayed { chain, _copy: copy })
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

#[cfg(feature = "devnet")]
impl Copy {
    fn of(record: &Path) -> Result<Copy> {
        let name = format!("ashlar-l1-blocks-{}", std::process::id());
        let copy = Copy(std::env::temp_dir().join(name));
        std::fs::copy(record, &copy.0)
            .with_context(|| format!("the record {} cannot be copied to {}", record.display(), copy.0.display()))?;
        Ok(copy)
    }
}

/// Without the embedded L1 there is no record that could be replayed.
#[cfg(not(feature = "devnet"))]
pub enum Replayed {}

#[cfg(not(feature = "devnet"))]
impl Replayed {
    /// Says so.
    pub fn start(record: &Path) -> Result<Replayed> {
        anyhow::bail!("{} cannot be replayed by a program without the embedded L1; use --l1", record.display())
    }

    /// Of nothing.
    pub fn url(&self) -> String {
        match *self {}
    }

    /// Of nothing.
    pub fn deployer(&self) -> [u8; 20] {
        match *self {}
    }
}
