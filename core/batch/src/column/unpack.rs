use alloc::vec;
use alloc::vec::Vec;

use super::code::{CLASSES, codes};
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
    /// By the next bits, as many as the longest code has, the class whose code they begin with.
    places: Vec<u8>,
    classes: Vec<Class>,
}

/// The values of one width.
#[derive(Clone, Copy, Debug)]
struct Class {
    /// Bits of the code and of what follows it.
    bits: u32,
    code_bits: u32,
    /// The bit that every value of the width has, and does not write.
    highest: u64,
    /// The bits below that.
    mask: u64,
    width: u8,
    /// How many values there were.
    count: u32,
}

impl Class {
    const fn new(width: u8, code_bits: u32) -> Class {
        let below = (width as u32).saturating_sub(1);
        let highest = if width == 0 { 0 } else { 1 << below };
        Class { bits: code_bits + below, code_bits, highest, mask: mask(below), width, count: 0 }
    }
}

/// The classes of a form and the table that tells them apart.
fn table(form: &Form) -> (Vec<u8>, Vec<Class>) {
    let lengths = match form {
        Form::One(width) => return (vec![0], vec![Class::new(*width, 0)]),
        Form::Coded(lengths) => lengths,
    };
    let longest = lengths.iter().fold(0, |longest, length| longest.max(*length));
    let mut places = vec![0; 1 << longest];
    let mut classes = Vec::with_capacity(lengths.iter().filter(|length| **length > 0).count());
    codes(lengths, |width, code, length| {
        // Whatever the bits behind the code are.
        for place in places.iter_mut().skip(code as usize).step_by(1 << length) {
            *place = classes.len() as u8;
        }
        classes.push(Class::new(width, length));
    });
    (places, classes)
}

impl<'a> ColumnReader<'a> {
    /// Over all of a column's bytes.
    pub(crate) fn new(column: Column, form: Form, bytes: &'a [u8]) -> ColumnReader<'a> {
        let (words, tail) = bytes.as_chunks();
        let (places, classes) = table(&form);
        ColumnReader { column, form, words, tail, buffer: 0, left: 0, places, classes }
    }

    /// The next value; `None` is an error, which [`ColumnReader::fault`] names.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<u64> {
        // Beyond the bits that are left stand zeros. A code found by them is longer than what is left, since no code
        // begins with another.
        let place = self.buffer as usize & (self.places.len() - 1);
        let class = self.classes.get_mut(usize::from(*self.places.get(place)?))?;
        if class.bits > self.left {
            return self.take_across();
        }
        // At most 63 bits: no shift here is out of range.
        let value = class.highest | self.buffer.wrapping_shr(class.code_bits) & class.mask;
        self.buffer = self.buffer.wrapping_shr(class.bits);
        self.left -= class.bits;
        class.count = class.count.wrapping_add(1);
        Some(value)
    }

    /// A value that goes on in the next word.
    fn take_across(&mut self) -> Option<u64> {
        let ahead = self.buffer | self.ahead() << self.left;
        let index = usize::from(*self.places.get(ahead as usize & (self.places.len() - 1))?);
        let Class { bits, code_bits, highest, .. } = *self.classes.get(index)?;
        self.bits(code_bits)?;
        let value = highest | self.bits(bits - code_bits)?;
        let class = self.classes.get_mut(index)?;
        class.count = class.count.wrapping_add(1);
        Some(value)
    }

    fn bits(&mut self, width: u32) -> Option<u64> {
        if width <= self.left {
            let value = self.buffer & mask(width);
            self.buffer = self.buffer.wrapping_shr(width);
            self.left -= width;
            return Some(value);
        }
        let word = self.ahead();
        let bits = self.refill();
        let missing = width - self.left;
        if missing > bits {
            return None;
        }
        let value = (self.buffer | word << self.left) & mask(width);
        self.buffer = word.checked_shr(missing).unwrap_or(0);
        self.left = bits - missing;
        Some(value)
    }

    /// The next word, as far as there is one, above it zeros.
    fn ahead(&self) -> u64 {
        match self.words.first() {
            Some(word) => u64::from_le_bytes(*word),
            None => self.tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        }
    }

    /// Goes past the next word, and says how many bits it had.
    fn refill(&mut self) -> u32 {
        match self.words.split_first() {
            Some((_, rest)) => {
                self.words = rest;
                64
            }
            None => 8 * core::mem::take(&mut self.tail).len() as u32,
        }
    }

    /// Why there was no value.
    #[cold]
    pub(crate) const fn fault(&self) -> BatchError {
        BatchError::ColumnEnds { column: self.column }
    }

    /// Ends the column: every byte used, no bit set beyond the values, and the form the one that the values ask for.
    pub(crate) fn finish(&self) -> Result<(), BatchError> {
        let column = self.column;
        let left = 8 * self.words.len() + self.tail.len() + self.left as usize / 8;
        if left > 0 {
            return Err(BatchError::ColumnGoesOn { column, got: left });
        }
        if self.buffer != 0 {
            return Err(BatchError::ColumnPadding { column, got: self.buffer });
        }
        let mut counts = [0; CLASSES];
        for class in &self.classes {
            counts[usize::from(class.width)] = class.count;
        }
        if Form::of_counts(&counts) == self.form { Ok(()) } else { Err(BatchError::Form { column }) }
    }
}
