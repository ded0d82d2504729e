//! The journal: everything that was ordered, durable before it is acknowledged.
//!
//! 1. [`Journal::sync`] returns once every record appended before it is on disk; nothing may be acknowledged earlier (SPEC J-3).
//! 2. What was synced is read back byte for byte, or the journal does not open and says where it is damaged. Only a last
//!    group that is not whole is cut, for it was never acknowledged (SPEC J-6, J-7).
//! 3. After a write that failed, or whose future was dropped, nothing is accepted any more (SPEC J-12).
//! 4. Records follow each other: an epoch has no gaps, and an unwinding counts as a whole or not at all (SPEC J-9, J-10).

mod config;
mod frame;
mod open;
mod read;
mod record;
mod scan;
mod segment;
mod standing;

pub use config::{JournalConfig, JournalSizes};
pub use open::{Cut, Opened};
pub use read::JournalReader;

use std::collections::VecDeque;

use ashlar_types::{Encode, Input, Sequence, Writer};
use commonware_runtime::{Blob, Clock, Error as RuntimeError, Storage, WriteOptions};

use crate::error::JournalError;
use crate::limits::{ENTRIES_MAX, GROUP_RECORDS_MAX, SEGMENTS_MAX};
use crate::ordered::{Epoch, L1Block, Ordered};
use frame::{GROUP_HEAD_BYTES, Sum, close_group};
use record::{Record, encode_ordered};
use segment::Segment;
use standing::{Standing, Unwindings};

/// The journal of one node.
pub struct Journal<E: Storage> {
    context: E,
    config: JournalConfig,
    /// Oldest first; never empty once open.
    segments: VecDeque<Segment<E::Blob>>,
    /// Where the next group goes in the last segment.
    offset: u64,
    /// Its number, and the sum of the group before.
    group: u64,
    chain: Sum,
    /// After everything appended.
    standing: Standing,
    /// After everything synced.
    durable: Standing,
    /// What counts no more, after everything synced.
    unwindings: Unwindings,
    /// The same after everything appended, if that is different.
    appended_unwindings: Option<Unwindings>,
    /// The group that is being filled: room for its head, then records.
    filling: Vec<u8>,
    records: u32,
    stopped: Option<&'static str>,
}

impl<E: Storage + Clock> Journal<E> {
    /// Opens the journal, or makes one: reads and checks all of it.
    pub async fn open(context: E, config: JournalConfig) -> Result<Opened<E>, JournalError> {
        open::open(context, config).await
    }

    /// Adds a record to the group that the next [`Journal::sync`] makes durable. It touches no disk.
    pub fn append(&mut self, ordered: &Ordered) -> Result<(), JournalError> {
        self.check_running()?;
        check_shape(ordered)?;
        let Standing { epoch, next, .. } = self.standing;
        let mut standing = self.standing;
        let follows = standing.advance(ordered.epoch, ordered.first, ordered.commands());
        if follows.is_none() {
            let (got, got_epoch) = (ordered.first, ordered.epoch);
            return Err(JournalError::OutOfOrder { expected: next, got, expected_epoch: epoch, got_epoch });
        }
        self.fill(|writer| encode_ordered(ordered, writer))?;
        self.standing = standing;
        Ok(())
    }

    /// Begins to order anew from a command on, in an epoch above all others; everything appended before must be synced. What is appended after this
    /// counts once [`Journal::end_unwinding`] was synced; if the journal is opened before that, the order is as if nothing of it had been written.
    pub fn begin_unwinding(&mut self, epoch: Epoch, from: Sequence, block: L1Block) -> Result<(), JournalError> {
        // Groups count or do not count as a whole, so what came before is not in the same one.
        if self.records != 0 {
            return Err(JournalError::BadRecord { what: "an unwinding begins after a sync" });
        }
        self.mark(&Record::Unwinding { epoch, from, block }, "an unwinding cannot begin here")
    }

