use alloc::vec::Vec;

use super::Form;
use super::form::width;

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
pub(crate) fn pack(values: &[u64], form: Form, bytes: &mut Vec<u8>) -> usize {
    let start = bytes.len();
    let mut writer = BitWriter { bytes, buffer: 0, filled: 0 };
    match form {
        Form::Plain(0) => {}
        Form::Plain(width) => values.iter().for_each(|value| writer.put(*value, width.into())),
        Form::Tagged([a, b, c, d]) => {
            for value in values {
                let needs = width(*value);
                let (class, width) = match needs {
                    w if w <= a => (0, a),
                    w if w <= b => (1, b),
                    w if w <= c => (2, c),
                    _ => (3, d),
                };
                writer.put(class, 2);
                writer.put(*value, width.into());
            }
        }
    }
    writer.finish();
    bytes.len() - start
}
