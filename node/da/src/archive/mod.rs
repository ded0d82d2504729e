//! Every batch for good (docs/spec/da.md, D-18 on): the youngest whole in a database and in memory, older ones packed into segments on the disk, the oldest in an
//! object store, and one root over all of them.
//!
//! 1. What is archived was checked against its header, and what is read is checked again: a tier that is damaged says so and gives out nothing.
//! 2. Batches move by age and by how often they are read. What is moved is read back before it is forgotten where it was.
//! 3. The index is a tree of a chosen branching; any batch is proven against the root over all of them, by whoever has only that root.

mod catalog;
mod entry;
mod error;
pub mod index;
mod mark;
mod mend;
mod objects;
mod s3;
pub mod segment;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ashlar_batch::BatchHeader;
use ashlar_types::{BatchNumber, Sequence, Time, to_bytes};
use sha2::{Digest as _, Sha256};

pub use catalog::Segment;
pub use entry::Entry;
pub use error::ArchiveError;
pub use mark::Mark;
pub use mend::{MendError, Mended, Mending};
pub use objects::{Folder, Objects, Said};
pub use s3::{S3, S3Config};
pub use segment::Content;

use crate::custodian::hex_of as hex;
use crate::deposit::signatures_of;
use crate::limits::{SEGMENT_BATCHES_MAX, SEGMENT_BYTES_MAX};
use catalog::Catalog;
use error::damaged;
use index::{Branching, IndexProof, Node};

/// Where a batch is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Tier {
    /// Whole, in the catalog.
    Hot = 0,
    /// In a segment on the disk.
    Warm = 1,
    /// In a segment in the object store.
    Cold = 2,
}

/// When batches move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Children of a node of the index.
    pub branching: Branching,
    /// Bytes of batches that are kept in memory.
    pub memory_bytes: usize,
    /// The age at which batches are packed into a segment.
    pub hot_ms: u64,
    /// Batches of a segment.
    pub segment_batches: usize,
    /// The age at which a segment that nobody has read for as long goes to the object store.
    pub warm_ms: u64,
    /// Reads after which a segment comes back from there.
    pub warm_again_reads: u64,
}

impl Default for Policy {
    fn default() -> Policy {
        const HOUR_MS: u64 = 3_600_000;
        Policy {
            branching: Branching::new(16).unwrap_or_else(|| unreachable!("16 is between 2 and 256")),
            memory_bytes: 64 << 20,
            hot_ms: HOUR_MS,
            segment_batches: 256,
            warm_ms: 7 * 24 * HOUR_MS,
            warm_again_reads: 3,
        }
    }
}

/// How a batch is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// By its number.
    Batch(BatchNumber),
    /// The one that was open at a time: the last that began by then.
    Time(Time),
    /// The one with a command.
    Sequence(Sequence),
    /// By a hash: of its header, its bytes, its data root, its commitment, or the state after it.
    Hash([u8; 32]),
}

/// What moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moved {
    /// Batches that were packed into segments.
    pub packed: usize,
    /// Segments that went to the object store.
    pub cooled: usize,
    /// Segments that came back.
    pub warmed: usize,
}

/// Batches in memory, those read last at the back, with their bytes in all.
type Memory = (VecDeque<(u64, Arc<Content>)>, usize);

/// The archive.
pub struct Archive {
    catalog: Catalog,
    warm: Folder,
    cold: Box<dyn Objects>,
    policy: Policy,
    memory: Mutex<Memory>,
    folder: PathBuf,
}

impl Archive {
    /// In a folder, with an object store for the oldest.
    pub fn open(folder: &Path, cold: Box<dyn Objects>, policy: Policy) -> Result<Archive, ArchiveError> {
        let warm = Folder::open(&folder.join("warm"))?;
        let catalog = Catalog::open(&folder.join("catalog.redb"), policy.branching)?;
        let segment_batches = policy.segment_batches.clamp(1, SEGMENT_BATCHES_MAX);
        Ok(Archive {
            catalog,
            warm,
            cold,
            policy: Policy { segment_batches, ..policy },
            memory: Mutex::default(),
            folder: folder.to_path_buf(),
        })
    }