    /// Closes an unwinding: once this is synced the new order stands.
    pub fn end_unwinding(&mut self) -> Result<(), JournalError> {
        self.mark(&Record::Unwound { epoch: self.standing.epoch }, "no unwinding was begun")
    }

    /// Takes an unwinding back and syncs: the order stands as it was.
    pub async fn abandon_unwinding(&mut self) -> Result<(), JournalError> {
        self.mark(&Record::Abandoned { epoch: self.standing.epoch }, "no unwinding was begun")?;
        self.sync().await
    }

    /// Makes everything appended so far durable: one write, one sync. Without anything appended it does nothing.
    pub async fn sync(&mut self) -> Result<(), JournalError> {
        self.check_running()?;
        if self.records == 0 {
            return Ok(());
        }
        let span = frame::padded(self.filling.len()) as u64;
        let is_full = self.offset + span > self.config.sizes.segment_bytes;
        if is_full && self.segments.len() >= SEGMENTS_MAX {
            return Err(JournalError::TooManySegments { max: SEGMENTS_MAX });
        }
        // Should this future be dropped on the way, nobody knows what is on disk.
        self.stopped = Some("finish a write");
        if is_full {
            self.rotate().await?;
        }
        let next = empty_group(self.filling.len());
        let mut bytes = std::mem::replace(&mut self.filling, next);
        let Some(segment) = self.segments.back() else { return Err(JournalError::Stopped { action: "find its end" }) };
        let sum = close_group(&mut bytes, &segment.salt, self.group, self.records, self.chain);
        let written = segment.blob.write_at(self.offset, bytes, WriteOptions::SYNC).await;
        self.disk("write a group", written)?;
        (self.chain, self.group) = (sum, self.group + 1);
        (self.offset, self.records) = (self.offset + span, 0);
        (self.durable, self.stopped) = (self.standing, None);
        if let Some(unwindings) = self.appended_unwindings.take() {
            self.unwindings = unwindings;
        }
        Ok(())
    }

    /// Removes every segment that holds nothing from `below` on; how many. Whoever asks has a snapshot from which
    /// everything still needed can be replayed, an unwinding included.
    pub async fn prune(&mut self, below: Sequence) -> Result<usize, JournalError> {
        self.check_running()?;
        let mut removed = 0;
        while self.durable.pending.is_none()
            && self.standing.pending.is_none()
            && let [first, second, ..] = self.segments.make_contiguous()
            && second.head.standing.pending.is_none()
            && second.head.standing.next <= below
        {
            let name = segment::name(first.head.number);
            let kept = second.head.group;
            let result = self.context.remove(&self.config.partition, Some(&name)).await;
            result.map_err(|source| JournalError::Disk { action: "remove a segment", source })?;
            self.segments.pop_front();
            self.unwindings.forget_before(kept);
            removed += 1;
        }
        Ok(removed)
    }

    async fn rotate(&mut self) -> Result<(), JournalError> {
        let number = self.segments.back().map_or(0, |last| last.head.number + 1);
        let made = segment::make(&self.context, &self.config, number, self.group, self.chain, self.durable).await;
        let segment = self.disk("make a segment", made)?;
        self.segments.push_back(segment);
        self.offset = segment::FIRST_GROUP;
        Ok(())
    }
}

impl<E: Storage> Journal<E> {
    /// The number of the next command: where the next record must begin.
    pub fn next_sequence(&self) -> Sequence {
        self.standing.next
    }

    /// The number of the first command that is not durable.
    pub fn durable_sequence(&self) -> Sequence {
        self.durable.next
    }

    /// The epoch in force, that of a begun unwinding included.
    pub fn epoch(&self) -> Epoch {
        self.standing.epoch
    }

    /// The lowest epoch that no order of this journal has used yet, abandoned ones included.
    pub fn next_epoch(&self) -> Epoch {
        self.standing.highest.next()
    }

