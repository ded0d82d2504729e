//! Bytes that begin as a batch does, and the header that commits to them.

use ashlar_batch::codec::Preamble;
use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, data_root};
use ashlar_coding::DaCommitment;
use ashlar_types::{BatchNumber, ExchangeId, Time};

/// So many bytes with the preamble of a batch of that length; what follows it is noise.
pub fn batch(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 0];
    bytes.extend((length as u32).to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([0; 22]);
    assert_eq!(bytes.len(), Preamble::BYTES);
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while bytes.len() < length {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        bytes.push((state >> 40) as u8);
    }
    bytes
}

/// A header that commits to a batch.
pub fn header(number: u64, bytes: &[u8], commitment: DaCommitment) -> BatchHeader {
    BatchHeader {
        number: BatchNumber::new(number),
        data_root: data_root(bytes).unwrap(),
        da_commitment: commitment.to_hash(),
        ..BatchHeader::genesis(1, ExchangeId([7; 32]), Digest::EMPTY, Time::new(1).unwrap())
    }
}
