//! What a data folder is beyond what its node stores: whether it was begun by following, and whether it was told to order.
//!
//! A folder that was begun by following holds nothing that L1 and published data do not have, so it may be begun anew. One that was told to order
//! stays so, whatever its configuration says, and orders in epochs above all that another node can have signed in.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ashlar_types::BatchNumber;
use commonware_runtime::{Error as RuntimeError, Storage, tokio as runtime};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// What a node stores of what it executed; its snapshots stay when it begins anew, and those that L1 holds shorten the way.
const EXECUTED: [&str; 2] = ["ashlar-journal", "ashlar-batches"];

/// That a folder was told to order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promoted {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// After which batch.
    pub after: BatchNumber,
}

impl Promoted {
    /// The lowest epoch that it orders in.
    pub const fn epoch(&self) -> u64 {
        self.at_ms / 1_000
    }
}

fn following(data: &Path) -> PathBuf {
    data.join("following")
}

fn promoted(data: &Path) -> PathBuf {
    data.join("promoted")
}

/// Whether it was begun by following and was not told to order since. A folder that cannot be looked at is not taken for one that orders.
pub fn follows(data: &Path) -> Result<bool> {
    let path = following(data);
    let is_begun = path.try_exists().with_context(|| format!("{} cannot be looked at", path.display()))?;
    Ok(is_begun && read(data)?.is_none())
}

/// Whether it was told to order.
pub fn read(data: &Path) -> Result<Option<Promoted>> {
    let path = promoted(data);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let told: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    let number = |name: &str| told[name].as_u64().with_context(|| format!("{} has no {name}", path.display()));
    Ok(Some(Promoted { at_ms: number("at_ms")?, after: BatchNumber::new(number("after_batch")?) }))
}

/// Notes that it is begun by following.
pub fn begin(data: &Path) -> Result<()> {
    write(
        &following(data),
        &json!({ "what": "this folder follows an exchange; whatever it holds can be had from L1 and published data" }),
    )
}

/// Notes, durably, that it orders from now on. From then on this note is what counts, whatever becomes of the other one.
pub fn promote(data: &Path, told: Promoted) -> Result<()> {
    write(&promoted(data), &json!({ "at_ms": told.at_ms, "after_batch": told.after.get() }))?;
    match fs::remove_file(following(data)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "the note that this folder was begun by following stays beside the one that it orders");
        }
        _ => {}
    }
    Ok(())
}

/// Whoever finds the note finds all of it: it gets its name once it is on the disk.
fn write(path: &Path, told: &Value) -> Result<()> {
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut draft = NamedTempFile::new_in(folder)?;
        draft.write_all(format!("{told:#}\n").as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

/// Whether a node executed anything in the folder of this runtime.
pub async fn is_begun(context: &runtime::Context) -> Result<bool> {
    match context.scan(EXECUTED[0]).await {
        Ok(names) => Ok(!names.is_empty()),
        Err(RuntimeError::PartitionMissing(_)) => Ok(false),
        Err(error) => Err(error).context("the folder of the journal cannot be read"),
    }
}

/// Removes what was executed.
pub async fn clear(context: &runtime::Context) -> Result<()> {
    for partition in EXECUTED {
        match context.remove(partition, None).await {
            Ok(()) | Err(RuntimeError::PartitionMissing(_)) => {}
            Err(error) => return Err(error).with_context(|| format!("{partition} cannot be removed")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_told_to_order_follows_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        let is_following = || follows(data).expect("it can be looked at");
        assert!(!is_following() && read(data).expect("nothing").is_none());
        begin(data).expect("written");
        assert!(is_following());
        let told = Promoted { at_ms: 1_767_225_600_123, after: BatchNumber::new(7) };
        promote(data, told).expect("written");
        assert!(!is_following());
        assert_eq!(read(data).expect("read"), Some(told));
        assert_eq!(told.epoch(), 1_767_225_600);
        // As a crash between the two leaves it.
        begin(data).expect("written");
        assert!(!is_following(), "it was told to order, and stays so");
        assert_eq!(fs::read_dir(data).expect("reads").count(), 2, "no draft is left");
    }
}
