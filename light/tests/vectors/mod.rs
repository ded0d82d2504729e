//! The committed proofs of vectors/, each with what it is of, for the tests of every verifier.

use std::fs;
use std::path::PathBuf;

use ashlar_batch::{BatchHeader, PublicValues};
use ashlar_light::Stretch;
use ashlar_types::from_bytes;

/// A committed proof, and the text beside it that says what it is of.
pub struct Vector {
    pub proof: Vec<u8>,
    text: String,
}

impl Vector {
    /// That of a kind, in the folder of a proof system.
    pub fn read(system: &str, kind: &str) -> Vector {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")).join(system);
        let proof = fs::read(folder.join(format!("{kind}.proof"))).unwrap();
        Vector { proof, text: fs::read_to_string(folder.join(format!("{kind}.txt"))).unwrap() }
    }

    /// What the text has under a name.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let found = self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        bytes_of(found.unwrap())
    }
}

/// The bytes that hexadecimal digits say.
pub fn bytes_of(digits: &str) -> Vec<u8> {
    let digits = digits.trim_start_matches("0x").as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The same bytes with one bit turned.
pub fn altered(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// Public values are those of their header, and of none with another previous root or data root.
pub fn check_header(public_values: &[u8], header: &[u8]) {
    let values: PublicValues = from_bytes(public_values).unwrap();
    let stretch = |header: &[u8]| Stretch::of_values(vec![from_bytes::<BatchHeader>(header).unwrap()], &values);
    assert!(stretch(header).is_ok());
    // Parent, state before, state after, data root.
    for word in [3, 4, 5, 6] {
        assert!(stretch(&altered(header, 32 * word + 2)).is_err(), "word {word}");
    }
}
