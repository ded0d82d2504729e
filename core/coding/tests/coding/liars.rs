use ashlar_batch::data_root;
use ashlar_batch::merkle::Digest;
use ashlar_coding::{Chunk, Coded, CodingError, Expansion, Manifest, Row, Simd, Verifier};
use ashlar_types::{from_bytes, to_bytes};
use proptest::prelude::*;

use crate::flow::{Chance, batch};

fn verifier(coded: &Coded, bytes: &[u8]) -> Verifier {
    Verifier::new(coded.commitment(), data_root(bytes).unwrap(), coded.manifest().clone()).unwrap()
}

#[test]
fn every_row_verifies_alone_and_no_altered_one_does() {
    let mut chance = Chance::new(4);
    for expansion in [Expansion::Double, Expansion::Quadruple] {
        let bytes = batch(5_000, 1);
        let coded = Coded::new(&bytes, expansion, &Simd).unwrap();
        let verifier = verifier(&coded, &bytes);
        for (row, chunk) in (0..).map(Row::new).zip(coded.chunks()) {
            assert_eq!(verifier.verify(&chunk), Ok(row));
            for _ in 0..50 {
                let mut sent = to_bytes(&chunk);
                let bit = chance.below(8 * sent.len());
                sent[bit / 8] ^= 1 << (bit % 8);
                if let Ok(chunk) = from_bytes::<Chunk>(&sent) {
                    verifier.verify(&chunk).unwrap_err();
                }
            }
        }
    }
}

#[test]
fn a_manifest_fits_one_commitment_and_one_data_root() {
    let (bytes, other_bytes) = (batch(3_000, 1), batch(3_000, 2));
    let coded = Coded::new(&bytes, Expansion::Double, &Simd).unwrap();
    let other = Coded::new(&other_bytes, Expansion::Double, &Simd).unwrap();
    let (root, other_root) = (data_root(&bytes).unwrap(), data_root(&other_bytes).unwrap());
    let refused = other.manifest().check(coded.commitment(), root).unwrap_err();
    assert_eq!(refused, CodingError::Manifest { expected: coded.commitment(), got: other.commitment() });
    let refused = coded.manifest().check(coded.commitment(), other_root).unwrap_err();
    assert_eq!(refused, CodingError::DataRoot { expected: other_root, got: root });
    let replayed = other.chunk(Row::new(0)).unwrap();
    assert!(matches!(verifier(&coded, &bytes).verify(&replayed), Err(CodingError::Proof(_))));
    let quadruple = Coded::new(&bytes, Expansion::Quadruple, &Simd).unwrap();
    let replayed = quadruple.chunk(Row::new(0)).unwrap();
    assert_eq!(verifier(&coded, &bytes).verify(&replayed), Err(CodingError::Height { expected: 6, got: 7 }));
}

/// A publisher who commits to a wrong row is caught at that row and at no other, whatever else holds.
#[test]
fn a_row_that_is_not_coded_shows_alone() {
    let bytes = batch(5_000, 3);
    let mut chance = Chance::new(5);
    for _ in 0..40 {
        let honest = Coded::new(&bytes, Expansion::Double, &Simd).unwrap();
        let layout = *honest.manifest().layout();
        let data: Vec<u8> = honest.chunks().take(layout.data_rows()).flat_map(|c| c.bytes().to_vec()).collect();
        let mut coded: Vec<u8> = honest.chunks().skip(layout.data_rows()).flat_map(|c| c.bytes().to_vec()).collect();
        let at = chance.below(coded.len());
        coded[at] ^= 1 << chance.below(8);
        let cheat = Coded::from_rows(layout, data, coded).unwrap();
        let verifier = verifier(&cheat, &bytes);
        let wrong = Row::new((layout.data_rows() + at / layout.row_bytes()) as u16);
        for (row, chunk) in (0..).map(Row::new).zip(cheat.chunks()) {
            let expected = if row == wrong { Err(CodingError::NotCoded { row }) } else { Ok(row) };
            assert_eq!(verifier.verify(&chunk), expected);
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_read_has_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok(chunk) = from_bytes::<Chunk>(&bytes) {
            prop_assert_eq!(to_bytes(&chunk), &bytes[..]);
        }
        if let Ok(manifest) = from_bytes::<Manifest>(&bytes) {
            prop_assert_eq!(to_bytes(&manifest), &bytes[..]);
        }
    }

    #[test]
    fn any_altered_manifest_is_another(at: prop::sample::Index, bit in 0u8..8) {
        let bytes = batch(3_000, 1);
        let coded = Coded::new(&bytes, Expansion::Quadruple, &Simd).unwrap();
        let mut sent = to_bytes(coded.manifest());
        let at = at.index(sent.len());
        sent[at] ^= 1 << bit;
        if let Ok(manifest) = from_bytes::<Manifest>(&sent) {
            prop_assert!(manifest.check(coded.commitment(), data_root(&bytes).unwrap()).is_err());
        }
        prop_assert!(coded.commitment().digest() != Digest::EMPTY);
    }
}
