//! What is damaged in an archive, restored from stores and from what the archive itself still has of it.

use std::sync::Arc;

use ashlar_batch::Hash;
use ashlar_batch::merkle::Digest;
use ashlar_coding::{DaCommitment, Row};
use ashlar_types::BatchNumber;
use sha2::{Digest as _, Sha256};

use super::catalog::Segment;
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
    /// What stores gave is under the header's roots and is not what was archived.
    #[error("batch {} was restored from stores, and it is not the one that was archived: {why}; try again with other stores", .number.get())]
    Other {
        /// The batch.
        number: BatchNumber,
        /// How that was seen.
        why: &'static str,
    },
    /// A segment was written anew and is not there as it was written.
    #[error("{place} does not give back the segment from batch {} on as it was written anew; check it, then repair again", .first.get())]
    Segment {
        /// The first batch of the segment.
        first: BatchNumber,
        /// Where.
        place: String,
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

/// A segment, read once for all of its batches: its bytes, or why they are lost.
struct Kept {
    segment: Segment,
    bytes: Result<Vec<u8>, String>,
    /// Batches of it were restored, now or earlier, and it was not written anew with them yet.
    is_owed: bool,
}

impl Kept {
    /// What can still be read of a batch in it, whatever is wrong with that.
    fn batch(&self, number: BatchNumber) -> Option<Content> {
        let at = number.get().checked_sub(self.segment.first)?;
        segment::open(self.bytes.as_deref().ok()?, usize::try_from(at).ok()?).ok()
    }

    fn is_last(&self, number: BatchNumber) -> bool {
        number.get().checked_sub(self.segment.first).is_some_and(|at| at.saturating_add(1) == self.segment.count)
    }
}

/// A pass over an archive that restores what is damaged. It is no reader: nothing becomes warm again because of it. Batches that follow each other
/// cost one read of their segment.
pub struct Mending<'a> {
    archive: &'a Archive,
    stores: &'a Availability,
    kept: Option<Kept>,
}

impl Mending<'_> {
    /// Reads a batch as it is kept, and restores it if it is damaged; nothing if it is not archived.
    pub async fn batch(&mut self, number: BatchNumber) -> Result<Option<Mended>, MendError> {
        let (archive, stores) = (self.archive, self.stores);
        let Some(entry) = archive.catalog.entry(number.get())? else { return Ok(None) };
        let hot = archive.catalog.hot(number.get())?;
        let is_hot = hot.is_some();
        let segment = archive.catalog.segment_of(number.get())?;
        if self.kept.as_ref().map(|kept| kept.segment.first) != segment.map(|segment| segment.first) {
            self.kept = None;
            if let Some(segment) = segment {
                self.kept = Some(archive.kept(segment).await?);
            }
        }
        let content = hot.or_else(|| self.kept.as_ref()?.batch(number));
        let mended = match content.filter(|content| entry.is_of(content).is_ok()) {
            Some(content) => Mended { content: Arc::new(content), wrong: Vec::new(), was_damaged: false },
            None => archive.mend(&entry, self.kept.as_ref(), stores).await?,
        };
        if let Some(kept) = &mut self.kept {
            kept.is_owed |= is_hot || mended.was_damaged;
            // Once for all that was restored of it.
            if kept.is_owed && kept.is_last(number) && archive.seal_again(kept).await? {
                self.kept = None;
            }
        }
        Ok(Some(mended))
    }
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
            Err(ArchiveError::Damaged { .. }) => {
                let Some(entry) = self.catalog.entry(number.get())? else { return Ok(None) };
                let kept = match self.catalog.segment_of(number.get())? {
                    Some(segment) => Some(self.kept(segment).await?),
                    None => None,
                };
                let mended = self.mend(&entry, kept.as_ref(), stores).await?;
                if let Some(kept) = &kept {
                    self.seal_again(kept).await?;
                }
                Ok(Some(mended))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// To read all batches one after the other, and restore those that are damaged.
    pub const fn mending<'a>(&'a self, stores: &'a Availability) -> Mending<'a> {
        Mending { archive: self, stores, kept: None }
    }

    async fn kept(&self, segment: Segment) -> Result<Kept, ArchiveError> {
        Ok(Kept { segment, bytes: self.bytes_of(&segment).await?, is_owed: false })
    }

    /// Restores a batch. It stays in the catalog until its segment is written anew.
    async fn mend(&self, entry: &Entry, kept: Option<&Kept>, stores: &Availability) -> Result<Mended, MendError> {
        let number = entry.number;
        let left = self.catalog.hot(number.get())?.or_else(|| kept?.batch(number)).unwrap_or_default();
        let (bytes, wrong) = self.bytes(entry, &left, stores).await?;
        let signatures = signatures(entry, left, stores).await?;
        let content = Content { bytes, signatures };
        entry.is_of(&content).map_err(|why| MendError::Other { number, why })?;
        self.catalog.put_hot(number.get(), &content)?;
        let content = Arc::new(content);
        self.remember(number.get(), content.clone());
        Ok(Mended { content, wrong, was_damaged: true })
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

    /// Writes a segment anew if all of its batches are whole, from wherever each is; until then those that were restored stay in the catalog. Whether
    /// it was written.
    async fn seal_again(&self, kept: &Kept) -> Result<bool, MendError> {
        let segment = kept.segment;
        let place = self.place_of(&segment);
        let mut contents = Vec::new();
        for at in 0..segment.count {
            let number = segment.first.saturating_add(at);
            let Some(entry) = self.catalog.entry(number)? else { return Ok(false) };
            let is_whole = |content: &Content| entry.is_of(content).is_ok();
            let hot = self.catalog.hot(number)?.filter(is_whole);
            match hot.or_else(|| kept.batch(entry.number)).filter(is_whole) {
                Some(content) => contents.push(content),
                None => return Ok(false),
            }
        }
        let bytes = segment::seal(&contents);
        place.put(&segment.name(), &bytes).await?;
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        match place.get(&segment.name(), SEGMENT_BYTES_MAX).await? {
            Some(back) if back == bytes => {}
            _ => {
                let (first, place) = (BatchNumber::new(segment.first), place.place().to_owned());
                return Err(MendError::Segment { first, place });
            }
        }
        self.catalog.set_segment(Segment { bytes: bytes.len() as u64, hash, ..segment })?;
        Ok(true)
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
