use super::form::{SPREAD_MIN, quota};
use super::{Column, Form, mask};
use crate::error::BatchError;

/// Takes the values of one column and, at its end, checks that they could stand there in no other form.
#[derive(Clone, Debug)]
pub(crate) struct ColumnReader<'a> {
    column: Column,
    form: Form,
    words: &'a [[u8; 8]],
    tail: &'a [u8],
    /// The next bits, `left` of them, never more than 63; above them zeros.
    buffer: u64,
    left: u32,
    /// Bits of the tag, none in a plain column, whose values are all of class 0.
    tag_bits: u32,
    classes: [Class; 4],
    /// All values, one over the other.
    any: u64,
    fault: Option<BatchError>,
}

/// One width of a column.
#[derive(Clone, Copy, Default, Debug)]
struct Class {
    /// Of a tag and a value.
    bits: u32,
    /// The bits of a value.
    mask: u64,
    /// The least value that no smaller class holds.
    least: u64,
    /// Values above this are counted apart, for the check at the end.
    bound: u64,
    /// How many values there were, and above bit 32 how many of them beyond the bound.
    tally: u64,
}

impl Class {
    const fn count(&self) -> u32 {
        self.tally as u32
    }

    const fn beyond(&self) -> u32 {
        (self.tally >> 32) as u32
    }
}

const TAG_BITS: u32 = 2;

/// The classes of a form. In a tagged one the bound tells the values that need all of the width, in a plain one those
/// for which a width of [`SPREAD_MIN`] less would do.
fn classes(form: Form) -> [Class; 4] {
    let class = |tag: u32, width: u8, bound: u8, least: u64| Class {
        bits: tag + u32::from(width),
        mask: mask(width.into()),
        least,
        bound: mask(bound.into()),
        tally: 0,
    };
    match form {
        Form::Plain(width) => [class(0, width, width.saturating_sub(SPREAD_MIN), 0); 4],
        Form::Tagged(widths) => {
            let mut below = None;
            widths.map(|width| {
                let class = match below {
                    None => class(TAG_BITS, width, width.saturating_sub(1), 0),
                    // Nothing is left for a class as wide as the one below it: what it holds is below the least.
                    Some(below) if below == width => {
                        Class { bits: TAG_BITS + u32::from(width), least: 1, ..Class::default() }
                    }
                    Some(below) => class(TAG_BITS, width, width.saturating_sub(1), mask(u32::from(below)) + 1),
                };
                below = Some(width);
                class
            })
        }
    }
}

impl<'a> ColumnReader<'a> {
    /// Over all of a column's bytes.
    pub(crate) fn new(column: Column, form: Form, bytes: &'a [u8]) -> ColumnReader<'a> {
        let (words, tail) = bytes.as_chunks();
        let tag_bits = if matches!(form, Form::Plain(_)) { 0 } else { TAG_BITS };
        let classes = classes(form);
        ColumnReader { column, form, words, tail, buffer: 0, left: 0, tag_bits, classes, any: 0, fault: None }
    }

    /// The next value; `None` is an error, which [`ColumnReader::fault`] names.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<u64> {
        let tag = self.buffer as usize & ((1 << self.tag_bits) - 1) & 3;
        let class = &self.classes[tag];
        if class.bits > self.left {
            return self.take_across();
        }
        // At most 63 bits: no shift here is out of range.
        let value = self.buffer.wrapping_shr(self.tag_bits) & class.mask;
        self.buffer = self.buffer.wrapping_shr(class.bits);
        self.left -= class.bits;
        self.accept(tag, value)
    }

    #[inline]
    fn accept(&mut self, tag: usize, value: u64) -> Option<u64> {
        let class = &mut self.classes[tag & 3];
        if value < class.least {
            self.fault = Some(BatchError::WideClass { column: self.column, got: value });
            return None;
        }
        class.tally = class.tally.wrapping_add(1 | u64::from(value > class.bound) << 32);
        self.any |= value;
        Some(value)
    }

    /// A value that goes on in the next word.
    fn take_across(&mut self) -> Option<u64> {
        let tag = self.bits(self.tag_bits)? as usize & 3;
        let value = self.bits(self.classes[tag].bits - self.tag_bits)?;
        self.accept(tag, value & self.classes[tag].mask)
    }

    fn bits(&mut self, width: u32) -> Option<u64> {
        if width <= self.left {
            let value = self.buffer & mask(width);
            self.buffer = self.buffer.wrapping_shr(width);
            self.left -= width;
            return Some(value);
        }
        let (word, bits) = self.refill();
        let missing = width - self.left;
        if missing > bits {
            self.fault = Some(BatchError::ColumnEnds { column: self.column });
            return None;
        }
        let value = (self.buffer | word << self.left) & mask(width);
        self.buffer = word.checked_shr(missing).unwrap_or(0);
        self.left = bits - missing;
        Some(value)
    }

    /// The next word, and how many bits of it are there.
    fn refill(&mut self) -> (u64, u32) {
        if let Some((first, rest)) = self.words.split_first() {
            self.words = rest;
            return (u64::from_le_bytes(*first), 64);
        }
        let tail = core::mem::take(&mut self.tail);
        let word = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        (word, 8 * tail.len() as u32)
    }

    /// Why there was no value.
    #[cold]
    pub(crate) fn fault(&self) -> BatchError {
        self.fault.unwrap_or(BatchError::ColumnEnds { column: self.column })
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
        match self.form {
            Form::Plain(width) if !self.fits_plain(width) => Err(BatchError::Widths { column, got: [width; 4] }),
            Form::Tagged(widths) if !self.fits_tagged(widths) => Err(BatchError::Widths { column, got: widths }),
            _ => Ok(()),
        }
    }

    fn fits_plain(&self, width: u8) -> bool {
        let [class, ..] = self.classes;
        let widest = width == 0 || self.any > mask(u32::from(width) - 1);
        // Tagged it would be if so many values fitted three bits fewer that the second class were that narrow.
        let narrow = width >= SPREAD_MIN && class.count() - class.beyond() >= quota(1, class.count());
        widest && !(narrow && class.count() > 0)
    }

    fn fits_tagged(&self, widths: [u8; 4]) -> bool {
        let total = self.classes.iter().map(Class::count).sum();
        let mut held = 0;
        let mut narrower = 0;
        for (index, (class, width)) in self.classes.iter().zip(widths).enumerate() {
            // What one bit fewer would hold. A class as wide as the one below it has no values of its own.
            if class.mask != 0 || index == 0 {
                narrower = held + class.count() - class.beyond();
            }
            held += class.count();
            let minimal = width == 0 || narrower < quota(index, total);
            if held < quota(index, total) || !minimal {
                return false;
            }
        }
        total > 0
    }
}
