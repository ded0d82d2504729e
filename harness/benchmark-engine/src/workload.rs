//! Recorded workloads of the public matching-engine benchmark.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::messages::{Cancel, Modify, NewOrder};

/// Bytes before the first message: magic 8, version 4, count 4.
const HEADER_BYTES: usize = 16;
const MESSAGE_BYTES: usize = 40;
/// More messages than any workload of that benchmark has.
const MESSAGES_MAX: usize = 1 << 26;

/// One message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message {
    /// A new order.
    New(NewOrder),
    /// A cancellation.
    Cancel(Cancel),
    /// An order leaves its place and comes in again.
    Modify(Modify),
}

/// Why a workload cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The file cannot be read.
    #[error("the workload {path} cannot be read: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        why: std::io::Error,
    },
    /// The file is named as an xz stream and is none.
    #[error("{path} is not a readable xz file: {why}")]
    Packed {
        /// Which file.
        path: PathBuf,
        /// What happened.
        why: lzma_rs::error::Error,
    },
    /// The file is something else.
    #[error("{path} is no workload of the matching-engine benchmark: {why}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads a workload, unpacking it if its name ends in `.xz`.
pub fn read(path: &Path) -> Result<Vec<Message>, WorkloadError> {
    let failed = |why| WorkloadError::File { path: path.into(), why };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|extension| extension == "xz") {
        lzma_rs::xz_decompress(&mut reader, &mut bytes)
            .map_err(|why| WorkloadError::Packed { path: path.into(), why })?;
    } else {
        reader.read_to_end(&mut bytes).map_err(failed)?;
    }
    parse(&bytes).map_err(|why| WorkloadError::Malformed { path: path.into(), why })
}

fn parse(bytes: &[u8]) -> Result<Vec<Message>, String> {
    let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Err(format!("it has {} bytes, fewer than its header", bytes.len()));
    };
    let count = u32::from_le_bytes(word(header, 12)) as usize;
    if !(1..=MESSAGES_MAX).contains(&count) {
        return Err(format!("it announces {count} messages; 1 to {MESSAGES_MAX} can be replayed"));
    }
    if body.len() != count * MESSAGE_BYTES {
        return Err(format!("it announces {count} messages and holds {} bytes", body.len()));
    }
    body.chunks_exact(MESSAGE_BYTES).enumerate().map(|(index, record)| message(index, record)).collect()
}

fn message(index: usize, record: &[u8]) -> Result<Message, String> {
    let (side, immediate) = (record[1] & 1, u8::from(record[2] != 0));
    let quantity = u32::from_le_bytes(word(record, 4));
    let (sequence, order_id) = (u64::from_le_bytes(word(record, 8)), u64::from_le_bytes(word(record, 16)));
    let price = i64::from_le_bytes(word(record, 24));
    Ok(match record[0] {
        0 => Message::New(NewOrder { order_id, sequence, price, quantity, side, immediate, reserved: [0; 2] }),
        1 => Message::Cancel(Cancel { order_id, sequence }),
        2 => Message::Modify(Modify { order_id, sequence, price, quantity, side, reserved: [0; 3] }),
        other => return Err(format!("message {index} is of type {other}; 0, 1 and 2 are known")),
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
        let expected = Modify { order_id: 11, sequence: 9, price: 13, quantity: 7, side: 1, reserved: [0; 3] };
        assert_eq!(read, [Message::Modify(expected)]);
    }

    #[test]
    fn what_is_malformed_is_refused_in_words() {
        let refused = |bytes: &[u8]| parse(bytes).expect_err("malformed");
        assert!(refused(&[0; 3]).contains("3 bytes"));
        assert!(refused(&workload(0, &[])).contains("0 messages"));
        assert!(refused(&workload(2, &[[0; MESSAGE_BYTES]])).contains("2 messages"));
        let mut unknown = [0; MESSAGE_BYTES];
        unknown[0] = 3;
        assert!(refused(&workload(1, &[unknown])).contains("type 3"));
    }
}
