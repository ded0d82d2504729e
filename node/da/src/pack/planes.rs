//! Batch bytes laid out so that a byte-wise packer finds what is in them.
//!
//! Columns of batch bytes are rows of bits ([B-8](docs/spec/batch.md)), in which nothing that counts bytes finds anything. Here each value
//! is a whole number again: the classes of tagged values, then the lowest byte of every value, then the next. What is not exactly what the columns'
//! forms say stays as it is, so this never fails and always comes back.

use ashlar_batch::codec::Preamble;
use ashlar_types::{Reader, Writer};

/// Columns of batch bytes.
const COLUMNS: usize = ashlar_batch::Column::COUNT;
const TAGGED: u8 = 0x80;
const TAG_BITS: u32 = 2;
/// Before bytes that are as they were, and before planes.
const AS_THEY_ARE: u8 = 0;
const IN_PLANES: u8 = 1;

/// How a column is laid out: its widths, and the bits of a tag.
#[derive(Clone, Copy)]
struct Form {
    widths: [u32; 4],
    tag_bits: u32,
}

/// The forms and lengths of columns, and where they begin.
struct Directory {
    columns: Vec<(Form, usize)>,
    begins: usize,
}

/// The directory at the beginning of batch bytes, or `None` if they are laid out in another way.
fn directory(bytes: &[u8]) -> Option<Directory> {
    let mut reader = Reader::new(bytes);
    reader.slice(Preamble::BYTES).ok()?;
    let mut columns = Vec::with_capacity(COLUMNS);
    for _ in 0..COLUMNS {
        let head = reader.u8().ok()?;
        let form = if head & TAGGED == 0 {
            Form { widths: [head.into(); 4], tag_bits: 0 }
        } else {
            let [a, b, c] = reader.array().ok()?;
            Form { widths: [a, b, c, head ^ TAGGED].map(u32::from), tag_bits: TAG_BITS }
        };
        if form.widths.iter().any(|width| *width > 64) {
            return None;
        }
        let length = if form.tag_bits == 0 && form.widths[0] == 0 { 0 } else { length(&mut reader)? };
        columns.push((form, length));
    }
    length(&mut reader)?;
    Some(Directory { columns, begins: reader.offset() })
}

fn length(reader: &mut Reader<'_>) -> Option<usize> {
    let [a, b, c] = reader.array().ok()?;
    Some(u32::from_le_bytes([a, b, c, 0]) as usize)
}

/// Reads bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn left(&self) -> usize {
        (8 * self.bytes.len()).saturating_sub(self.at)
    }

    fn take(&mut self, count: u32) -> u64 {
        let mut value = 0;
        for place in 0..count {
            let bit = self.bytes.get(self.at / 8).map_or(0, |byte| byte >> (self.at % 8) & 1);
            value |= u64::from(bit) << place;
            self.at += 1;
        }
        value
    }
}

#[derive(Default)]
struct BitsOut {
    bytes: Vec<u8>,
    at: usize,
}

impl BitsOut {
    fn put(&mut self, value: u64, count: u32) {
        for place in 0..count {
            if self.at.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(byte) = self.bytes.last_mut() {
                *byte |= ((value >> place & 1) as u8) << (self.at % 8);
            }
            self.at += 1;
        }
    }
}

/// The values of a column with their classes, as far as whole ones fit; filling reads as zeros.
fn values(form: Form, bytes: &[u8]) -> (Vec<u8>, Vec<u64>) {
    let mut bits = Bits { bytes, at: 0 };
    let (mut classes, mut values) = (Vec::new(), Vec::new());
    let narrowest = (form.tag_bits + form.widths.iter().copied().min().unwrap_or(0)).max(1);
    while bits.left() >= narrowest as usize {
        let class = bits.take(form.tag_bits) as u8;
        let width = form.widths[usize::from(class & 3)];
        if bits.left() < width as usize {
            break;
        }
        classes.push(class);
        values.push(bits.take(width));
    }
    (classes, values)
}