    /// Says in the archive's folder how far it reaches ([`Mark`]): for a node that forgets what is archived while another process archives.
    pub fn mark(&self) -> Result<(), ArchiveError> {
        let Some(last) = self.newest()? else { return Ok(()) };
        let place = self.folder.display().to_string();
        let failed = |error: std::io::Error| ArchiveError::Objects {
            place,
            action: "keep",
            name: "how far it reaches".to_owned(),
            why: error.to_string(),
        };
        Mark::write(&self.folder, &last).map_err(failed)
    }

    /// Archives a batch: the one after the last, or any if there is none yet. The last one again is no mistake.
    pub fn append(&self, header: &BatchHeader, content: &Content) -> Result<(), ArchiveError> {
        let (number, bytes) = (header.number, &content.bytes);
        let got = ashlar_batch::data_root(bytes).map_err(|error| damaged(number, "the caller", error))?;
        if got != header.data_root {
            return Err(ArchiveError::DataRoot { number, expected: header.data_root, got });
        }
        if signatures_of(&content.signatures).is_none_or(|signatures| signatures.root() != header.signatures_root) {
            return Err(ArchiveError::Signatures(number));
        }
        let entry = Entry::of(header, bytes);
        if let (_, Some(last)) = self.catalog.last()? {
            if last == entry {
                return Ok(());
            }
            if last.number.get().checked_add(1) != Some(number.get()) {
                return Err(ArchiveError::Order { last: last.number, got: number });
            }
            if header.parent_hash != last.header_hash {
                return Err(ArchiveError::Parent { number, last: last.header_hash, got: header.parent_hash });
            }
        }
        self.catalog.append(&entry, content)?;
        self.remember(number.get(), Arc::new(content.clone()));
        Ok(())
    }

    /// How many batches there are, and the root over them.
    pub fn root(&self) -> Result<(u64, Node), ArchiveError> {
        let (count, _) = self.catalog.last()?;
        Ok((count, self.catalog.root(count)?))
    }

    /// What is known of the last batch.
    pub fn newest(&self) -> Result<Option<Entry>, ArchiveError> {
        Ok(self.catalog.last()?.1)
    }

    /// What is known of a batch.
    pub fn find(&self, lookup: Lookup) -> Result<Option<Entry>, ArchiveError> {
        let number = match lookup {
            Lookup::Batch(number) => Some(number.get()),
            Lookup::Time(time) => self.catalog.at_time(time.get())?,
            Lookup::Sequence(sequence) => self.catalog.at_sequence(sequence.get())?,
            Lookup::Hash(name) => self.catalog.by_name(name)?,
        };
        let entry = number.map(|number| self.catalog.entry(number)).transpose()?.flatten();
        Ok(entry.filter(|entry| match lookup {
            Lookup::Sequence(sequence) => sequence < entry.next_sequence,
            _ => true,
        }))
    }

    /// The batches with inputs between two times, both included; at most so many.
    pub fn between(&self, from: Time, to: Time, most: usize) -> Result<Vec<Entry>, ArchiveError> {
        let begin = self.catalog.at_time(from.get())?.or(self.catalog.first_number()?);
        let mut found = Vec::new();
        for number in begin.into_iter().flat_map(|begin| begin..) {
            match self.catalog.entry(number)? {
                Some(entry) if entry.first_time <= to && found.len() < most => {
                    if entry.last_time >= from {
                        found.push(entry);
                    }
                }
                _ => break,
            }
        }
        Ok(found)
    }

    /// Where a batch is; nothing if it is not archived.
    pub fn tier(&self, number: BatchNumber) -> Result<Option<Tier>, ArchiveError> {
        if self.catalog.hot(number.get())?.is_some() {
            return Ok(Some(Tier::Hot));
        }
        Ok(self.catalog.segment_of(number.get())?.map(|segment| segment.tier))
    }

