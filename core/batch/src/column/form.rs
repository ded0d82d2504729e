use ashlar_types::{Reader, Writer};

use super::Column;
use crate::error::BatchError;

/// How the values of a column are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// All of one width.
    Plain(u8),
    /// Each in the smallest of four widths that holds it, behind two bits that say which.
    Tagged([u8; 4]),
}

/// Marks a tagged form in the directory.
const TAGGED: u8 = 0x80;

/// A column is tagged if three quarters of its values are at least this many bits shorter than the longest: that saves
/// more than the two bits of the tags.
pub(super) const SPREAD_MIN: u8 = 3;

/// How many of `count` values a class and those below it must at least hold (B-8).
#[inline]
pub(super) const fn quota(class: usize, count: u32) -> u32 {
    match class {
        0 => count.div_ceil(4),
        1 => count - count / 4,
        2 => count - count / 32,
        _ => count,
    }
}

/// Bits of a value.
#[inline]
pub(super) const fn width(value: u64) -> u8 {
    (u64::BITS - value.leading_zeros()) as u8
}

impl Form {
    /// The one form these values have.
    pub(crate) fn of(values: &[u64]) -> Form {
        let mut at_width = [0u32; 65];
        for value in values {
            if let Some(count) = at_width.get_mut(usize::from(width(*value))) {
                *count += 1;
            }
        }
        let total = values.len() as u32;
        let mut widths = [0; 4];
        let mut held = 0;
        let mut class = 0;
        for (width, count) in (0u8..).zip(at_width) {
            held += count;
            while class < 4 && held >= quota(class, total) {
                widths[class] = width;
                class += 1;
            }
        }
        if widths[3] - widths[1] < SPREAD_MIN { Form::Plain(widths[3]) } else { Form::Tagged(widths) }
    }

    /// Its entry in the directory.
    pub(crate) fn encode(self, writer: &mut Writer) {
        match self {
            Form::Plain(width) => writer.u8(width),
            Form::Tagged([a, b, c, d]) => writer.bytes(&[TAGGED | d, a, b, c]),
        }
    }

    /// A form that some values could have.
    pub(crate) fn decode(column: Column, reader: &mut Reader<'_>) -> Result<Form, BatchError> {
        let ends = |_| BatchError::DirectoryEnds { column };
        let head = reader.u8().map_err(ends)?;
        if head & TAGGED == 0 {
            return if head <= 64 { Ok(Form::Plain(head)) } else { Err(BatchError::Widths { column, got: [head; 4] }) };
        }
        let [a, b, c] = reader.array().map_err(ends)?;
        let widths = [a, b, c, head ^ TAGGED];
        let [a, b, c, d] = widths;
        if a <= b && b <= c && c <= d && d <= 64 && d - b >= SPREAD_MIN {
            Ok(Form::Tagged(widths))
        } else {
            Err(BatchError::Widths { column, got: widths })
        }
    }

    /// Whether its values take any bytes.
    pub(crate) const fn has_bytes(self) -> bool {
        !matches!(self, Form::Plain(0))
    }
}
