//! What can go wrong with durable data, by what has to be done about it.

use ashlar_types::{DecodeError, Sequence};
use commonware_runtime::Error as RuntimeError;

use crate::ordered::Epoch;

/// Why the journal refuses something, or cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk failed. The instance must end: what was acknowledged is on disk, and nothing else may be.
    #[error("the journal could not {action}: {source}; free or repair the disk, then start again")]
    Disk {
        /// What was being done.
        action: &'static str,
        /// What the runtime said.
        source: RuntimeError,
    },
    /// A write or sync failed before. It is not known what of it is on disk, so nothing is accepted until it was opened anew.
    #[error("the journal stopped because it could not {action}; start again, which reads what is on disk")]
    Stopped {
        /// What failed.
        action: &'static str,
    },
    /// Bytes that had been made durable are damaged: a later group is whole. Nothing is cut, for commands that were acknowledged would be
    /// lost.
    #[error(
        "the journal is damaged in segment {segment} at byte {offset} ({what}), and whole data follows: recover with \
         `ashlar recover`, which rebuilds the state from L1 and data availability, or put back a copy of this segment"
    )]
    CorruptMiddle {
        /// Which segment.
        segment: u64,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: Damage,
    },
    /// The journal ends before something that this node made durable elsewhere: its end is lost.
    #[error(
        "the journal ends at command {next}, and this node had already gone on to {floor}: recover with `ashlar recover`, \
         which rebuilds the state from L1 and data availability, or put back a copy of the journal", next = next.get(), floor = floor.get()
    )]
    Short {
        /// Where it ends.
        next: Sequence,
        /// Where it must at least end.
        floor: Sequence,
    },
    /// Segments are missing between two that are there, or the first is not where the snapshot needs it.
    #[error(
        "segment {segment} of the journal is missing: put back a copy of it, or recover with `ashlar recover`, which \
         rebuilds the state from L1 and data availability"
    )]
    MissingSegment {
        /// Which.
        segment: u64,
    },
    /// The folder holds something that is no segment.
    #[error("{name} in the journal's folder is no segment of it; move it away and start again")]
    Foreign {
        /// Its name, in hexadecimal.
        name: String,
    },
    /// The journal of another exchange.
    #[error("the journal belongs to exchange {got}, and this node runs {expected}; start it on its own folder")]
    Identity {
        /// This node's, in hexadecimal.
        expected: String,
        /// The journal's.
        got: String,
    },
    /// Written by another version.
    #[error(
        "segment {segment} of the journal is of version {got}, and this program reads {expected}; use the release that wrote it"
    )]
    Version {
        /// Which segment.
        segment: u64,
        /// What this program reads.
        expected: u16,
        /// What it met.
        got: u16,
    },
    /// A record does not begin where the order ends, or is of another epoch. Nothing was changed.
    #[error("a record of epoch {got_epoch} at {got} was offered where epoch {expected_epoch} at {expected} goes on", got = got.get(), expected = expected.get(), got_epoch = got_epoch.get(), expected_epoch = expected_epoch.get())]
    OutOfOrder {
        /// Where the order goes on.
        expected: Sequence,
        /// Where the record begins.
        got: Sequence,
        /// The epoch in force.
        expected_epoch: Epoch,
        /// The record's.
        got_epoch: Epoch,
    },
    /// The record cannot be kept as it is. Nothing was changed.
    #[error("a record cannot be kept: {what}")]
    BadRecord {
        /// Why.
        what: &'static str,
    },
    /// The group has no room for the record: sync first, then append it again. Nothing was changed.
    #[error("the group holds {pending} of {max} bytes and the record takes {got}; sync, then append it again")]
    GroupFull {
        /// Bytes waiting.
        pending: usize,
        /// Bytes that may wait.
        max: usize,
        /// Bytes of the record.
        got: usize,
    },
    /// More segments than may be open.
    #[error("the journal has {max} segments, which is as many as it may; take a snapshot and prune it")]
    TooManySegments {
        /// The bound.
        max: usize,
    },
    /// The reader asks for what was pruned.
    #[error("the journal begins at {first} and {asked} was asked for; begin from a later snapshot", first = first.get(), asked = asked.get())]
    Pruned {
        /// The first command that is still there.
        first: Sequence,
        /// The one asked for.
        asked: Sequence,
    },
    /// A configuration that cannot work.
    #[error("the journal's configuration cannot work: {what}")]
    Config {
        /// Why.
        what: &'static str,
    },
}

/// What is wrong with durable bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// A beginning that is not one.
    #[error("no group begins here")]
    Magic,
    /// A length beyond its bound.
    #[error("the group claims {got} bytes")]
    Length {
        /// The claim.
        got: u64,
    },
    /// Bytes that are not what was written.
    #[error("the checksum does not match")]
    Checksum,
    /// A group of another place.
    #[error("group {got} stands where group {expected} belongs")]
    Number {
        /// What belongs here.
        expected: u64,
        /// What is here.
        got: u64,
    },
    /// It does not follow the group before it.
    #[error("the group does not follow the one before it")]
    Chain,
    /// The checksum fits and the content makes no sense.
    #[error("its content cannot be read: {0}")]
    Content(DecodeError),
    /// The records of the group do not follow those before them.
    #[error("its records do not follow those before them")]
    Order,
    /// The segment's own beginning.
    #[error("the segment's header is damaged")]
    Header,
}
