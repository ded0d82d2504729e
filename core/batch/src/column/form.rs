use ashlar_types::{Reader, Writer};

use super::Column;
use super::code::{CLASSES, CODE_BITS_MAX, Lengths, PLACES, lengths};
use crate::error::BatchError;

/// How the values of a column are laid out: each as the code of its width, then its bits below the highest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// All values are of this width, which needs no code; so are none, of width zero.
    One(u8),
    /// The widths of the values have codes of these lengths.
    Coded(Lengths),
}

/// Marks a coded form in the directory.
const CODED: u8 = 0x80;

/// Bits of a value.
#[inline]
pub(super) const fn width(value: u64) -> u8 {
    (u64::BITS - value.leading_zeros()) as u8
}

impl Form {
    /// The one form of so many values of each width.
    pub(super) fn of_counts(counts: &[u32; CLASSES]) -> Form {
        match lengths(counts) {
            Some(lengths) => Form::Coded(lengths),
            None => Form::One(counts.iter().position(|count| *count > 0).unwrap_or(0) as u8),
        }
    }

    /// The one form these values have.
    pub(crate) fn of(values: &[u64]) -> Form {
        let mut counts = [0; CLASSES];
        for value in values {
            counts[usize::from(width(*value))] += 1;
        }
        Form::of_counts(&counts)
    }

    /// Its entry in the directory.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        let lengths = match self {
            Form::One(width) => return writer.u8(*width),
            Form::Coded(lengths) => lengths,
        };
        let widest = lengths.iter().rposition(|length| *length > 0).unwrap_or(0);
        writer.u8(CODED | widest as u8);
        for pair in lengths[..=widest].chunks(2) {
            writer.u8(pair.iter().rev().fold(0, |byte, length| byte << 4 | length));
        }
    }

    /// A form that some values could have.
    pub(crate) fn decode(column: Column, reader: &mut Reader<'_>) -> Result<Form, BatchError> {
        let ends = |_| BatchError::DirectoryEnds { column };
        let head = reader.u8().map_err(ends)?;
        let widest = usize::from(head & !CODED);
        if widest >= CLASSES {
            return Err(BatchError::Width { column, got: head & !CODED });
        }
        if head & CODED == 0 {
            return Ok(Form::One(head));
        }
        let mut lengths = [0; CLASSES];
        let mut filled = 0;
        for pair in lengths[..=widest].chunks_mut(2) {
            let mut byte = reader.u8().map_err(ends)?;
            for length in &mut *pair {
                *length = byte & 0xf;
                byte >>= 4;
                if u32::from(*length) > CODE_BITS_MAX {
                    return Err(BatchError::CodeLength { column, max: CODE_BITS_MAX as u8, got: *length });
                }
                if *length > 0 {
                    filled += PLACES >> *length;
                }
            }
            if byte > 0 {
                return Err(BatchError::CodePadding { column, got: byte });
            }
        }
        if lengths[widest] == 0 {
            return Err(BatchError::Width { column, got: widest as u8 });
        }
        // Fewer would leave bits that no code begins with, more would be two codes for the same bits. Both also keep out a
        // single code, which a column of one width does without.
        if filled != PLACES {
            return Err(BatchError::Codes { column, expected: PLACES, got: filled });
        }
        Ok(Form::Coded(lengths))
    }

    /// Whether its values take any bytes.
    pub(crate) const fn has_bytes(&self) -> bool {
        !matches!(self, Form::One(0 | 1))
    }
}
