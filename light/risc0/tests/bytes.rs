//! Bytes that are no proof are refused, whatever they are: the verifier below believes what a proof says of itself, and panics where that is not so.

use ashlar_light_risc0::{Image, PROOF_BYTES, Preamble, RiscZeroError, check};

const IMAGE: Image = Image([7; 32]);
const VALUES: &[u8] = b"what was to be proven";
/// Where a proof says how many rows it has: behind the outputs of the recursion circuit.
const ROWS: usize = Preamble::BYTES + 4 * 32;

fn filled(word: u32) -> Vec<u8> {
    let words = (PROOF_BYTES - Preamble::BYTES) / 4;
    let mut bytes = Preamble::of(IMAGE, VALUES).to_bytes().to_vec();
    bytes.extend((0..words).flat_map(|_| word.to_le_bytes()));
    bytes
}

fn with_rows(mut proof: Vec<u8>, rows: u32) -> Vec<u8> {
    proof[ROWS..ROWS + 4].copy_from_slice(&rows.to_le_bytes());
    proof
}

#[test]
fn another_length_is_no_proof() {
    let proof = with_rows(filled(0), 18);
    for len in [0, 1, 63, 64, PROOF_BYTES / 2, PROOF_BYTES - 4, PROOF_BYTES - 1] {
        let got = check(&IMAGE, VALUES, &proof[..len]);
        assert!(matches!(got, Err(RiscZeroError::Malformed { .. })), "{len} bytes: {got:?}");
    }
    let longer = [&proof[..], &[0; 4]].concat();
    assert!(matches!(check(&IMAGE, VALUES, &longer), Err(RiscZeroError::Malformed { .. })));
}

#[test]
fn another_number_of_rows_is_no_proof() {
    for rows in [0, 1, 12, 17, 19, 24, 31, 32, 0x7800_0000, 0x7800_0001, u32::MAX] {
        let got = check(&IMAGE, VALUES, &with_rows(filled(0), rows));
        assert!(matches!(got, Err(RiscZeroError::Malformed { .. })), "{rows}: {got:?}");
    }
}

#[test]
fn words_that_are_no_numbers_of_the_field_are_no_proof() {
    for word in [0x7800_0001, 0x8000_0000, u32::MAX] {
        let got = check(&IMAGE, VALUES, &with_rows(filled(word), 18));
        assert!(matches!(got, Err(RiscZeroError::Malformed { .. })), "{word:#x}: {got:?}");
    }
}

#[test]
fn words_of_the_right_form_prove_nothing() {
    for word in [0, 1, 18, 0x7800_0000] {
        let got = check(&IMAGE, VALUES, &with_rows(filled(word), 18));
        assert!(matches!(got, Err(RiscZeroError::Rejected { .. })), "{word:#x}: {got:?}");
    }
}
