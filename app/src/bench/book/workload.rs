//! Recorded workloads of the public matching-engine benchmark.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Bytes before the first message: magic 8, version 4, count 4.
const HEADER_BYTES: usize = 16;
const MESSAGE_BYTES: usize = 40;
/// More messages than any workload of that benchmark has.
const MESSAGES_MAX: usize = 1 << 26;

/// What a message wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A new order.
    New,
    /// A cancellation.
    Cancel,
    /// An order leaves its place and comes in again.
    Modify,
}

/// One message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// What it wants.
    pub kind: Kind,
    /// 0 buys, 1 sells.
    pub side: u8,
    /// What does not trade at once is cancelled.
    pub immediate: bool,
    /// How much.
    pub quantity: u32,
    /// Its number.
    pub sequence: u64,
    /// The client's id of the order.
    pub order_id: u64,
    /// In ticks.
    pub price: i64,
}

/// Reads a workload, unpacking it if its name ends in `.xz`.
pub fn read(path: &Path) -> Result<Vec<Message>> {
    let file = File::open(path).with_context(|| format!("cannot open the workload {}", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|extension| extension == "xz") {
        lzma_rs::xz_decompress(&mut reader, &mut bytes)
            .with_context(|| format!("{} is not a readable xz file", path.display()))?;
    } else {
        reader.read_to_end(&mut bytes).with_context(|| format!("cannot read the workload {}", path.display()))?;
    }
    parse(&bytes).with_context(|| format!("{} is no workload of the matching-engine benchmark", path.display()))
}

fn parse(bytes: &[u8]) -> Result<Vec<Message>> {
    let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
        bail!("it has {} bytes, fewer than its header", bytes.len());
    };
    let count = u32::from_le_bytes(word(header, 12)) as usize;
    ensure!((1..=MESSAGES_MAX).contains(&count), "it announces {count} messages; 1 to {MESSAGES_MAX} can be replayed");
    ensure!(body.len() == count * MESSAGE_BYTES, "it announces {count} messages and holds {} bytes", body.len());
    body.chunks_exact(MESSAGE_BYTES).enumerate().map(|(index, record)| message(index, record)).collect()
}

fn message(index: usize, record: &[u8]) -> Result<Message> {
    let kind = match record[0] {
        0 => Kind::New,
        1 => Kind::Cancel,
        2 => Kind::Modify,
        other => bail!("message {index} is of type {other}; 0, 1 and 2 are known"),
    };
    Ok(Message {
        kind,
        side: record[1] & 1,
        immediate: record[2] != 0,
        quantity: u32::from_le_bytes(word(record, 4)),
        sequence: u64::from_le_bytes(word(record, 8)),
        order_id: u64::from_le_bytes(word(record, 16)),
        price: i64::from_le_bytes(word(record, 24)),
    })
}

/// Bytes of a record from a place within it.
fn word<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[at + index])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(count: u32, messages: &[[u8; MESSAGE_BYTES]]) -> Vec<u8> {
        let mut bytes = vec![0; 12];
        bytes.extend(count.to_le_bytes());
        bytes.extend(messages.as_flattened());
        bytes
    }

    #[test]
    fn a_message_is_read_field_by_field() {
        let mut record = [0; MESSAGE_BYTES];
        (record[0], record[1], record[2]) = (2, 1, 1);
        (record[4], record[8], record[16], record[24]) = (7, 9, 11, 13);
        let read = parse(&workload(1, &[record])).expect("well-formed");
        let expected =
            Message { kind: Kind::Modify, side: 1, immediate: true, quantity: 7, sequence: 9, order_id: 11, price: 13 };
        assert_eq!(read, [expected]);
    }

    #[test]
    fn what_is_malformed_is_refused_in_words() {
        let refused = |bytes: &[u8]| parse(bytes).expect_err("malformed").to_string();
        assert!(refused(&[0; 3]).contains("3 bytes"));
        assert!(refused(&workload(0, &[])).contains("0 messages"));
        assert!(refused(&workload(2, &[[0; MESSAGE_BYTES]])).contains("2 messages"));
        let mut unknown = [0; MESSAGE_BYTES];
        unknown[0] = 3;
        assert!(refused(&workload(1, &[unknown])).contains("type 3"));
    }
}
