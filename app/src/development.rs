//! Keys that everybody can make: what development uses in place of secrets.

use ashlar_types::sign::WalletSecret;
use sha2::{Digest as _, Sha256};

/// A development key: the hash of its public name.
pub fn development_key(name: &str) -> [u8; 32] {
    Sha256::digest(format!("ashlar development key: {name}").as_bytes()).into()
}

/// What writes to custodians of a development deployment.
pub fn da_writer() -> WalletSecret {
    let key = development_key("da writer");
    // A hash is a key unless it is zero or beyond the group's order, which a test rules out for this one.
    WalletSecret::new(&key).unwrap_or_else(|_| unreachable!("the hash of a name is a key"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_development_writer_is_a_key() {
        assert_ne!(super::da_writer().address().0, [0; 20]);
    }
}
