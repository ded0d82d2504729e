use super::form::{SPREAD_MIN, quota, width};
use super::{Column, Form, mask};
use crate::error::BatchError;

/// Takes the values of one column and, at its end, checks that they could stand there in no other form.
#[derive(Clone, Debug)]
pub(crate) struct ColumnReader<'a> {
    column: Column,
    form: Form,
    words: &'a [[u8; 8]],
    tail: &'a [u8],
    buffer: u64,
    left: u32,
    seen: Seen,
}

/// What the check at the end needs to know of the values.
#[derive(Clone, Default, Debug)]
struct Seen {
    /// Values of each class; a plain column has one class.
    count: [u32; 4],
    /// Those that need every bit of their class's width.
    full: [u32; 4],
    /// In a plain column: those that a tagged one would have held in three bits fewer.
    small: u32,
}

impl<'a> ColumnReader<'a> {
    /// Over all of a column's bytes.
    pub(crate) fn new(column: Column, form: Form, bytes: &'a [u8]) -> ColumnReader<'a> {
        let (words, tail) = bytes.as_chunks();
        ColumnReader { column, form, words, tail, buffer: 0, left: 0, seen: Seen::default() }
    }

    /// The next value.
    #[inline]
    pub(crate) fn take(&mut self) -> Result<u64, BatchError> {
        match self.form {
            Form::Plain(width) => {
                let value = self.bits(width.into())?;
                self.seen.count[3] += 1;
                self.seen.full[3] += is_full(value, width);
                // Whether three bits fewer would hold it.
                self.seen.small += u32::from(value >> width.saturating_sub(SPREAD_MIN) == 0);
                Ok(value)
            }
            Form::Tagged(widths) => {
                let class = self.bits(2)? as usize & 3;
                let width = widths[class];
                let value = self.bits(width.into())?;
                let below = if class == 0 { None } else { Some(widths[class - 1]) };
                if below.is_some_and(|below| value.checked_shr(below.into()).unwrap_or(0) == 0) {
                    return Err(BatchError::WideClass { column: self.column, got: value });
                }
                self.seen.count[class] += 1;
                self.seen.full[class] += is_full(value, width);
                Ok(value)
            }
        }
    }

    #[inline]
    fn bits(&mut self, width: u32) -> Result<u64, BatchError> {
        if width <= self.left {
            let value = self.buffer & mask(width);
            self.buffer = self.buffer.checked_shr(width).unwrap_or(0);
            self.left -= width;
            return Ok(value);
        }
        let (word, bits) = self.refill();
        let missing = width - self.left;
        if missing > bits {
            return Err(BatchError::ColumnEnds { column: self.column });
        }
        let value = (self.buffer | word << self.left) & mask(width);
        self.buffer = word.checked_shr(missing).unwrap_or(0);
        self.left = bits - missing;
        Ok(value)
    }

    /// The next word, and how many bits of it are there.
    #[inline]
    fn refill(&mut self) -> (u64, u32) {
        if let Some((first, rest)) = self.words.split_first() {
            self.words = rest;
            return (u64::from_le_bytes(*first), 64);
        }
        let tail = core::mem::take(&mut self.tail);
        let word = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        (word, 8 * tail.len() as u32)
    }

    /// Ends the column: every byte used, no bit set beyond the values, and the widths those that the values ask for.
    pub(crate) fn finish(&self) -> Result<(), BatchError> {
        let column = self.column;
        let left = 8 * self.words.len() + self.tail.len() + self.left as usize / 8;
        if left > 0 {
            return Err(BatchError::ColumnGoesOn { column, got: left });
        }
        if self.buffer != 0 {
            return Err(BatchError::ColumnPadding { column, got: self.buffer });
        }
        let right = match self.form {
            Form::Plain(width) => self.seen.fits_plain(width),
            Form::Tagged(widths) => self.seen.fits_tagged(widths),
        };
        match (right, self.form) {
            (true, _) => Ok(()),
            (false, Form::Plain(got)) => Err(BatchError::Widths { column, got: [got; 4] }),
            (false, Form::Tagged(got)) => Err(BatchError::Widths { column, got }),
        }
    }
}

/// One if no narrower width holds the value.
#[inline]
fn is_full(value: u64, width: u8) -> u32 {
    match width {
        0 => 0,
        width => (value >> (width - 1)) as u32 & 1,
    }
}

impl Seen {
    fn fits_plain(&self, width: u8) -> bool {
        let [.., count] = self.count;
        let [.., full] = self.full;
        let widest = width == 0 || full > 0;
        // Tagged it would be if so many values fitted three bits fewer that the second class were that narrow.
        let narrow = width >= SPREAD_MIN && count > 0 && self.small >= quota(1, count);
        widest && !narrow
    }

    fn fits_tagged(&self, widths: [u8; 4]) -> bool {
        let total = self.count.iter().sum();
        let mut held = 0;
        for (class, width) in widths.into_iter().enumerate() {
            held += self.count[class];
            // One bit fewer would hold these; where two classes share a width only the first of them has values.
            let narrower = if width == 0 { 0 } else { held - self.full_at(width, widths) };
            let minimal = width == 0 || narrower < quota(class, total);
            if held < quota(class, total) || !minimal {
                return false;
            }
        }
        total > 0
    }

    fn full_at(&self, width: u8, widths: [u8; 4]) -> u32 {
        self.full.iter().zip(widths).filter(|(_, of)| *of == width).map(|(full, _)| full).sum()
    }
}

const _: () = assert!(width(0) == 0 && width(u64::MAX) == 64);
