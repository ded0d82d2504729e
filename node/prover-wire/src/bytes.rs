//! The encoding: little-endian numbers, and lengths of 32 bits before what has no fixed one.

use crate::error::WireError;
use crate::limits::TEXT_BYTES_MAX;

/// Appends to bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub fn array(&mut self, value: &[u8]) {
        self.bytes.extend(value);
    }

    /// Whatever is longer than its limit is refused by the reader, so a length that does not fit its field need not be told apart.
    pub fn section(&mut self, value: &[u8]) {
        self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.bytes.extend(value);
    }

    /// Text, cut at a letter's end if it is too long: it is for a person, who is better served by a part than by an error.
    pub fn text(&mut self, value: &str) {
        let end = value.floor_char_boundary(TEXT_BYTES_MAX);
        self.section(value.get(..end).unwrap_or_default().as_bytes());
    }
}

/// Reads from bytes, which it never outruns.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], WireError> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(WireError::Ends { what })?;
        self.rest = rest;
        Ok(*array)
    }

    pub fn u8(&mut self, what: &'static str) -> Result<u8, WireError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32, WireError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub fn u64(&mut self, what: &'static str) -> Result<u64, WireError> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub fn section(&mut self, what: &'static str, max: usize) -> Result<&'a [u8], WireError> {
        let length = self.count(what, max)?;
        let (section, rest) = self.rest.split_at_checked(length).ok_or(WireError::Ends { what })?;
        self.rest = rest;
        Ok(section)
    }

    /// A number of things that follow.
    pub fn count(&mut self, what: &'static str, max: usize) -> Result<usize, WireError> {
        let got = self.u32(what)? as usize;
        if got > max { Err(WireError::TooLong { what, max, got }) } else { Ok(got) }
    }

    pub fn text(&mut self, what: &'static str) -> Result<String, WireError> {
        let bytes = self.section(what, TEXT_BYTES_MAX)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| WireError::Text { what })
    }

    pub fn finish(self) -> Result<(), WireError> {
        match self.rest.len() {
            0 => Ok(()),
            got => Err(WireError::Trailing { got }),
        }
    }
}
