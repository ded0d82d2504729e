//! What is archived and where, in one file of `redb`: entries, the index over them, their names, and the youngest batches themselves.

use std::path::Path;

use ashlar_types::{BatchNumber, from_bytes, to_bytes};
use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableDefinition, WriteTransaction,
};

use super::error::catalog;
use super::index::{Branching, Node, Nodes, completed, leaf};
use super::segment::Content;
use super::{ArchiveError, Entry, Tier};

const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
const NODES: TableDefinition<'_, (u32, u64), [u8; 32]> = TableDefinition::new("nodes");
const HOT: TableDefinition<'_, u64, (&[u8], &[u8])> = TableDefinition::new("hot");
const BY_TIME: TableDefinition<'_, (u64, u64), ()> = TableDefinition::new("by_time");
const BY_SEQUENCE: TableDefinition<'_, u64, u64> = TableDefinition::new("by_sequence");
const BY_NAME: TableDefinition<'_, [u8; 32], u64> = TableDefinition::new("by_name");
/// A segment as the table has it.
type Row = (u64, u8, u64, u64, u64, [u8; 32]);

/// By the first batch: count, tier, last read in milliseconds, reads since it came there, bytes, hash.
const SEGMENTS: TableDefinition<'_, u64, Row> = TableDefinition::new("segments");
const SETTINGS: TableDefinition<'_, &str, u64> = TableDefinition::new("settings");

/// A run of batches in one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Its first batch.
    pub first: u64,
    /// How many batches it has.
    pub count: u64,
    /// Where it is: warm or cold.
    pub tier: Tier,
    /// When it was last read, in milliseconds since 1970.
    pub read_ms: u64,
    /// How often it was read since it came there.
    pub reads: u64,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of the file.
    pub hash: [u8; 32],
}

impl Segment {
    /// The name of its file.
    pub fn name(&self) -> String {
        format!("batches-{:020}-{}", self.first, self.count)
    }

    fn row(self) -> Row {
        let Segment { count, tier, read_ms, reads, bytes, hash, .. } = self;
        (count, tier as u8, read_ms, reads, bytes, hash)
    }

    fn of(first: u64, row: Row) -> Segment {
        let (count, tier, read_ms, reads, bytes, hash) = row;
        let tier = if tier == Tier::Cold as u8 { Tier::Cold } else { Tier::Warm };
        Segment { first, count, tier, read_ms, reads, bytes, hash }
    }
}

/// The catalog.
pub struct Catalog {
    database: Database,
    branching: Branching,
}

struct Whole(ReadOnlyTable<(u32, u64), [u8; 32]>);

impl Nodes for Whole {
    type Error = ArchiveError;

    fn node(&self, level: u32, index: u64) -> Result<Node, ArchiveError> {
        let lost = || ArchiveError::Catalog(format!("node {index} of level {level} of the index is gone"));
        Ok(self.0.get((level, index)).map_err(catalog)?.ok_or_else(lost)?.value())
    }
}

impl Catalog {
    /// Opens a catalog, or makes one.
    pub fn open(path: &Path, branching: Branching) -> Result<Catalog, ArchiveError> {
        let database = Database::create(path).map_err(catalog)?;
        let writing = database.begin_write().map_err(catalog)?;
        let kept = {
            writing.open_table(ENTRIES).map_err(catalog)?;
            writing.open_table(NODES).map_err(catalog)?;
            writing.open_table(HOT).map_err(catalog)?;
            writing.open_table(BY_TIME).map_err(catalog)?;
            writing.open_table(BY_SEQUENCE).map_err(catalog)?;
            writing.open_table(BY_NAME).map_err(catalog)?;
            writing.open_table(SEGMENTS).map_err(catalog)?;
            let mut settings = writing.open_table(SETTINGS).map_err(catalog)?;
            let kept = settings.get("branching").map_err(catalog)?.map(|kept| kept.value());
            if kept.is_none() {
                settings.insert("branching", u64::from(branching.get())).map_err(catalog)?;
            }
            kept.unwrap_or_else(|| branching.get().into())
        };
        writing.commit().map_err(catalog)?;
        if kept != u64::from(branching.get()) {
            return Err(ArchiveError::Branching { kept: kept as u16, asked: branching.get() });
        }
        Ok(Catalog { database, branching })
    }