/// Batch bytes in planes, which come back by [`from_planes`].
pub fn to_planes(bytes: &[u8]) -> Vec<u8> {
    let planes = planes_of(bytes).filter(|planes| from_planes(planes).is_some_and(|back| back == bytes));
    planes.unwrap_or_else(|| [&[AS_THEY_ARE], bytes].concat())
}

fn planes_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let directory = directory(bytes)?;
    let mut writer = Writer::new();
    writer.u8(IN_PLANES);
    writer.bytes(bytes.get(..directory.begins)?);
    let mut at = directory.begins;
    for (form, length) in directory.columns {
        let column = bytes.get(at..at.checked_add(length)?)?;
        at += length;
        let (classes, values) = values(form, column);
        writer.u32(values.len() as u32);
        if form.tag_bits > 0 {
            writer.bytes(&classes);
        }
        for plane in 0..8 {
            let wide = values.iter().zip(&classes).filter(|(_, class)| has_plane(form, **class, plane));
            let plane: Vec<u8> = wide.map(|(value, _)| (value >> (8 * plane)) as u8).collect();
            writer.bytes(&plane);
        }
    }
    writer.bytes(bytes.get(at..)?);
    Some(writer.into_bytes())
}

/// Whether values of a class reach into a plane.
fn has_plane(form: Form, class: u8, plane: u32) -> bool {
    form.widths[usize::from(class & 3)] > 8 * plane
}

/// The batch bytes of planes; `None` if these are none.
pub fn from_planes(planes: &[u8]) -> Option<Vec<u8>> {
    let (kind, rest) = planes.split_first()?;
    match *kind {
        AS_THEY_ARE => return Some(rest.to_vec()),
        IN_PLANES => {}
        _ => return None,
    }
    let directory = directory(rest)?;
    let mut bytes = rest.get(..directory.begins)?.to_vec();
    let mut reader = Reader::new(rest.get(directory.begins..)?);
    for (form, length) in directory.columns {
        let count = reader.u32().ok()? as usize;
        // Each value takes a bit at least, so no count is beyond what the column's length allows.
        if count > 8 * length {
            return None;
        }
        let zeros;
        let classes = if form.tag_bits > 0 {
            reader.slice(count).ok()?
        } else {
            zeros = vec![0; count];
            &zeros
        };
        let mut values = vec![0_u64; count];
        for plane in 0..8 {
            for (value, class) in values.iter_mut().zip(classes) {
                if has_plane(form, *class, plane) {
                    *value |= u64::from(reader.u8().ok()?) << (8 * plane);
                }
            }
        }
        let mut out = BitsOut::default();
        for (value, class) in values.iter().zip(classes) {
            out.put((*class).into(), form.tag_bits);
            out.put(*value, form.widths[usize::from(*class & 3)]);
        }
        out.bytes.resize(length, 0);
        bytes.extend(out.bytes);
    }
    bytes.extend(reader.slice(reader.remaining()).ok()?);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_it_is_it_comes_back() {
        let mut state = 1_u64;
        for length in (0..2_000).step_by(37) {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (state >> 56) as u8
                })
                .collect();
            assert_eq!(from_planes(&to_planes(&bytes)).unwrap(), bytes);
        }
        assert_eq!(from_planes(&[]), None);
        assert_eq!(from_planes(&[7, 1, 2]), None);
    }

    #[test]
    fn planes_that_claim_too_much_are_refused() {
        let mut planes = vec![IN_PLANES];
        planes.extend([0; Preamble::BYTES]);
        // The first column says one bit a value and one byte, and then the planes claim a billion values.
        planes.extend([1, 1, 0, 0]);
        planes.extend([0; COLUMNS - 1]);
        planes.extend([0, 0, 0]);
        planes.extend(1_000_000_000u32.to_le_bytes());
        assert_eq!(from_planes(&planes), None);
    }
}
