//! Keys in files that only their owner can read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_types::sign::WalletSecret;

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
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let mut random = [0; 32];
            File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random)).context("making a key")?;
            let text = alloy::hex::encode(random);
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("writing a key")?;
            load(path)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => load(path),
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", path.display())),
    }
}
