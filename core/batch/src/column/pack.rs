use alloc::vec::Vec;

use super::code::{CLASSES, codes};
use super::form::width;
use super::{Form, mask};

/// Bits, lowest first, into bytes.
struct BitWriter<'a> {
    bytes: &'a mut Vec<u8>,
    buffer: u64,
    filled: u32,
}

impl BitWriter<'_> {
    /// Appends the low `width` bits of a value that has no others.
    #[inline]
    fn put(&mut self, value: u64, width: u32) {
        self.buffer |= value.checked_shl(self.filled).unwrap_or(0);
        let filled = self.filled + width;
        if filled < 64 {
            self.filled = filled;
            return;
        }
        self.bytes.extend_from_slice(&self.buffer.to_le_bytes());
        self.buffer = value.checked_shr(64 - self.filled).unwrap_or(0);
        self.filled = filled - 64;
    }

    fn finish(self) {
        let bytes = self.buffer.to_le_bytes();
        self.bytes.extend(bytes.iter().take(self.filled.div_ceil(8) as usize));
    }
}

/// Appends the values of a column in its form and says how many bytes they took.
pub(crate) fn pack(values: &[u64], form: &Form, bytes: &mut Vec<u8>) -> usize {
    let start = bytes.len();
    // Of each class, the code and its length; none where all values are of one width.
    let mut of_class = [(0, 0); CLASSES];
    if let Form::Coded(lengths) = form {
        codes(lengths, |class, code, length| of_class[usize::from(class)] = (code.into(), length));
    }
    let mut writer = BitWriter { bytes, buffer: 0, filled: 0 };
    for value in values {
        let width = width(*value);
        let (code, length) = of_class[usize::from(width)];
        writer.put(code, length);
        let below = u32::from(width.saturating_sub(1));
        writer.put(value & mask(below), below);
    }
    writer.finish();
    bytes.len() - start
}
