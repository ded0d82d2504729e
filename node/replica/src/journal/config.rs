use ashlar_types::{ExchangeId, Sequence};

use super::segment::FIRST_GROUP;
use crate::error::JournalError;
use crate::limits::{GROUP_BYTES_MAX, SECTOR_BYTES, SEGMENT_BYTES, SEGMENT_BYTES_MAX};
use crate::ordered::Epoch;

/// How much a journal makes and writes at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalSizes {
    /// Bytes of a segment, made at once.
    pub segment_bytes: u64,
    /// Bytes that may wait for one sync. A message that is longer finds no place.
    pub group_bytes: usize,
}

impl Default for JournalSizes {
    fn default() -> JournalSizes {
        JournalSizes { segment_bytes: SEGMENT_BYTES, group_bytes: GROUP_BYTES_MAX }
    }
}

/// How a journal is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalConfig {
    /// The partition of the storage that it has for itself.
    pub partition: String,
    /// Whose it is; a journal of another exchange is refused.
    pub exchange: ExchangeId,
    /// How much it makes and writes at once.
    pub sizes: JournalSizes,
    /// Where a journal that does not exist yet begins: at genesis, or at the snapshot that a node was recovered to.
    pub begin: (Epoch, Sequence),
    /// What other durable records of this node say was ordered. A journal that ends below it has lost what was acknowledged, and is not
    /// opened.
    pub floor: Sequence,
}

impl JournalConfig {
    /// A journal from genesis with sizes that suit a node.
    pub fn new(partition: &str, exchange: ExchangeId) -> JournalConfig {
        JournalConfig {
            partition: partition.to_owned(),
            exchange,
            sizes: JournalSizes::default(),
            begin: (Epoch::new(0), Sequence::new(0)),
            floor: Sequence::new(0),
        }
    }

    pub(super) fn check(&self) -> Result<(), JournalError> {
        let bad = |what| Err(JournalError::Config { what });
        let JournalSizes { segment_bytes, group_bytes } = self.sizes;
        if segment_bytes > SEGMENT_BYTES_MAX || !segment_bytes.is_multiple_of(SECTOR_BYTES as u64) {
            return bad("a segment is a multiple of 512 bytes and at most 1 GiB");
        }
        if group_bytes == 0 || group_bytes > GROUP_BYTES_MAX {
            return bad("a group has 1 byte to 16 MiB");
        }
        if super::frame::padded(group_bytes + super::frame::GROUP_HEAD_BYTES) as u64 + FIRST_GROUP > segment_bytes {
            return bad("a segment must hold the longest group and a header");
        }
        Ok(())
    }
}
