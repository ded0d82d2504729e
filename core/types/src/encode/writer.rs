use alloc::vec::Vec;

/// Appends little-endian fields, and keeps them as words: each is shifted into its place, however wide it is, and no byte is written
/// alone. What is hashed is hashed from the words.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    /// Eight bytes each, the first one lowest.
    pub(super) words: Vec<u64>,
    /// The bytes after them, the first one lowest; zero above.
    pub(super) last: u64,
    /// Bits of `last` that are bytes written: below 64.
    pub(super) filled: u32,
}

impl Writer {
    /// Begins with no bytes.
    pub const fn new() -> Writer {
        Writer { words: Vec::new(), last: 0, filled: 0 }
    }

    /// Begins with no bytes, and with room for so many.
    pub fn with_capacity(bytes: usize) -> Writer {
        Writer { words: Vec::with_capacity(bytes / 8), last: 0, filled: 0 }
    }

    /// Forgets the bytes and keeps the room.
    #[inline]
    pub fn clear(&mut self) {
        self.words.clear();
        (self.last, self.filled) = (0, 0);
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        self.append_to(&mut bytes);
        bytes
    }

    /// Appends the bytes written to others.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(self.len());
        for word in &self.words {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend(self.last.to_le_bytes().iter().take(self.filled as usize / 8));
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        8 * self.words.len() + self.filled as usize / 8
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the low `bits`, at most 64 and a multiple of eight, of a value that has no others.
    #[inline]
    fn put(&mut self, value: u64, bits: u32) {
        let filled = self.filled;
        self.last |= value << filled;
        self.filled = filled + bits;
        if self.filled >= 64 {
            self.words.push(self.last);
            self.filled -= 64;
            // In two steps, for nothing is left of a value that came to an empty word.
            self.last = value >> 1 >> (63 - filled);
        }
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let (whole, tail) = bytes.as_chunks();
        for chunk in whole {
            self.put(u64::from_le_bytes(*chunk), 64);
        }
        for byte in tail {
            self.put(u64::from(*byte), 8);
        }
    }

    /// Appends one byte.
    #[inline]
    pub fn u8(&mut self, value: u8) {
        self.put(u64::from(value), 8);
    }

    /// Appends two bytes.
    #[inline]
    pub fn u16(&mut self, value: u16) {
        self.put(u64::from(value), 16);
    }

    /// Appends four bytes.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.put(u64::from(value), 32);
    }

    /// Appends the low six bytes; the types that use it are below 2^48.
    #[inline]
    pub fn u48(&mut self, value: u64) {
        self.put(value & ((1 << 48) - 1), 48);
    }

    /// Appends eight bytes.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.put(value, 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_width_at_every_place_are_their_bytes() {
        let mut seed = 1u64;
        for length in 0..200usize {
            let (mut writer, mut expected) = (Writer::new(), Vec::new());
            for _ in 0..length {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let value = seed ^ seed >> 29;
                let bytes = value.to_le_bytes();
                match seed >> 61 {
                    0 => (writer.u8(value as u8), expected.extend_from_slice(&bytes[..1])).1,
                    1 => (writer.u16(value as u16), expected.extend_from_slice(&bytes[..2])).1,
                    2 => (writer.u32(value as u32), expected.extend_from_slice(&bytes[..4])).1,
                    3 => (writer.u48(value), expected.extend_from_slice(&bytes[..6])).1,
                    4 => (writer.u64(value), expected.extend_from_slice(&bytes)).1,
                    _ => {
                        let part: Vec<u8> = bytes.iter().cycle().take((value % 21) as usize).copied().collect();
                        writer.bytes(&part);
                        expected.extend_from_slice(&part);
                    }
                }
                assert_eq!(writer.len(), expected.len());
            }
            assert_eq!(writer.is_empty(), expected.is_empty());
            let mut appended = alloc::vec![7];
            writer.append_to(&mut appended);
            assert_eq!(appended[1..], expected);
            assert_eq!(writer.into_bytes(), expected);
        }
    }
}
