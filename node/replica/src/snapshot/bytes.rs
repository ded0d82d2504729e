//! The bytes of a snapshot: a beginning of two sectors, then leaves.

use ashlar_batch::BatchHeader;
use ashlar_state::{Change, Key, VALUE_WORDS_MAX, Value};
use ashlar_types::{Decode, DecodeError, Domain, Encode, Reader, Sequence, Writer};

use super::SnapshotError;
use crate::limits::SECTOR_BYTES;
use crate::ordered::{Epoch, L1Block};

const MAGIC: [u8; 8] = *b"ashlarSs";
/// Every leaf follows.
const WHOLE: u16 = 1;
/// What changed since another snapshot follows.
const INCREMENT: u16 = 2;

/// The name of a snapshot.
pub type Name = [u8; 16];

/// Bytes before the leaves.
pub const HEAD_BYTES: usize = 2 * SECTOR_BYTES;
/// Bytes of the longest leaf.
pub const LEAF_BYTES_MAX: usize = 24 + 1 + 8 * VALUE_WORDS_MAX;

/// Of what a snapshot is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SnapshotHead {
    /// The last batch that is in it, or the genesis header: root, number, cursors and times.
    pub header: BatchHeader,
    /// In which epoch.
    pub epoch: Epoch,
    /// The last L1 block of which an inbox entry is in it.
    pub block: L1Block,
    /// How many leaves it has.
    pub leaves: u64,
}

const _: () = assert!(8 + 2 + BatchHeader::BYTES_MAX + 8 + 40 + 8 + 32 <= HEAD_BYTES);

impl SnapshotHead {
    /// The first command that is not in it: where the journal goes on.
    pub const fn sequence(&self) -> Sequence {
        self.header.next_sequence
    }

    pub(super) fn to_bytes(self, on: Option<Name>) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(&MAGIC);
        writer.u16(if on.is_some() { INCREMENT } else { WHOLE });
        self.header.encode(&mut writer);
        writer.u64(self.epoch.get());
        self.block.encode(&mut writer);
        writer.u64(self.leaves);
        if let Some(on) = on {
            writer.bytes(&on);
        }
        let mut bytes = writer.into_bytes();
        let sum = Domain::SNAPSHOT.hash(&[&bytes]);
        bytes.extend_from_slice(&sum);
        bytes.resize(HEAD_BYTES, 0);
        bytes
    }

    /// The head, and for an increment the snapshot that it is laid upon.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<(SnapshotHead, Option<Name>), SnapshotError> {
        let beginning = |_: DecodeError| SnapshotError::Beginning;
        let mut reader = Reader::new(bytes);
        if reader.array().map_err(beginning)? != MAGIC {
            return Err(SnapshotError::Beginning);
        }
        let got = reader.u16().map_err(beginning)?;
        if got != WHOLE && got != INCREMENT {
            return Err(SnapshotError::Version { expected: INCREMENT, got });
        }
        let head = SnapshotHead {
            header: BatchHeader::decode(&mut reader).map_err(beginning)?,
            epoch: Epoch::new(reader.u64().map_err(beginning)?),
            block: L1Block::decode(&mut reader).map_err(beginning)?,
            leaves: reader.u64().map_err(beginning)?,
        };
        let on = if got == INCREMENT { Some(reader.array().map_err(beginning)?) } else { None };
        let covered = bytes.get(..reader.offset()).unwrap_or_default();
        let sum: [u8; 32] = reader.array().map_err(beginning)?;
        if Domain::SNAPSHOT.hash(&[covered]) == sum { Ok((head, on)) } else { Err(SnapshotError::Beginning) }
    }
}

/// Appends a leaf.
pub fn put_leaf(bytes: &mut Vec<u8>, key: &Key, words: &[u64]) {
    bytes.extend_from_slice(&key.to_bytes());
    bytes.push(words.len() as u8);
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
}

/// Reads a leaf, or the word that it is gone.
pub fn take_leaf(reader: &mut Reader<'_>) -> Result<Change, DecodeError> {
    let key = Key::from_bytes(&reader.array()?);
    let offset = reader.offset();
    let count = usize::from(reader.u8()?);
    if count == 0 {
        return Ok((key, None));
    }
    if count > VALUE_WORDS_MAX {
        return Err(DecodeError::TooMany { what: "words of a leaf", max: VALUE_WORDS_MAX, got: count, offset });
    }
    let mut words = [0; VALUE_WORDS_MAX];
    for word in words.iter_mut().take(count) {
        *word = reader.u64()?;
    }
    let value = Value::new(words.get(..count).unwrap_or_default());
    value.map(|value| (key, Some(value))).map_err(|_| DecodeError::Empty { what: "words of a leaf", offset })
}
