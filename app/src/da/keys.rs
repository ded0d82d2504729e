//! Keys in files that only their owner can read.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_types::sign::WalletSecret;

use crate::secrets;

/// The key in a file.
pub fn load(path: &Path) -> Result<WalletSecret> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let mode = file.metadata().context("looking at a key's file")?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} has mode {mode:o}, so others can read the key; chmod 600 it", path.display());
    }
    let mut text = String::new();
    file.take(256).read_to_string(&mut text).with_context(|| format!("{} cannot be read", path.display()))?;
    let bytes: Option<[u8; 32]> = alloy::hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    let malformed = || anyhow!("{} does not hold a key of 32 bytes in hexadecimal", path.display());
    WalletSecret::new(&bytes.ok_or_else(malformed)?).map_err(|_| malformed())
}

/// The key in a file; a new one if there is no such file yet.
pub fn load_or_make(path: &Path) -> Result<WalletSecret> {
    secrets::make_if_absent(path).with_context(|| format!("{} cannot be made", path.display()))?;
    load(path)
}
