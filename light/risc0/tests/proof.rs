//! A real proof of a real batch, and every way in which it could be of something else (vectors/risc0 says how it was made).

#[path = "../../tests/vectors/mod.rs"]
mod vectors;

use ashlar_light_risc0::{Image, PROOF_BYTES, Preamble, RiscZeroError, check};

use vectors::{Vector, altered, check_header};

/// The committed proof and what it is of.
struct Case {
    image: Image,
    public_values: Vec<u8>,
    header: Vec<u8>,
    proof: Vec<u8>,
}

fn case() -> Case {
    let vector = Vector::read("risc0", "succinct");
    Case {
        image: Image(vector.bytes("image").try_into().unwrap()),
        public_values: vector.bytes("public_values"),
        header: vector.bytes("header"),
        proof: vector.proof,
    }
}

#[test]
fn a_real_proof_is_of_its_program_and_its_values_alone() {
    let Case { image, public_values, proof, .. } = case();
    assert_eq!(check(&image, &public_values, &proof), Ok(()));

    let other = Image(altered(&image.0, 31).try_into().unwrap());
    let wrong = RiscZeroError::WrongImage { expected: other, got: image };
    assert_eq!(check(&other, &public_values, &proof), Err(wrong));
    for at in 0..public_values.len() {
        let got = check(&image, &altered(&public_values, at), &proof);
        assert!(matches!(got, Err(RiscZeroError::WrongPublicValues { .. })), "value byte {at}: {got:?}");
    }
    let longer = [&public_values[..], &[0]].concat();
    assert!(matches!(check(&image, &longer, &proof), Err(RiscZeroError::WrongPublicValues { .. })));
}

/// What a proof says of itself is not proven: rewritten to fit, it lies about what is.
#[test]
fn a_proof_that_names_other_values_or_another_program_is_of_neither() {
    let Case { image, public_values, proof, .. } = case();
    let lies = |image: Image, values: &[u8]| {
        let lie = [&Preamble::of(image, values).to_bytes()[..], &proof[Preamble::BYTES..]].concat();
        let got = check(&image, values, &lie);
        assert!(matches!(got, Err(RiscZeroError::Rejected { .. })), "{image} {values:?}: {got:?}");
    };
    for at in 0..public_values.len() {
        lies(image, &altered(&public_values, at));
    }
    for at in 0..32 {
        lies(Image(altered(&image.0, at).try_into().unwrap()), &public_values);
    }
}

#[test]
fn no_byte_of_a_proof_can_be_altered_cut_or_added() {
    let Case { image, public_values, proof, .. } = case();
    assert_eq!(proof.len(), PROOF_BYTES);
    // A step that is prime, so that all four bytes of the field's elements come about.
    for at in (0..proof.len()).step_by(1_747) {
        let got = check(&image, &public_values, &altered(&proof, at));
        assert!(got.is_err(), "byte {at}: {got:?}");
    }
    for at in [0, 1, 64, proof.len() / 2, proof.len() - 1] {
        let got = check(&image, &public_values, &proof[..at]);
        assert!(matches!(got, Err(RiscZeroError::Malformed { .. })), "cut at {at}: {got:?}");
    }
    let longer = [&proof[..], &[0; 4]].concat();
    assert!(matches!(check(&image, &public_values, &longer), Err(RiscZeroError::Malformed { .. })));
}

#[test]
fn the_proven_header_has_one_previous_root_and_one_data_root() {
    let Case { public_values, header, .. } = case();
    check_header(&public_values, &header);
}
