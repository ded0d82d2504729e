//! Commitments by inner products: what is right is accepted, and nothing else.

use ashlar_coding::Scheme;
use ashlar_coding::soundness::BITS_MIN;
use ashlar_coding_ipa::{Claim, Generators, Ipa, IpaError, LENGTH_MAX, Opening, SCALAR_BYTES, Statement, pack};
use curve25519_dalek::Scalar;
use proptest::prelude::*;

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 31) as u8).collect()
}

#[test]
fn every_position_is_a_sample() {
    let scheme = Ipa::new(32).unwrap();
    for length in [1, 31, 32, 100, 992] {
        let bytes = noise(length);
        let committed = scheme.commit(&bytes).unwrap();
        let verifier = scheme.verifier(scheme.commitment(&committed), &scheme.statement(&committed)).unwrap();
        assert!(scheme.proven(&verifier).bits() >= BITS_MIN);
        assert_eq!(scheme.positions(&verifier), length.div_ceil(SCALAR_BYTES));
        for position in 0..scheme.positions(&verifier) as u32 {
            let sample = Scheme::open(&scheme, &committed, position).unwrap();
            let sent = Opening::from_bytes(1, scheme.positions(&verifier), &sample.to_bytes()).unwrap();
            Scheme::verify(&scheme, &verifier, position, &sent).unwrap();
            assert_eq!(sent.values, [pack(&bytes)[position as usize]]);
            let other = (position + 1) % scheme.positions(&verifier) as u32;
            if other != position {
                assert_eq!(Scheme::verify(&scheme, &verifier, other, &sent), Err(IpaError::NotShown));
            }
        }
        assert!(Scheme::open(&scheme, &committed, scheme.positions(&verifier) as u32).is_none());
    }
}

#[test]
fn many_positions_are_shown_at_once() {
    let scheme = Ipa::new(64).unwrap();
    let bytes = noise(60 * SCALAR_BYTES);
    let committed = scheme.commit(&bytes).unwrap();
    let verifier = scheme.verifier(scheme.commitment(&committed), &scheme.statement(&committed)).unwrap();
    let positions = [0, 3, 4, 31, 59];
    let opening = scheme.open(&committed, Claim::Scalars(&positions)).unwrap();
    scheme.verify(&verifier, Claim::Scalars(&positions), &opening).unwrap();
    assert_eq!(opening.to_bytes().len(), 32 * (5 + 2 * 6 + 1));
    for wrong in [vec![0, 3, 4, 31, 58], vec![0, 3, 4, 31], vec![1, 3, 4, 31, 59]] {
        assert!(scheme.verify(&verifier, Claim::Scalars(&wrong), &opening).is_err());
    }
    for (wrong, got) in [(vec![3, 0], 0), (vec![3, 3], 3), (vec![60], 60)] {
        let refused = Err(IpaError::Position { length: 60, got });
        assert_eq!(scheme.open(&committed, Claim::Scalars(&wrong)), refused);
    }
    for index in 0..opening.values.len() {
        let mut lie = opening.clone();
        lie.values[index] += Scalar::ONE;
        assert_eq!(scheme.verify(&verifier, Claim::Scalars(&positions), &lie), Err(IpaError::NotShown));
    }
}

#[test]
fn every_altered_byte_is_noticed() {
    let scheme = Ipa::new(8).unwrap();
    let committed = scheme.commit(&noise(8 * SCALAR_BYTES)).unwrap();
    let commitment = scheme.commitment(&committed);
    let verifier = scheme.verifier(commitment, &Statement { length: 8 }).unwrap();
    let point = Scalar::from(12_345u64);
    for claim in [Claim::Scalars(&[2, 5]), Claim::Value(point)] {
        let opening = scheme.open(&committed, claim).unwrap();
        scheme.verify(&verifier, claim, &opening).unwrap();
        let (values, bytes) = (opening.values.len(), opening.to_bytes());
        for at in 0..bytes.len() {
            let mut sent = bytes.clone();
            sent[at] ^= 1 << (at % 8);
            let read = Opening::from_bytes(values, 8, &sent);
            assert!(read.and_then(|opening| scheme.verify(&verifier, claim, &opening)).is_err(), "byte {at}");
        }
        assert!(Opening::from_bytes(values, 8, &bytes[1..]).is_err());
        assert!(Opening::from_bytes(values, 16, &bytes).is_err());
    }
    let shorter = scheme.verifier(commitment, &Statement { length: 7 }).unwrap();
    let opening = scheme.open(&committed, Claim::Scalars(&[2])).unwrap();
    assert_eq!(scheme.verify(&shorter, Claim::Scalars(&[2]), &opening), Err(IpaError::NotShown), "another length");
}

#[test]
fn what_is_outside_the_limits_is_refused() {
    assert!(matches!(Generators::new(0), Err(IpaError::Length { .. })));
    assert!(matches!(Generators::new(12), Err(IpaError::Length { .. })));
    assert!(matches!(Generators::new(2 * LENGTH_MAX), Err(IpaError::Length { .. })));
    let scheme = Ipa::new(4).unwrap();
    assert!(matches!(scheme.commit(&[]), Err(IpaError::Bytes { got: 0, .. })));
    assert!(matches!(scheme.commit(&noise(4 * SCALAR_BYTES + 1)), Err(IpaError::Bytes { max: 124, got: 125 })));
    for length in [0, 5, u32::MAX] {
        assert!(matches!(scheme.verifier([0; 32], &Statement { length }), Err(IpaError::Length { .. })));
    }
    assert!(matches!(scheme.verifier([0xff; 32], &Statement { length: 4 }), Err(IpaError::Element { index: 0 })));
}

proptest! {
    #[test]
    fn whatever_is_read_has_one_encoding(words in prop::collection::vec(any::<[u8; 32]>(), 0..12), values in 0usize..5) {
        let bytes = words.as_flattened();
        if let Ok(opening) = Opening::from_bytes(values, 8, bytes) {
            prop_assert_eq!(opening.to_bytes(), bytes);
        }
    }
}