    /// The segments there are, the oldest first.
    pub fn segments(&self) -> Result<Vec<Segment>, ArchiveError> {
        self.catalog.segments()
    }

    /// The proof that a batch is under the root of now.
    pub fn prove(&self, number: BatchNumber) -> Result<IndexProof, ArchiveError> {
        let (count, _) = self.catalog.last()?;
        self.catalog.prove(count, number)
    }

    /// A batch from wherever it is, checked; nothing if it is not archived.
    pub async fn get(&self, number: BatchNumber, now_ms: u64) -> Result<Option<Arc<Content>>, ArchiveError> {
        let Some(entry) = self.catalog.entry(number.get())? else { return Ok(None) };
        if let Some(content) = self.recall(number.get()) {
            return Ok(Some(content));
        }
        let (content, segment) = match self.catalog.hot(number.get())? {
            Some(content) => (content, None),
            None => {
                let (content, segment) = self.read_segment(number).await?;
                (content, Some(segment))
            }
        };
        let place = segment.as_ref().map_or("the catalog", |segment| self.place_of(segment).place());
        entry.is_of(&content).map_err(|why| damaged(number, place, why))?;
        if let Some(segment) = segment {
            self.catalog.note_read(Segment { read_ms: now_ms, reads: segment.reads.saturating_add(1), ..segment })?;
        }
        let content = Arc::new(content);
        self.remember(number.get(), content.clone());
        Ok(Some(content))
    }

    async fn read_segment(&self, number: BatchNumber) -> Result<(Content, Segment), ArchiveError> {
        let segment = self.catalog.segment_of(number.get())?;
        let segment = segment.ok_or_else(|| damaged(number, "the catalog", "no tier has it"))?;
        let place = self.place_of(&segment).place();
        let bytes = self.bytes_of(&segment).await?.map_err(|why| damaged(number, place, why))?;
        let at = (number.get() - segment.first) as usize;
        let content = segment::open(&bytes, at).map_err(|error| damaged(number, place, error))?;
        Ok((content, segment))
    }

