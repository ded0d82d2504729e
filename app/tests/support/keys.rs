//! Keys in files, as the binary reads them, and those that everybody knows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// A key in a file that only its owner reads.
pub fn secret(path: impl AsRef<Path>, bytes: &[u8]) -> PathBuf {
    let path = path.as_ref().to_owned();
    fs::write(&path, alloy::hex::encode(bytes)).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
    path
}

/// The key that development gives to whoever has this name.
pub fn development_key(name: &str) -> [u8; 32] {
    Sha256::digest(format!("ashlar development key: {name}").as_bytes()).into()
}