    /// The first command that is surely still here: a snapshot must not be older.
    pub fn first_sequence(&self) -> Sequence {
        self.segments.front().map_or(self.standing.next, |first| first.head.standing.next)
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Bytes waiting for the next [`Journal::sync`].
    pub fn pending_bytes(&self) -> usize {
        self.filling.len().saturating_sub(GROUP_HEAD_BYTES)
    }

    /// Begins to read at a command, which must be the first of an entry.
    pub fn read_from(&self, sequence: Sequence) -> Result<JournalReader, JournalError> {
        read::begin(self, sequence)
    }

    /// The same, but the record that holds the command comes whole, with what is before the command in it.
    pub fn read_around(&self, sequence: Sequence) -> Result<JournalReader, JournalError> {
        read::begin(self, sequence).map(JournalReader::with_whole_front)
    }

    fn check_running(&self) -> Result<(), JournalError> {
        self.stopped.map_or(Ok(()), |action| Err(JournalError::Stopped { action }))
    }

    fn disk<T>(&mut self, action: &'static str, result: Result<T, RuntimeError>) -> Result<T, JournalError> {
        result.map_err(|source| {
            self.stopped = Some(action);
            JournalError::Disk { action, source }
        })
    }

    fn mark(&mut self, record: &Record, what: &'static str) -> Result<(), JournalError> {
        self.check_running()?;
        // Marks are judged by the rules that judge them when they are read.
        let mut standing = self.standing;
        let mut unwindings = self.appended_unwindings.as_ref().unwrap_or(&self.unwindings).clone();
        standing.take(self.group, record, &mut unwindings).ok_or(JournalError::BadRecord { what })?;
        self.fill(|writer| record.encode(writer))?;
        (self.standing, self.appended_unwindings) = (standing, Some(unwindings));
        Ok(())
    }

    fn fill(&mut self, encode: impl FnOnce(&mut Writer)) -> Result<(), JournalError> {
        let before = self.filling.len();
        let mut writer = Writer::new();
        encode(&mut writer);
        writer.append_to(&mut self.filling);
        let (got, max) = (self.filling.len() - before, self.config.sizes.group_bytes);
        if self.filling.len() - GROUP_HEAD_BYTES > max || self.records == GROUP_RECORDS_MAX {
            self.filling.truncate(before);
            return Err(match self.records {
                0 => JournalError::BadRecord { what: "it is longer than a group may be" },
                _ => JournalError::GroupFull { pending: before - GROUP_HEAD_BYTES, max, got },
            });
        }
        self.records += 1;
        Ok(())
    }
}

/// A group with room for its head and as many bytes as the one before it had.
fn empty_group(bytes: usize) -> Vec<u8> {
    let mut group = Vec::with_capacity(bytes.max(GROUP_HEAD_BYTES));
    group.resize(GROUP_HEAD_BYTES, 0);
    group
}

/// What a decoder would refuse must not be written.
fn check_shape(ordered: &Ordered) -> Result<(), JournalError> {
    let bad = |what| Err(JournalError::BadRecord { what });
    if ordered.entries.is_empty() {
        return bad("it has no entries");
    }
    if ordered.entries.len() > ENTRIES_MAX {
        return bad("it has more entries than a record may");
    }
    let mut time = ordered.entries.first().map_or(ordered.time, |first| first.time);
    for entry in &ordered.entries {
        let is_message = matches!(entry.input, Input::Message(_));
        if is_message != entry.signature.is_some() {
            return bad("messages have a signature, and nothing else has one");
        }
        if entry.commands() == 0 {
            return bad("a message has no commands");
        }
        if entry.time < time {
            return bad("time goes back");
        }
        time = entry.time;
    }
    if ordered.time < time {
        return bad("it was closed before its last entry");
    }
    Ok(())
}

impl<E: Storage> std::fmt::Debug for Journal<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Journal { group, offset, standing, stopped, .. } = self;
        let segments = self.segments.len();
        write!(
            f,
            "Journal {{ segments: {segments}, group: {group}, offset: {offset}, {standing:?}, stopped: {stopped:?} }}"
        )
    }
}

pub(crate) use segment::read as read_blob;
