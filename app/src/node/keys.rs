//! What a node signs with, out of the files that its configuration names.

use anyhow::{Context as _, Result, anyhow};
use ashlar_sequencer::NodeKey;
use ashlar_settlement::signer::LocalKey;

use crate::config::NodeSettings;
use crate::secrets::read_key;

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
    let receipts = read_key(&settings.key_file).context("node.key_file")?;
    NodeKey::new(&receipts)
        .map_err(|_| anyhow!("node.key_file: {} holds no key of the curve; make another", settings.key_file.display()))
}

/// What signs transactions on L1.
pub fn submitter(settings: &NodeSettings) -> Result<LocalKey> {
    let submitter = read_key(&settings.l1.key_file).context("l1.key_file")?;
    let source = settings.l1.key_file.display().to_string();
    LocalKey::from_hex(&alloy::hex::encode(submitter), &source).context("l1.key_file")
}
