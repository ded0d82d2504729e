//! The bytes of a group and of the beginning of a segment.
//!
//! 1. A group is one write: a head of 64 bytes, its records, zeros up to the next sector (SPEC J-4).
//! 2. Its sum covers the salt of its segment, the head, the sum of the group before, and all records: whole groups can be told from
//!    torn ones, from those of another place and from bytes that a client chose (SPEC J-5).

use ashlar_types::{Domain, ExchangeId, Reader, Writer};

use super::standing::Standing;
use crate::error::Damage;
use crate::limits::{GROUP_BYTES_MAX, SECTOR_BYTES};

/// The first bytes of a segment.
const SEGMENT_MAGIC: [u8; 8] = *b"ashlarJs";
/// The first bytes of a group.
const GROUP_MAGIC: [u8; 8] = *b"ashlarJg";
/// The format of both.
pub const VERSION: u16 = 1;
/// Bytes of a group before its records.
pub const GROUP_HEAD_BYTES: usize = 64;
const SUM_BYTES: usize = 16;

/// The first half of a SHA-256.
pub type Sum = [u8; SUM_BYTES];

fn sum(parts: &[&[u8]]) -> Sum {
    let hash = Domain::JOURNAL.hash(parts);
    hash.first_chunk().copied().unwrap_or_default()
}

/// The next multiple of a sector.
pub const fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(SECTOR_BYTES)
}

/// What a segment says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentHead {
    /// Of which exchange.
    pub exchange: ExchangeId,
    /// Which segment.
    pub number: u64,
    /// The number of its first group.
    pub group: u64,
    /// The sum of the group before that.
    pub chain: Sum,
    /// Where the order stands before it.
    pub standing: Standing,
    /// When it was made, in nanoseconds since the epoch of Unix: nobody can know it beforehand.
    pub made: u64,
}

impl SegmentHead {
    /// The sector that a segment begins with.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(&SEGMENT_MAGIC);
        writer.u16(VERSION);
        writer.bytes(&self.exchange.0);
        writer.u64(self.number);
        writer.u64(self.group);
        writer.bytes(&self.chain);
        self.standing.encode(&mut writer);
        writer.u64(self.made);
        let mut bytes = writer.into_bytes();
        let sum = sum(&[&bytes]);
        bytes.extend_from_slice(&sum);
        bytes.resize(SECTOR_BYTES, 0);
        bytes
    }

    /// Reads the sector; `Err` with the version if it is whole and of another one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Result<SegmentHead, u16>, Damage> {
        let damaged = |_| Damage::Header;
        let mut reader = Reader::new(bytes);
        if reader.array().map_err(damaged)? != SEGMENT_MAGIC {
            return Err(Damage::Header);
        }
        let version = reader.u16().map_err(damaged)?;
        if version != VERSION {
            return Ok(Err(version));
        }
        let head = SegmentHead {
            exchange: ExchangeId(reader.array().map_err(damaged)?),
            number: reader.u64().map_err(damaged)?,
            group: reader.u64().map_err(damaged)?,
            chain: reader.array().map_err(damaged)?,
            standing: Standing::decode(&mut reader).map_err(damaged)?,
            made: reader.u64().map_err(damaged)?,
        };
        let covered = reader.offset();
        let expected: Sum = reader.array().map_err(damaged)?;
        match bytes.get(..covered) {
            Some(covered) if sum(&[covered]) == expected => Ok(Ok(head)),
            _ => Err(Damage::Header),
        }
    }

    /// What the sums of its groups begin with.
    pub fn salt(&self) -> Sum {
        sum(&[&self.exchange.0, &self.number.to_le_bytes(), &self.chain, &self.made.to_le_bytes()])
    }
}

/// The head of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupHead {
    /// Its number over the life of the journal.
    pub group: u64,
    /// Bytes of its records.
    pub length: u32,
    /// How many records there are.
    pub records: u32,
    /// The sum of the group before.
    pub before: Sum,
    /// Its own.
    pub sum: Sum,
}

impl GroupHead {
    /// Bytes it takes in its segment.
    pub const fn span(&self) -> u64 {
        padded(GROUP_HEAD_BYTES + self.length as usize) as u64
    }

    fn covered(&self) -> [u8; GROUP_HEAD_BYTES - 2 * SUM_BYTES + SUM_BYTES] {
        let mut bytes = [0; GROUP_HEAD_BYTES - SUM_BYTES];
        bytes[..8].copy_from_slice(&GROUP_MAGIC);
        bytes[8..16].copy_from_slice(&self.group.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.length.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.records.to_le_bytes());
        bytes[32..].copy_from_slice(&self.before);
        bytes
    }

    fn sum_over(&self, salt: &Sum, records: &[u8]) -> Sum {
        sum(&[salt, &self.covered(), records])
    }

    /// Reads a head and checks what can be checked without the records.
    pub fn from_bytes(bytes: &[u8]) -> Result<GroupHead, Damage> {
        let mut reader = Reader::new(bytes);
        let head = (|| {
            let magic: [u8; 8] = reader.array()?;
            let (group, length, records, zero) = (reader.u64()?, reader.u32()?, reader.u32()?, reader.u64()?);
            let head = GroupHead { group, length, records, before: reader.array()?, sum: reader.array()? };
            Ok::<_, ashlar_types::DecodeError>((magic == GROUP_MAGIC && zero == 0).then_some(head))
        })();
        let head = head.ok().flatten().ok_or(Damage::Magic)?;
        if head.length as usize > GROUP_BYTES_MAX {
            return Err(Damage::Length { got: head.length.into() });
        }
        Ok(head)
    }

    /// Whether the records are those that were written.
    pub fn is_whole(&self, salt: &Sum, records: &[u8]) -> bool {
        self.sum_over(salt, records) == self.sum
    }
}

/// Completes a group whose records follow a head's room in `bytes`: fills in the head, pads to a sector, and gives the sum.
pub fn close_group(bytes: &mut Vec<u8>, salt: &Sum, group: u64, records: u32, before: Sum) -> Sum {
    let length = bytes.len().saturating_sub(GROUP_HEAD_BYTES) as u32;
    let mut head = GroupHead { group, length, records, before, sum: Sum::default() };
    head.sum = head.sum_over(salt, bytes.get(GROUP_HEAD_BYTES..).unwrap_or_default());
    if let Some(room) = bytes.first_chunk_mut::<GROUP_HEAD_BYTES>() {
        let (covered, sum) = room.split_at_mut(GROUP_HEAD_BYTES - SUM_BYTES);
        covered.copy_from_slice(&head.covered());
        sum.copy_from_slice(&head.sum);
    }
    bytes.resize(padded(bytes.len()), 0);
    head.sum
}
