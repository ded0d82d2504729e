//! Commitments by FRI: what is right is accepted, what was altered is not, and transforms are what they are by definition.

use ashlar_coding::soundness::BITS_MIN;
use ashlar_coding::{Expansion, Scheme};
use ashlar_coding_fri::{Fri, FriError, Opening, Shape, Statement, Val, Verifier, pack, unpack};
use p3_blake3::Blake3;
use p3_dft::{NaiveDft, Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::PrimeField32;
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::CryptographicHasher;
use proptest::prelude::*;

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn every_row_is_a_sample_of_its_commitment() {
    for (length, expansion) in [(1, Expansion::Double), (9_000, Expansion::Quadruple), (70_000, Expansion::Double)] {
        let scheme = Fri::new(expansion);
        let committed = scheme.commit(&noise(length, 1)).unwrap();
        let sent = Statement::from_bytes(&committed.statement().to_bytes()).unwrap();
        assert_eq!(&sent, committed.statement());
        let verifier = scheme.verifier(committed.root(), &sent).unwrap();
        assert!(scheme.proven(&verifier).bits() >= BITS_MIN);
        let shape = *verifier.shape();
        for position in 0..shape.rows() as u32 {
            let opening = committed.open(position).unwrap();
            let opening = Opening::from_bytes(&shape, &opening.to_bytes()).unwrap();
            scheme.verify(&verifier, position, &opening).unwrap();
            let other = (position + 1) % shape.rows() as u32;
            // Rows of nothing but filling are one and the same, paths included.
            let same = committed.open(other).unwrap() == opening;
            assert_eq!(scheme.verify(&verifier, other, &opening).is_ok(), same, "a sample of another position");
        }
        let beyond = shape.rows() as u32;
        assert!(committed.open(beyond).is_none());
        let opening = committed.open(0).unwrap();
        let refused = FriError::NoSuchPosition { rows: shape.rows(), got: beyond };
        assert_eq!(scheme.verify(&verifier, beyond, &opening), Err(refused));
    }
}

#[test]
fn every_altered_byte_is_noticed() {
    let scheme = Fri::new(Expansion::Double);
    let committed = scheme.commit(&noise(2_000, 2)).unwrap();
    let verifier = scheme.verifier(committed.root(), committed.statement()).unwrap();
    let opening = committed.open(9).unwrap().to_bytes();
    for at in 0..opening.len() {
        let mut sent = opening.clone();
        sent[at] ^= 1 << (at % 8);
        let read = Opening::from_bytes(verifier.shape(), &sent);
        assert!(read.and_then(|opening| verifier.verify(9, &opening)).is_err(), "byte {at}");
    }
    let statement = committed.statement().to_bytes();
    for at in (0..statement.len()).step_by(1 + statement.len() / 400).chain(0..64) {
        let mut sent = statement.clone();
        sent[at] ^= 1 << (at % 8);
        let read = Statement::from_bytes(&sent);
        assert!(read.and_then(|statement| Verifier::new(committed.root(), &statement)).is_err(), "byte {at}");
    }
    let mut root = committed.root();
    root[0] ^= 1;
    assert!(Verifier::new(root, committed.statement()).is_err(), "another root");
    let other = scheme.commit(&noise(2_000, 3)).unwrap();
    assert!(Verifier::new(committed.root(), other.statement()).is_err(), "a replayed statement");
    let replayed = other.open(9).unwrap();
    assert_eq!(verifier.verify(9, &replayed), Err(FriError::Row { position: 9 }));
}

#[test]
fn truncated_and_oversized_messages_are_refused_with_a_reason() {
    let scheme = Fri::new(Expansion::Double);
    let committed = scheme.commit(&noise(500, 4)).unwrap();
    let shape = *committed.statement().shape();
    let bytes = committed.open(1).unwrap().to_bytes();
    for length in 0..bytes.len() {
        let error = Opening::from_bytes(&shape, &bytes[..length]).unwrap_err();
        assert!(matches!(error, FriError::Truncated { .. }), "{error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Opening::from_bytes(&shape, &longer), Err(FriError::Trailing { got: 1 }));
    let mut large = bytes;
    large[..4].copy_from_slice(&Val::ORDER_U32.to_le_bytes());
    assert_eq!(
        Opening::from_bytes(&shape, &large),
        Err(FriError::Element { offset: 0 }),
        "an element has one encoding"
    );
    assert!(matches!(scheme.commit(&[]), Err(FriError::Bytes { got: 0, .. })));
    assert!(matches!(Shape::new((8 << 20) + 1, Expansion::Double), Err(FriError::Bytes { .. })));
    // The largest claim that five bytes can make is refused before anything is made room for.
    assert!(matches!(Statement::from_bytes(&[0xff; 5]), Err(FriError::Parts { .. } | FriError::Bytes { .. })));
}

#[test]
fn every_shape_is_proven_for_enough_bits() {
    for expansion in [Expansion::Double, Expansion::Quadruple] {
        for length in (0..=23).flat_map(|log| [1usize << log, (1usize << log) + 1]).filter(|length| *length <= 1 << 23)
        {
            let shape = Shape::new(length, expansion).unwrap();
            shape.proven().check().unwrap();
            assert!(shape.data_rows() * shape.columns() * 15 / 4 >= length / 4 * 4);
            assert!(shape.queries() < 500, "{shape:?}");
        }
    }
}

/// Roots, and the hashes of what is said of them, as they were when the code was Plonky3's own extension and rows were hashed a byte at a time: neither what is
/// committed to nor what is sent depends on how it is computed.
#[test]
fn roots_and_statements_are_frozen() {
    let frozen = [
        (
            (1, Expansion::Double),
            "ef7d737652896461f73ee7daa88f4511122f882a2e87f864b7ff83ae3282f9a9",
            "1aa78bde9ade8ba3d88ce3c92e77bad999053c3a40eca666f2429a09d6df776a",
        ),
        (
            (9_000, Expansion::Quadruple),
            "1c4f7bd973da1b8ec01ac097e9ed83c35adb7d8de6f5ea5b4aa6267ca16d23ed",
            "1a83c1d581b27795c82157e3ba1d431268a2747df198da906851989bb4aaf54d",
        ),
        (
            (70_000, Expansion::Double),
            "3fc38ba7004454b6383ef6559656f2b1f2d1a0baa2784d8b5333e1b740134cd5",
            "33a0017bd8a8fe57105b6548ecba8aab005d6d9bc126b65b69d585b4c2d2a386",
        ),
    ];
    let hex = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02x}")).concat();
    for ((length, expansion), root, statement) in frozen {
        let committed = Fri::new(expansion).commit(&noise(length, 1)).unwrap();
        assert_eq!(hex(committed.root()), root, "{length} bytes");
        assert_eq!(hex(Blake3.hash_iter(committed.statement().to_bytes())), statement, "{length} bytes");
    }
}

/// The code, and Plonky3's transform by which the last polynomial is found, against the sum that defines both.
#[test]
fn transforms_are_what_the_naive_one_says() {
    for log in 0..9 {
        for columns in [1, 3, 17] {
            let values = pack(&noise((1 << log) * columns * 15 / 4 + 15, log as u64));
            let matrix = RowMajorMatrix::new(values[..(1 << log) * columns].to_vec(), columns);
            let fast = Radix2DitParallel::<Val>::default();
            let naive = NaiveDft.dft_batch(matrix.clone());
            assert_eq!(fast.dft_batch(matrix.clone()).to_row_major_matrix(), naive);
            assert_eq!(fast.idft_batch(naive), matrix);
            for added in [1, 2] {
                let coded = fast.lde_batch(matrix.clone(), added).to_row_major_matrix();
                assert_eq!(coded, NaiveDft.lde_batch(matrix.clone(), added));
            }
        }
    }
    for length in [1, 700, 4_000, 31_000, 62_000] {
        for expansion in [Expansion::Double, Expansion::Quadruple] {
            let (bytes, shape) = (noise(length, 5), Shape::new(length, expansion).unwrap());
            let mut elements = pack(&bytes);
            elements.resize(shape.data_rows() * shape.columns(), Val::new(0));
            let naive = NaiveDft.lde_batch(RowMajorMatrix::new(elements, shape.columns()), expansion.levels());
            let naive = naive.bit_reverse_rows().to_row_major_matrix().values;
            assert!(Fri::new(expansion).code(&bytes).unwrap() == naive, "{length} bytes");
        }
    }
}

proptest! {
    #[test]
    fn bytes_and_elements_are_each_others_inverse(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(unpack(&pack(&bytes), bytes.len()), Some(bytes));
    }

    #[test]
    fn whatever_is_read_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let shape = Shape::new(100, Expansion::Double).unwrap();
        if let Ok(opening) = Opening::from_bytes(&shape, &bytes) {
            prop_assert_eq!(opening.to_bytes(), &bytes[..]);
        }
        let _ = Statement::from_bytes(&bytes);
    }
}
