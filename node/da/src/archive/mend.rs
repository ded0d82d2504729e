//! What is damaged in an archive, restored from stores and from what the archive itself still has of it.

use std::sync::Arc;

use ashlar_batch::Hash;
use ashlar_batch::merkle::Digest;
use ashlar_coding::{DaCommitment, Row};
use ashlar_types::BatchNumber;
use sha2::{Digest as _, Sha256};

use super::catalog::Segment;
use super::error::damaged;
use super::{Archive, ArchiveError, Content, Entry, segment};
use crate::deposit::signatures_of;
use crate::limits::SEGMENT_BYTES_MAX;
use crate::{Availability, BatchKey, SalvageError, SectionKey};

/// Why a damaged batch was not restored.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// The archive failed, or is damaged in a way that is not mended.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The batch was published under another scheme.
    #[error("batch {} was published under {commitment:?}, which is no commitment of rows; archive it anew", .number.get())]
    OtherScheme {
        /// The batch.
        number: BatchNumber,
        /// Its commitment.
        commitment: Hash,
    },
    /// Stores and what is left here are not enough.
    #[error("batch {} is damaged and stores do not restore it: {why}", .number.get())]
    Bytes {
        /// The batch.
        number: BatchNumber,
        /// Why not.
        why: SalvageError,
    },
    /// No store has its signatures.
    #[error("batch {} was restored, and none of {stores} stores has its signatures; add stores that keep them", .number.get())]
    Signatures {
        /// The batch.
        number: BatchNumber,
        /// Stores that were asked.
        stores: usize,
    },
}

/// A batch that was damaged, and what was wrong with it here and in stores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mended {
    /// The batch, whole.
    pub content: Arc<Content>,
    /// Rows that had to be corrected; nothing if stores had enough that was proven, or nothing was damaged.
    pub wrong: Vec<Row>,
    /// Whether it was damaged.
    pub was_damaged: bool,
}

impl Archive {
    /// A batch from wherever it is, as [`Archive::get`] has it; if it is damaged here, restored from stores and put back.
    ///
    /// What is left of it here is rows in doubt, which count where stores have too few that are proven.
    pub async fn get_or_mend(
        &self,
        number: BatchNumber,
        now_ms: u64,
        stores: &Availability,
    ) -> Result<Option<Mended>, MendError> {
        match self.get(number, now_ms).await {
            Ok(content) => Ok(content.map(|content| Mended { content, wrong: Vec::new(), was_damaged: false })),
            Err(ArchiveError::Damaged { .. }) => Ok(Some(self.mend(number, stores).await?)),
            Err(error) => Err(error.into()),
        }
    }

    async fn mend(&self, number: BatchNumber, stores: &Availability) -> Result<Mended, MendError> {
        let entry = self.catalog.entry(number.get())?;
        let entry = entry.ok_or_else(|| damaged(number, "the catalog", "it has no entry of it"))?;
        let left = self.left_of(number).await?;
        let (bytes, wrong) = self.bytes(&entry, &left, stores).await?;
        let signatures = signatures(&entry, left, stores).await?;
        let content = Content { bytes, signatures };
        entry.is_of(&content).map_err(|why| damaged(number, "what stores have", why))?;
        self.catalog.put_hot(number.get(), &content)?;
        if let Some(segment) = self.catalog.segment_of(number.get())? {
            self.seal_again(segment).await?;
        }
        let content = Arc::new(content);
        self.remember(number.get(), content.clone());
        Ok(Mended { content, wrong, was_damaged: true })
    }

    /// What can still be read of a batch here, whatever is wrong with it.
    async fn left_of(&self, number: BatchNumber) -> Result<Content, ArchiveError> {
        if let Some(content) = self.catalog.hot(number.get())? {
            return Ok(content);
        }
        let Some(segment) = self.catalog.segment_of(number.get())? else { return Ok(Content::default()) };
        let bytes = self.place_of(&segment).get(&segment.name(), SEGMENT_BYTES_MAX).await?;
        let at = number.get().saturating_sub(segment.first) as usize;
        Ok(bytes.and_then(|bytes| segment::open(&bytes, at).ok()).unwrap_or_default())
    }

    async fn bytes(
        &self,
        entry: &Entry,
        left: &Content,
        stores: &Availability,
    ) -> Result<(Vec<u8>, Vec<Row>), MendError> {
        let number = entry.number;
        if Sha256::digest(&left.bytes)[..] == entry.content_hash.0 {
            return Ok((left.bytes.clone(), Vec::new()));
        }
        let commitment = DaCommitment::from_hash(&entry.da_commitment);
        let commitment = commitment.ok_or(MendError::OtherScheme { number, commitment: entry.da_commitment })?;
        let key = BatchKey { number, commitment };
        if let Ok(fetched) = stores.fetch_key(&key, Some(entry.data_root)).await {
            return Ok((fetched.bytes, Vec::new()));
        }
        let mut salvage = stores.salvage(&key).await;
        if !left.bytes.is_empty() {
            salvage.copy(left.bytes.clone());
        }
        let repaired = salvage.repair(Some(entry.data_root)).map_err(|why| MendError::Bytes { number, why })?;
        Ok((repaired.bytes, repaired.wrong))
    }

    /// Writes a segment anew if all of its batches are whole, from wherever each is; until then those that were restored stay in the catalog.
    async fn seal_again(&self, segment: Segment) -> Result<(), ArchiveError> {
        let place = self.place_of(&segment);
        let old = place.get(&segment.name(), SEGMENT_BYTES_MAX).await?.unwrap_or_default();
        let mut contents = Vec::new();
        for at in 0..segment.count {
            let number = segment.first.saturating_add(at);
            let Some(entry) = self.catalog.entry(number)? else { return Ok(()) };
            let hot = self.catalog.hot(number)?;
            let packed = || segment::open(&old, at as usize).ok();
            match hot.or_else(packed).filter(|content| entry.is_of(content).is_ok()) {
                Some(content) => contents.push(content),
                None => return Ok(()),
            }
        }
        let bytes = segment::seal(&contents);
        place.put(&segment.name(), &bytes).await?;
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let number = BatchNumber::new(segment.first);
        match place.get(&segment.name(), SEGMENT_BYTES_MAX).await? {
            Some(back) if back == bytes => {}
            _ => return Err(damaged(number, place.place(), "the segment that was written anew does not come back")),
        }
        self.catalog.set_segment(Segment { bytes: bytes.len() as u64, hash, ..segment })
    }
}

async fn signatures(entry: &Entry, left: Content, stores: &Availability) -> Result<Vec<u8>, MendError> {
    if entry.signatures_root == Digest::EMPTY {
        return Ok(Vec::new());
    }
    if signatures_of(&left.signatures).is_some_and(|signatures| signatures.root() == entry.signatures_root) {
        return Ok(left.signatures);
    }
    let key = SectionKey { number: entry.number, root: entry.signatures_root };
    match stores.fetch_signatures(&key).await {
        Ok((signatures, _)) => Ok(signatures.as_bytes().to_vec()),
        Err(sources) => Err(MendError::Signatures { number: entry.number, stores: sources.len() }),
    }
}