    fn read(&self) -> Result<ReadTransaction, ArchiveError> {
        self.database.begin_read().map_err(catalog)
    }

    /// How many entries there are, and the last.
    pub fn last(&self) -> Result<(u64, Option<Entry>), ArchiveError> {
        let table = self.read()?.open_table(ENTRIES).map_err(catalog)?;
        let count = table.len().map_err(catalog)?;
        let last = table.last().map_err(catalog)?;
        let entry = last.map(|(_, bytes)| from_bytes(bytes.value())).transpose()?;
        Ok((count, entry))
    }

    /// The first batch that is archived.
    pub fn first_number(&self) -> Result<Option<u64>, ArchiveError> {
        let table = self.read()?.open_table(ENTRIES).map_err(catalog)?;
        Ok(table.first().map_err(catalog)?.map(|(number, _)| number.value()))
    }

    /// Adds an entry and its batch, all or nothing.
    pub fn append(&self, entry: &Entry, content: &Content) -> Result<(), ArchiveError> {
        let (count, _) = self.last()?;
        let (number, encoded) = (entry.number.get(), to_bytes(entry));
        let whole = Whole(self.read()?.open_table(NODES).map_err(catalog)?);
        let nodes = completed(&whole, self.branching, count, leaf(&encoded))?;
        let writing = self.database.begin_write().map_err(catalog)?;
        {
            let mut table = writing.open_table(NODES).map_err(catalog)?;
            for (level, index, node) in nodes {
                table.insert((level, index), node).map_err(catalog)?;
            }
            writing.open_table(ENTRIES).map_err(catalog)?.insert(number, encoded.as_slice()).map_err(catalog)?;
            let (bytes, signatures) = (content.bytes.as_slice(), content.signatures.as_slice());
            writing.open_table(HOT).map_err(catalog)?.insert(number, (bytes, signatures)).map_err(catalog)?;
            let time = entry.first_time.get();
            writing.open_table(BY_TIME).map_err(catalog)?.insert((time, number), ()).map_err(catalog)?;
            let sequence = entry.first_sequence.get();
            writing.open_table(BY_SEQUENCE).map_err(catalog)?.insert(sequence, number).map_err(catalog)?;
            let mut names = writing.open_table(BY_NAME).map_err(catalog)?;
            for name in entry.names() {
                // Two batches may leave the same state: the first is found.
                if name != [0; 32] && names.get(name).map_err(catalog)?.is_none() {
                    names.insert(name, number).map_err(catalog)?;
                }
            }
        }
        writing.commit().map_err(catalog)
    }

    /// An entry by its batch's number.
    pub fn entry(&self, number: u64) -> Result<Option<Entry>, ArchiveError> {
        let table = self.read()?.open_table(ENTRIES).map_err(catalog)?;
        let found = table.get(number).map_err(catalog)?;
        Ok(found.map(|bytes| from_bytes(bytes.value())).transpose()?)
    }

    /// The last batch whose first input is not after a time.
    pub fn at_time(&self, time: u64) -> Result<Option<u64>, ArchiveError> {
        let table = self.read()?.open_table(BY_TIME).map_err(catalog)?;
        let mut before = table.range(..=(time, u64::MAX)).map_err(catalog)?;
        Ok(before.next_back().transpose().map_err(catalog)?.map(|(key, _)| key.value().1))
    }

    /// The last batch whose first command is not after a number.
    pub fn at_sequence(&self, sequence: u64) -> Result<Option<u64>, ArchiveError> {
        let table = self.read()?.open_table(BY_SEQUENCE).map_err(catalog)?;
        let mut before = table.range(..=sequence).map_err(catalog)?;
        Ok(before.next_back().transpose().map_err(catalog)?.map(|(_, number)| number.value()))
    }

    /// The first batch that has a hash among its names.
    pub fn by_name(&self, name: [u8; 32]) -> Result<Option<u64>, ArchiveError> {
        let table = self.read()?.open_table(BY_NAME).map_err(catalog)?;
        Ok(table.get(name).map_err(catalog)?.map(|number| number.value()))
    }

