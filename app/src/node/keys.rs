//! Files with keys, which nobody else may read.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_sequencer::NodeKey;
use ashlar_settlement::signer::LocalKey;

use crate::config::NodeSettings;

/// What a node signs with.
pub struct Keys {
    /// Receipts at the door.
    pub receipts: NodeKey,
    /// Transactions on L1.
    pub submitter: LocalKey,
}

impl Keys {
    /// From the files that the configuration names.
    pub fn load(settings: &NodeSettings) -> Result<Keys> {
        Ok(Keys { receipts: receipts(settings)?, submitter: submitter(settings)? })
    }
}

/// What signs receipts.
pub fn receipts(settings: &NodeSettings) -> Result<NodeKey> {
    let receipts = secret(&settings.key_file).context("node.key_file")?;
    NodeKey::new(&receipts)
        .map_err(|_| anyhow!("node.key_file: {} holds no key of the curve; make another", settings.key_file.display()))
}

/// What signs transactions on L1.
pub fn submitter(settings: &NodeSettings) -> Result<LocalKey> {
    let submitter = secret(&settings.l1.key_file).context("l1.key_file")?;
    let source = settings.l1.key_file.display().to_string();
    LocalKey::from_hex(&alloy::hex::encode(submitter), &source).context("l1.key_file")
}

/// The 32 bytes in a file that only its owner can read. What the file holds is never part of an error.
pub fn secret(path: &Path) -> Result<[u8; 32]> {
    let shown = path.display();
    let file = File::open(path)
        .with_context(|| format!("{shown} cannot be read; `umask 077; openssl rand -hex 32 > {shown}` makes a key"))?;
    let mode = file.metadata().with_context(|| format!("{shown} cannot be looked at"))?.permissions().mode() & 0o777;
    ensure!(mode & 0o077 == 0, "{shown} has mode {mode:o}, so others can read it; take another key, with chmod 600");
    let mut text = String::new();
    file.take(128).read_to_string(&mut text).with_context(|| format!("{shown} cannot be read as text"))?;
    let digits = text.trim().trim_start_matches("0x");
    let mut bytes = [0; 32];
    let is_key = alloy::hex::decode_to_slice(digits, &mut bytes).is_ok();
    ensure!(is_key, "{shown} does not hold 64 hexadecimal digits");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str, mode: u32) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("ashlar-key-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
        path
    }

    #[test]
    fn only_a_whole_key_that_only_its_owner_reads_is_taken() {
        let digits = "0b".repeat(32);
        let told = |path: &Path| format!("{:#}", secret(path).expect_err("it is refused"));
        let good = file("good", &format!("0x{digits}\n"), 0o600);
        assert_eq!(secret(&good).expect("a key"), [11; 32]);
        let open = file("open", &digits, 0o640);
        assert!(told(&open).contains("mode 640"), "{}", told(&open));
        let short = file("short", &digits[2..], 0o600);
        assert!(told(&short).contains("64 hexadecimal digits") && !told(&short).contains("0b0b"));
        let gone = Path::new("/nowhere/node.key");
        assert!(told(gone).contains("openssl rand -hex 32"), "{}", told(gone));
        for path in [good, open, short] {
            std::fs::remove_file(path).expect("is removed");
        }
    }
}
