//! Keys that everybody can make: what development uses in place of secrets.

use sha2::{Digest as _, Sha256};

/// A development key: the hash of its public name.
pub fn development_key(name: &str) -> [u8; 32] {
    Sha256::digest(format!("ashlar development key: {name}").as_bytes()).into()
}
