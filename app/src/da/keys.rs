//! Keys in files that only their owner can read.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use ashlar_types::sign::WalletSecret;

use crate::secrets;

/// The key in a file.
pub fn load(path: &Path) -> Result<WalletSecret> {
    WalletSecret::new(&secrets::read_key(path)?)
        .map_err(|_| anyhow!("{} holds no key of the curve; make another", path.display()))
}

/// The key in a file; a new one if there is no such file yet.
pub fn load_or_make(path: &Path) -> Result<WalletSecret> {
    secrets::make_if_absent(path).with_context(|| format!("{} cannot be made", path.display()))?;
    load(path)
}
