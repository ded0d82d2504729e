//! A real proof of a real batch, and every way in which it could be of something else (vectors/risc0 says how it was made).

use std::fs;
use std::path::PathBuf;

use ashlar_batch::{BatchHeader, PublicValues};
use ashlar_light::Stretch;
use ashlar_light_risc0::{Image, PROOF_BYTES, Preamble, RiscZeroError, check};
use ashlar_types::from_bytes;

/// The prime of the proof's field.
const PRIME: u32 = 0x7800_0001;

/// The committed proof and what it is of.
struct Case {
    image: Image,
    public_values: Vec<u8>,
    header: Vec<u8>,
    proof: Vec<u8>,
}

fn case() -> Case {
    let vectors = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/risc0"));
    let text = fs::read_to_string(vectors.join("succinct.txt")).unwrap();
    let value = |name: &str| -> Vec<u8> {
        let digits = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().as_bytes();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    };
    Case {
        image: Image(value("image").try_into().unwrap()),
        public_values: value("public_values"),
        header: value("header"),
        proof: fs::read(vectors.join("succinct.proof")).unwrap(),
    }
}

fn altered(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn a_real_proof_is_of_its_program_and_its_values_alone() {
    let Case { image, public_values, proof, .. } = case();
    assert_eq!(check(&image, &public_values, &proof), Ok(()));

    for at in 0..32 {
        let other = Image(altered(&image.0, at).try_into().unwrap());
        let wrong = RiscZeroError::WrongImage { expected: other, got: image };
        assert_eq!(check(&other, &public_values, &proof), Err(wrong));
    }
    for at in 0..public_values.len() {
        let got = check(&image, &altered(&public_values, at), &proof);
        assert!(matches!(got, Err(RiscZeroError::WrongPublicValues { .. })), "value byte {at}: {got:?}");
    }
    let longer = [&public_values[..], &[0]].concat();
    assert!(matches!(check(&image, &longer, &proof), Err(RiscZeroError::WrongPublicValues { .. })));
}

/// What stands before a proof is only what it says of itself; what is proven says the same, or the proof is of something else.
#[test]
fn a_proof_cannot_be_given_out_as_one_of_another_program_or_other_values() {
    let Case { image, public_values, proof, .. } = case();
    let as_of =
        |image: Image, values: &[u8]| [&Preamble::of(image, values).to_bytes()[..], &proof[Preamble::BYTES..]].concat();
    assert_eq!(check(&image, &public_values, &as_of(image, &public_values)), Ok(()));

    let other = Image(altered(&image.0, 31).try_into().unwrap());
    let got = check(&other, &public_values, &as_of(other, &public_values));
    assert!(matches!(got, Err(RiscZeroError::Rejected { .. })), "another program: {got:?}");
    for at in 0..public_values.len() {
        let values = altered(&public_values, at);
        let got = check(&image, &values, &as_of(image, &values));
        assert!(matches!(got, Err(RiscZeroError::Rejected { .. })), "value byte {at}: {got:?}");
    }
}

#[test]
fn no_byte_of_a_proof_can_be_altered_cut_or_added() {
    let Case { image, public_values, proof, .. } = case();
    assert_eq!(proof.len(), PROOF_BYTES);
    // Every byte of what it says first, and then a step that is prime, so that all four bytes of the field's elements come about.
    for at in (0..Preamble::BYTES + 4 * 33).chain((Preamble::BYTES..proof.len()).step_by(997)) {
        let got = check(&image, &public_values, &altered(&proof, at));
        assert!(got.is_err(), "byte {at}: {got:?}");
    }
    for at in [0, 1, 4, 63, 64, proof.len() / 2, proof.len() - 4, proof.len() - 1] {
        let got = check(&image, &public_values, &proof[..at]);
        assert!(matches!(got, Err(RiscZeroError::Malformed { .. })), "cut at {at}: {got:?}");
    }
    let longer = [&proof[..], &[0]].concat();
    assert!(matches!(check(&image, &public_values, &longer), Err(RiscZeroError::Malformed { .. })));
}

/// A number that is written as itself and the prime more is the same number, and another proof's bytes.
#[test]
fn numbers_are_written_in_one_way() {
    let Case { image, public_values, proof, .. } = case();
    let mut tried = 0;
    for at in (Preamble::BYTES..proof.len() - 4).step_by(4 * 499) {
        let number = u32::from_le_bytes(proof[at..at + 4].try_into().unwrap());
        let Some(twice) = number.checked_add(PRIME) else { continue };
        let mut other = proof.clone();
        other[at..at + 4].copy_from_slice(&twice.to_le_bytes());
        let got = check(&image, &public_values, &other);
        assert!(matches!(got, Err(RiscZeroError::Malformed { .. })), "number at {at}: {got:?}");
        tried += 1;
    }
    assert!(tried > 100, "{tried} numbers");
}

#[test]
fn the_proven_header_has_one_previous_root_and_one_data_root() {
    let Case { public_values, header, .. } = case();
    let values: PublicValues = from_bytes(&public_values).unwrap();
    let stretch = |header: &[u8]| Stretch::of_values(vec![from_bytes::<BatchHeader>(header).unwrap()], &values);
    assert!(stretch(&header).is_ok());
    // Parent, state before, state after, data root.
    for word in [3, 4, 5, 6] {
        assert!(stretch(&altered(&header, 32 * word + 2)).is_err(), "word {word}");
    }
}
