//! One segment: a file made at its full length, a header, then groups.

use std::time::UNIX_EPOCH;

use commonware_runtime::{Blob, Clock, Error as RuntimeError, Storage, WriteOptions};

use super::config::JournalConfig;
use super::frame::{SegmentHead, Sum};
use super::standing::Standing;
use crate::limits::SECTOR_BYTES;

/// Where the first group of a segment stands.
pub const FIRST_GROUP: u64 = SECTOR_BYTES as u64;

/// An open segment.
pub struct Segment<B> {
    pub blob: B,
    pub head: SegmentHead,
    pub salt: Sum,
}

/// Under which name a segment is kept.
pub const fn name(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// Makes a segment and syncs it, so that its length never changes again and a group needs one sync of data only.
pub async fn make<E: Storage + Clock>(
    context: &E,
    config: &JournalConfig,
    number: u64,
    group: u64,
    chain: Sum,
    standing: Standing,
) -> Result<Segment<E::Blob>, RuntimeError> {
    let (blob, _) = context.open(&config.partition, &name(number)).await?;
    let now = context.current().duration_since(UNIX_EPOCH).unwrap_or_default();
    let made = now.as_nanos() as u64;
    let head = SegmentHead { exchange: config.exchange, number, group, chain, standing, made };
    blob.resize(config.sizes.segment_bytes).await?;
    blob.sync().await?;
    // The length is durable before the header is, so a segment with a header has all of its length.
    blob.write_at(0, head.to_bytes(), WriteOptions::SYNC).await?;
    Ok(Segment { blob, head, salt: head.salt() })
}

/// Reads bytes of a blob.
pub async fn read<B: Blob>(blob: &B, offset: u64, length: usize) -> Result<Vec<u8>, RuntimeError> {
    let buffer = vec![0; length];
    let bytes = blob.read_at_buf(offset, length, buffer, Default::default()).await?;
    Ok(bytes.coalesce().as_ref().to_vec())
}