    /// A batch that is still here.
    pub fn hot(&self, number: u64) -> Result<Option<Content>, ArchiveError> {
        let table = self.read()?.open_table(HOT).map_err(catalog)?;
        let found = table.get(number).map_err(catalog)?;
        Ok(found.map(|row| {
            let (bytes, signatures) = row.value();
            Content { bytes: bytes.to_vec(), signatures: signatures.to_vec() }
        }))
    }

    /// The numbers of the oldest batches that are here and in no segment. One of a segment is here too while the segment is damaged.
    pub fn oldest_hot(&self, most: usize) -> Result<Vec<u64>, ArchiveError> {
        let reading = self.read()?;
        let segments = reading.open_table(SEGMENTS).map_err(catalog)?;
        let last = segments.last().map_err(catalog)?;
        let packed = last.map_or(0, |(first, row)| first.value().saturating_add(row.value().0));
        let table = reading.open_table(HOT).map_err(catalog)?;
        let numbers = table.range(packed..).map_err(catalog)?.take(most);
        numbers.map(|row| Ok(row.map_err(catalog)?.0.value())).collect()
    }

    /// Puts a batch here in place of what was damaged.
    pub fn put_hot(&self, number: u64, content: &Content) -> Result<(), ArchiveError> {
        let writing = self.database.begin_write().map_err(catalog)?;
        let row = (content.bytes.as_slice(), content.signatures.as_slice());
        writing.open_table(HOT).map_err(catalog)?.insert(number, row).map_err(catalog)?;
        writing.commit().map_err(catalog)
    }

    /// Every segment, the oldest first.
    pub fn segments(&self) -> Result<Vec<Segment>, ArchiveError> {
        let table = self.read()?.open_table(SEGMENTS).map_err(catalog)?;
        let rows = table.iter().map_err(catalog)?;
        rows.map(|row| row.map(|(first, row)| Segment::of(first.value(), row.value())).map_err(catalog)).collect()
    }

    /// The segment that has a batch.
    pub fn segment_of(&self, number: u64) -> Result<Option<Segment>, ArchiveError> {
        let table = self.read()?.open_table(SEGMENTS).map_err(catalog)?;
        let mut before = table.range(..=number).map_err(catalog)?;
        let found = before.next_back().transpose().map_err(catalog)?;
        let segment = found.map(|(first, row)| Segment::of(first.value(), row.value()));
        Ok(segment.filter(|segment| number - segment.first < segment.count))
    }

    /// Notes that a segment was read. What was restored of its batches stays here until the segment is whole.
    pub fn note_read(&self, segment: Segment) -> Result<(), ArchiveError> {
        let writing = self.database.begin_write().map_err(catalog)?;
        writing.open_table(SEGMENTS).map_err(catalog)?.insert(segment.first, segment.row()).map_err(catalog)?;
        writing.commit().map_err(catalog)
    }

    /// Puts a segment that is whole in place of the batches in it that are still here, or of the state of it before.
    pub fn set_segment(&self, segment: Segment) -> Result<(), ArchiveError> {
        let writing: WriteTransaction = self.database.begin_write().map_err(catalog)?;
        {
            let mut hot = writing.open_table(HOT).map_err(catalog)?;
            for number in segment.first..segment.first.saturating_add(segment.count) {
                hot.remove(number).map_err(catalog)?;
            }
            writing.open_table(SEGMENTS).map_err(catalog)?.insert(segment.first, segment.row()).map_err(catalog)?;
        }
        writing.commit().map_err(catalog)
    }

    /// The root over so many entries.
    pub fn root(&self, count: u64) -> Result<Node, ArchiveError> {
        super::index::root(&Whole(self.read()?.open_table(NODES).map_err(catalog)?), self.branching, count)
    }

    /// The proof of a batch's entry against the root over so many.
    pub fn prove(&self, count: u64, number: BatchNumber) -> Result<super::index::IndexProof, ArchiveError> {
        let first = self.first_number()?.unwrap_or(0);
        let absent = || ArchiveError::Catalog(format!("batch {} is not archived", number.get()));
        let position = number.get().checked_sub(first).filter(|at| *at < count).ok_or_else(absent)?;
        let whole = Whole(self.read()?.open_table(NODES).map_err(catalog)?);
        super::index::prove(&whole, self.branching, count, position)
    }
}
