//! The rows behind the trait that all schemes share.

use ashlar_coding::{CodingError, Expansion, Plain, Row, RowScheme, Scheme, Simd};

use crate::flow::batch;

#[test]
fn rows_are_a_scheme() {
    let (fast, plain) = (RowScheme::new(Expansion::Double, Simd), RowScheme::new(Expansion::Double, Plain));
    let bytes = batch(9_000, 1);
    let committed = fast.commit(&bytes).unwrap();
    let commitment = fast.commitment(&committed);
    assert_eq!(plain.commitment(&plain.commit(&bytes).unwrap()), commitment, "engines agree on every digest");
    let verifier = plain.verifier(commitment, &fast.statement(&committed)).unwrap();
    assert!(plain.proven(&verifier).check().is_ok());
    assert_eq!(plain.positions(&verifier), 72);
    for position in 0..72 {
        let sample = fast.open(&committed, position).unwrap();
        plain.verify(&verifier, position, &sample).unwrap();
        let other = CodingError::OtherRow { row: Row::new(position as u16), asked: position + 1 };
        assert_eq!(plain.verify(&verifier, position + 1, &sample), Err(other), "a sample of another position");
    }
    assert!(fast.open(&committed, 72).is_none() && fast.open(&committed, 1 << 16).is_none());
    let mut wrong = commitment;
    wrong[3] ^= 1;
    assert!(matches!(plain.verifier(wrong, &fast.statement(&committed)), Err(CodingError::Manifest { .. })));
    wrong[31] = 1;
    assert!(matches!(plain.verifier(wrong, &fast.statement(&committed)), Err(CodingError::NoCommitment)));
}
