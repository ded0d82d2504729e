//! Reading one segment from its beginning to where it ends, and telling a torn end from damage.

use ashlar_types::{Decode, Reader};

use super::frame::{GROUP_HEAD_BYTES, GroupHead, Sum};
use super::record::Record;
use super::segment::FIRST_GROUP;
use super::standing::{Standing, Unwindings};
use crate::error::Damage;
use crate::limits::SECTOR_BYTES;

/// Where reading has come to.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The number of the next group.
    pub group: u64,
    /// The sum of the last.
    pub chain: Sum,
    pub standing: Standing,
    pub unwindings: Unwindings,
}

/// How a segment ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// Where the next group would stand.
    pub offset: u64,
    /// Why what stands there is no group; nothing if it is all zeros.
    pub damage: Option<Damage>,
}

impl Scan {
    /// Takes every whole group of a segment, as far as they go.
    pub fn take_segment(&mut self, bytes: &[u8], salt: &Sum) -> End {
        let mut offset = FIRST_GROUP;
        loop {
            let rest = bytes.get(offset as usize..).unwrap_or_default();
            if rest.len() < SECTOR_BYTES || is_zero(rest.get(..SECTOR_BYTES).unwrap_or_default()) && is_zero(rest) {
                return End { offset, damage: None };
            }
            match self.take_group(rest, salt) {
                Ok(span) => offset += span,
                Err(damage) => return End { offset, damage: Some(damage) },
            }
        }
    }

    fn take_group(&mut self, bytes: &[u8], salt: &Sum) -> Result<u64, Damage> {
        let (head, records) = whole_group(bytes, salt)?;
        if head.group != self.group {
            return Err(Damage::Number { expected: self.group, got: head.group });
        }
        if head.before != self.chain {
            return Err(Damage::Chain);
        }
        let mut next = self.clone();
        for record in decode_records(&head, records)? {
            next.standing.take(self.group, &record, &mut next.unwindings).ok_or(Damage::Order)?;
        }
        (next.group, next.chain) = (self.group + 1, head.sum);
        *self = next;
        Ok(head.span())
    }
}

/// The group at the beginning of these bytes, if it is whole.
pub fn whole_group<'a>(bytes: &'a [u8], salt: &Sum) -> Result<(GroupHead, &'a [u8]), Damage> {
    let head = GroupHead::from_bytes(bytes)?;
    let end = GROUP_HEAD_BYTES + head.length as usize;
    let records = bytes.get(GROUP_HEAD_BYTES..end).ok_or(Damage::Length { got: head.length.into() })?;
    if head.is_whole(salt, records) { Ok((head, records)) } else { Err(Damage::Checksum) }
}

/// The records of a whole group.
pub fn decode_records(head: &GroupHead, bytes: &[u8]) -> Result<Vec<Record>, Damage> {
    let mut reader = Reader::new(bytes);
    // A record takes at least nine bytes, so what is reserved is bounded by what is there.
    let mut records = Vec::with_capacity((head.records as usize).min(bytes.len() / 9));
    for _ in 0..head.records {
        records.push(Record::decode(&mut reader).map_err(Damage::Content)?);
    }
    reader.finish().map_err(Damage::Content)?;
    Ok(records)
}

/// Whether a whole group that is not before `group` stands anywhere after an offset: then what is not whole before it was
/// once synced.
pub fn whole_group_after(bytes: &[u8], offset: u64, salt: &Sum, group: u64) -> bool {
    let starts = (offset as usize..bytes.len()).step_by(SECTOR_BYTES).skip(1);
    starts.into_iter().any(|start| {
        let rest = bytes.get(start..).unwrap_or_default();
        // The head's magic and number are compared before anything is hashed.
        let head = GroupHead::from_bytes(rest).ok().filter(|head| head.group >= group);
        head.is_some() && whole_group(rest, salt).is_ok()
    })
}

/// One past the last byte that is not zero, as a multiple of a sector.
pub fn written_end(bytes: &[u8]) -> u64 {
    let last = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    last.next_multiple_of(SECTOR_BYTES) as u64
}

pub fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
