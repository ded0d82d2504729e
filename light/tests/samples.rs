//! A light client's samples of a batch that it knows by its header alone.

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, data_root};
use ashlar_coding::{Coded, Expansion, Row, Simd};
use ashlar_light::{SampleError, Samples};
use ashlar_types::{ExchangeId, Time, to_bytes};

fn batch(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8).collect();
    bytes[..42].fill(0);
    (bytes[0], bytes[1], bytes[12], bytes[16]) = (1, 1, 1, 1);
    bytes[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    bytes
}

fn header(coded: &Coded, bytes: &[u8]) -> BatchHeader {
    let genesis = BatchHeader::genesis(1, ExchangeId([7; 32]), Digest::EMPTY, Time::ZERO);
    BatchHeader { data_root: data_root(bytes).unwrap(), da_commitment: coded.commitment().to_hash(), ..genesis }
}

#[test]
fn a_header_and_strangers_are_enough_to_be_sure() {
    let bytes = batch(60_000);
    let coded = Coded::new(&bytes, Expansion::Double, &Simd).unwrap();
    let (header, manifest) = (header(&coded, &bytes), to_bytes(coded.manifest()));
    let mut samples = Samples::new(&header, &manifest, [9; 32], 20).unwrap();
    assert!((15..40).contains(&samples.asked().len()), "{}", samples.asked().len());
    let asked = samples.asked().to_vec();
    for (index, row) in asked.iter().enumerate() {
        assert!(!samples.are_enough());
        assert_eq!(samples.missing().count(), asked.len() - index);
        let mut chunk = to_bytes(&coded.chunk(*row).unwrap());
        assert_eq!(samples.take(&chunk), Ok(*row));
        let last = chunk.len() - 1;
        chunk[last] ^= 1;
        assert!(matches!(samples.take(&chunk), Err(SampleError::Coding(_))), "an altered row");
        assert!(matches!(samples.take(&chunk[..last]), Err(SampleError::Bytes(_))), "a truncated row");
    }
    assert!(samples.are_enough());
    let other = (0..).map(Row::new).find(|row| !asked.contains(row)).unwrap();
    let unasked = to_bytes(&coded.chunk(other).unwrap());
    assert_eq!(samples.take(&unasked), Err(SampleError::NotAsked { row: other }));
    let elsewhere = Samples::new(&header, &manifest, [8; 32], 20).unwrap();
    assert_ne!(elsewhere.asked(), asked, "another client asks for other rows");
}

#[test]
fn a_manifest_of_another_batch_is_refused() {
    let (bytes, other_bytes) = (batch(5_000), batch(5_001));
    let coded = Coded::new(&bytes, Expansion::Double, &Simd).unwrap();
    let other = Coded::new(&other_bytes, Expansion::Double, &Simd).unwrap();
    let refused = Samples::new(&header(&coded, &bytes), &to_bytes(other.manifest()), [0; 32], 20).unwrap_err();
    assert!(matches!(refused, SampleError::Coding(_)), "{refused}");
    let refused = Samples::new(&header(&coded, &other_bytes), &to_bytes(coded.manifest()), [0; 32], 20).unwrap_err();
    assert!(matches!(refused, SampleError::Coding(_)), "{refused}");
    let mut no_commitment = header(&coded, &bytes);
    no_commitment.da_commitment.0[31] = 1;
    let refused = Samples::new(&no_commitment, &to_bytes(coded.manifest()), [0; 32], 20).unwrap_err();
    assert_eq!(refused, SampleError::Header);
}