    /// The bytes of a segment, or why they are lost. What the disk here does not give back is as good as gone, and can be restored; an object store
    /// that does not answer may still have it.
    async fn bytes_of(&self, segment: &Segment) -> Result<Result<Vec<u8>, String>, ArchiveError> {
        match self.place_of(segment).get(&segment.name(), SEGMENT_BYTES_MAX).await {
            Ok(bytes) => Ok(bytes.ok_or_else(|| "the segment is gone".to_owned())),
            Err(error) if segment.tier == Tier::Warm => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn place_of(&self, segment: &Segment) -> &dyn Objects {
        if segment.tier == Tier::Cold { self.cold.as_ref() } else { &self.warm }
    }

    /// Moves what its age and its readers let move.
    pub async fn migrate(&self, now_ms: u64) -> Result<Moved, ArchiveError> {
        let mut moved = Moved::default();
        while let Some(count) = self.pack_oldest(now_ms).await? {
            moved.packed += count;
        }
        for segment in self.catalog.segments()? {
            let newest =
                self.catalog.entry(segment.first + segment.count - 1)?.map_or(0, |entry| entry.last_time.get());
            let old = |since: u64| since.saturating_add(self.policy.warm_ms) <= now_ms;
            match segment.tier {
                Tier::Cold if segment.reads >= self.policy.warm_again_reads => {
                    self.copy(&segment, self.cold.as_ref(), &self.warm).await?;
                    let back = Segment { tier: Tier::Warm, reads: 0, read_ms: now_ms, ..segment };
                    self.catalog.set_segment(back)?;
                    self.cold.remove(&segment.name()).await?;
                    moved.warmed += 1;
                }
                Tier::Warm if old(newest) && old(segment.read_ms) => {
                    self.copy(&segment, &self.warm, self.cold.as_ref()).await?;
                    self.catalog.set_segment(Segment { tier: Tier::Cold, reads: 0, ..segment })?;
                    self.warm.remove(&segment.name()).await?;
                    moved.cooled += 1;
                }
                _ => {}
            }
        }
        Ok(moved)
    }

    /// Packs the oldest batches, if there are enough and all are old enough; how many that were.
    async fn pack_oldest(&self, now_ms: u64) -> Result<Option<usize>, ArchiveError> {
        let count = self.policy.segment_batches;
        let numbers = self.catalog.oldest_hot(count)?;
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Ok(None) };
        let newest = self.catalog.entry(*last)?.map_or(u64::MAX, |entry| entry.last_time.get());
        if numbers.len() < count || newest.saturating_add(self.policy.hot_ms) > now_ms {
            return Ok(None);
        }
        let contents = numbers.iter().map(|number| Ok(self.catalog.hot(*number)?.unwrap_or_default()));
        let contents: Vec<Content> = contents.collect::<Result<_, ArchiveError>>()?;
        let bytes = segment::seal(&contents);
        for (at, content) in contents.iter().enumerate() {
            let number = BatchNumber::new(first + at as u64);
            let back = segment::open(&bytes, at).map_err(|error| damaged(number, "the new segment", error))?;
            if back != *content {
                return Err(damaged(number, "the new segment", "it does not come back as it was"));
            }
        }
        let hash = Sha256::digest(&bytes).into();
        let (length, reads) = (bytes.len() as u64, 0);
        let segment =
            Segment { first: *first, count: count as u64, tier: Tier::Warm, read_ms: 0, reads, bytes: length, hash };
        self.warm.put(&segment.name(), &bytes).await?;
        self.catalog.set_segment(segment)?;
        Ok(Some(count))
    }

    /// Copies a segment and reads it back.
    async fn copy(&self, segment: &Segment, from: &dyn Objects, to: &dyn Objects) -> Result<(), ArchiveError> {
        let (name, number) = (segment.name(), BatchNumber::new(segment.first));
        let whole = |place: &dyn Objects, bytes: Option<Vec<u8>>| match bytes {
            Some(bytes) if Sha256::digest(&bytes)[..] == segment.hash => Ok(bytes),
            Some(_) => Err(damaged(number, place.place(), "the segment has another hash than when it was packed")),
            None => Err(damaged(number, place.place(), "the segment is gone")),
        };
        let bytes = whole(from, from.get(&name, SEGMENT_BYTES_MAX).await?)?;
        to.put(&name, &bytes).await?;
        whole(to, to.get(&name, SEGMENT_BYTES_MAX).await?).map(drop)
    }

    fn remember(&self, number: u64, content: Arc<Content>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let length = |content: &Content| content.bytes.len() + content.signatures.len();
        if memory.0.iter().any(|(kept, _)| *kept == number) {
            return;
        }
        memory.1 += length(&content);
        memory.0.push_back((number, content));
        while memory.1 > self.policy.memory_bytes {
            let Some((_, oldest)) = memory.0.pop_front() else { break };
            memory.1 -= length(&oldest);
        }
    }

    fn recall(&self, number: u64) -> Option<Arc<Content>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let at = memory.0.iter().position(|(kept, _)| *kept == number)?;
        let found = memory.0.remove(at)?;
        let content = found.1.clone();
        memory.0.push_back(found);
        Some(content)
    }
}

impl Entry {
    /// Whether a batch is the one that was archived; if not, what is wrong with it.
    fn is_of(&self, content: &Content) -> Result<(), &'static str> {
        if Sha256::digest(&content.bytes)[..] != self.content_hash.0 {
            return Err("the bytes have another hash than when they were archived");
        }
        let signatures = signatures_of(&content.signatures);
        if signatures.is_none_or(|signatures| signatures.root() != self.signatures_root) {
            return Err("the signatures have another root than when they were archived");
        }
        Ok(())
    }

    /// Whether a proof shows that this is in an archive of that root.
    pub fn is_proven(&self, proof: &IndexProof, root: &Node) -> Result<(), index::IndexProofError> {
        proof.verify(root, &to_bytes(self))
    }
}
