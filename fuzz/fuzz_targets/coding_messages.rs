#![no_main]
//! Bytes as what is sent of coded data, by each scheme.

use ashlar_coding::{Chunk, Expansion, Manifest};
use ashlar_coding_fri::{Opening, Shape, Statement, Verifier};
use ashlar_fuzz::decoder;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    decoder::<Chunk>(bytes);
    decoder::<Manifest>(bytes);
    if let Ok(shape) = Shape::new(64, Expansion::Double)
        && let Ok(opening) = Opening::from_bytes(&shape, bytes)
    {
        assert_eq!(opening.to_bytes(), bytes, "an opening has one string of bytes");
    }
    if let Ok(statement) = Statement::from_bytes(bytes) {
        assert_eq!(statement.to_bytes(), bytes, "a statement has one string of bytes");
        assert!(Verifier::new([0; 32], &statement).is_err(), "nothing is known under this root");
    }
    if let Ok(opening) = ashlar_coding_ipa::Opening::from_bytes(1, 8, bytes) {
        assert_eq!(opening.to_bytes(), bytes, "an opening has one string of bytes");
    }
});
