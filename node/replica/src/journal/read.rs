//! Reading what counts, in order, from any command on.

use std::collections::VecDeque;

use ashlar_types::Sequence;
use commonware_runtime::Storage;

use super::Journal;
use super::frame::{GROUP_HEAD_BYTES, GroupHead};
use super::record::Record;
use super::scan::{decode_records, whole_group};
use super::segment::{self, FIRST_GROUP, Segment};
use crate::error::{Damage, JournalError};
use crate::ordered::Ordered;

/// Bytes read at once.
const WINDOW_BYTES: usize = 1 << 20;

/// A place in the journal. It holds no part of it, so the journal goes on meanwhile; at the end it can be asked again later.
#[derive(Clone, Debug)]
pub struct JournalReader {
    /// Nothing before this is given.
    from: Sequence,
    /// But the beginning of the record that holds `from`.
    whole_front: bool,
    segment: u64,
    offset: u64,
    group: u64,
    /// Bytes of the segment, from `window_at` on.
    window: Vec<u8>,
    window_at: u64,
    ready: VecDeque<Ordered>,
}

/// The last segment that surely has nothing of interest before it: its first commands count, and are not after `from`; or an
/// unwinding that came later went back at least as far as `from`, so that what is in force from there on was written later still.
pub(super) fn begin<E: Storage>(journal: &Journal<E>, from: Sequence) -> Result<JournalReader, JournalError> {
    let counts = |segment: &&Segment<E::Blob>| {
        let (group, next) = (segment.head.group, segment.head.standing.next);
        let is_settled = segment.head.standing.pending.is_none();
        let limit = journal.unwindings.limit(group, journal.durable.pending);
        // A limit of zero is mostly of an unwinding that came to nothing, from which nothing follows for what was there before.
        let is_unwound = limit > Sequence::new(0) && limit <= from;
        is_settled && (is_unwound || next <= from.min(limit))
    };
    let Some(first) = journal.segments.iter().rev().find(counts) else {
        return Err(JournalError::Pruned { first: journal.first_sequence(), asked: from });
    };
    Ok(JournalReader {
        from,
        whole_front: false,
        segment: first.head.number,
        offset: FIRST_GROUP,
        group: first.head.group,
        window: Vec::new(),
        window_at: 0,
        ready: VecDeque::new(),
    })
}

impl JournalReader {
    pub(super) fn with_whole_front(self) -> JournalReader {
        JournalReader { whole_front: true, ..self }
    }

    /// The next stretch of the order in force, or nothing at its durable end. Where an entry was ordered anew it comes only
    /// once, as it stands now; a record of which only a part counts is cut to that part, which its certificate does not cover.
    pub async fn next<E: Storage>(&mut self, journal: &Journal<E>) -> Result<Option<Ordered>, JournalError> {
        loop {
            if let Some(ordered) = self.ready.pop_front() {
                return Ok(Some(ordered));
            }
            if self.group >= journal.group {
                return Ok(None);
            }
            self.read_group(journal).await?;
        }
    }

    async fn read_group<E: Storage>(&mut self, journal: &Journal<E>) -> Result<(), JournalError> {
        let segment = self.find(journal)?;
        // Beyond the durable end nothing is read, for it will be something else later.
        let is_last = journal.segments.back().is_some_and(|last| last.head.number == segment.head.number);
        let end = if is_last { journal.offset } else { journal.config.sizes.segment_bytes };
        self.fill(segment, GROUP_HEAD_BYTES, end).await?;
        let head = GroupHead::from_bytes(self.here());
        let head = head.map_err(|what| self.corrupt(what))?;
        self.fill(segment, GROUP_HEAD_BYTES + head.length as usize, end).await?;
        let group = whole_group(self.here(), &segment.salt);
        let (head, bytes) = group.map_err(|what| self.corrupt(what))?;
        if head.group != self.group {
            return Err(self.corrupt(Damage::Number { expected: self.group, got: head.group }));
        }
        let limit = journal.unwindings.limit(self.group, journal.durable.pending);
        if limit > self.from {
            let records = decode_records(&head, bytes).map_err(|what| self.corrupt(what))?;
            let kept = records.into_iter().filter_map(|record| match record {
                Record::Ordered(ordered) if self.whole_front && ordered.next() > self.from => {
                    cut(ordered, Sequence::new(0), limit)
                }
                Record::Ordered(ordered) => cut(ordered, self.from, limit),
                Record::Unwinding { .. } | Record::Unwound { .. } | Record::Abandoned { .. } => None,
            });
            self.ready = kept.collect();
        }
        self.offset += head.span();
        self.group += 1;
        Ok(())
    }

    /// The segment that holds the next group.
    fn find<'a, E: Storage>(&mut self, journal: &'a Journal<E>) -> Result<&'a Segment<E::Blob>, JournalError> {
        let holds = |segment: &&Segment<E::Blob>| segment.head.group <= self.group;
        let Some(segment) = journal.segments.iter().rev().find(holds) else {
            return Err(JournalError::Pruned { first: journal.first_sequence(), asked: self.from });
        };
        if segment.head.number != self.segment {
            (self.segment, self.offset) = (segment.head.number, FIRST_GROUP);
            self.window.clear();
        }
        Ok(segment)
    }

    fn here(&self) -> &[u8] {
        let skip = self.offset.saturating_sub(self.window_at) as usize;
        self.window.get(skip..).unwrap_or_default()
    }

    /// Makes at least so many bytes from here on readable, if the segment has them.
    async fn fill<B: commonware_runtime::Blob>(
        &mut self,
        segment: &Segment<B>,
        bytes: usize,
        end: u64,
    ) -> Result<(), JournalError> {
        if self.offset >= self.window_at && self.here().len() >= bytes {
            return Ok(());
        }
        let left = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let read = segment::read(&segment.blob, self.offset, bytes.max(WINDOW_BYTES).min(left)).await;
        self.window = read.map_err(|source| JournalError::Disk { action: "read a segment", source })?;
        self.window_at = self.offset;
        Ok(())
    }

    fn corrupt(&self, what: Damage) -> JournalError {
        JournalError::CorruptMiddle { segment: self.segment, offset: self.offset, what }
    }
}

/// The entries of a record that begin within a range.
fn cut(mut ordered: Ordered, from: Sequence, limit: Sequence) -> Option<Ordered> {
    if ordered.first >= from && ordered.next() <= limit {
        return Some(ordered);
    }
    let mut at = ordered.first;
    let mut first = None;
    ordered.entries.retain(|entry| {
        let here = at;
        at = Sequence::new(at.get().saturating_add(entry.commands()));
        let is_kept = here >= from && here < limit;
        if is_kept {
            first.get_or_insert(here);
        }
        is_kept
    });
    ordered.first = first?;
    Some(ordered)
}
