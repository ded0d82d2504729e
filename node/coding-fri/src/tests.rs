//! Publishers who lie, which from outside nobody can be made to.

use alloc::vec;
use alloc::vec::Vec;

use p3_blake3::Blake3;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::CryptographicHasher;

use super::*;
use crate::plonky::Hash;

fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 29) as u8).collect()
}

/// A word that is wrong at one row has a statement that often holds, and yet that row is never taken.
#[test]
fn a_row_beside_the_codeword_is_never_a_sample() {
    let shape = Shape::new(3_000, Expansion::Quadruple).unwrap();
    let code = Word::code(&bytes(3_000), shape).unwrap();
    let honest = Word::of_rows(shape, code.clone()).state();
    let mut held = 0;
    for wrong in [3, 60, 77, 130, 200, 255] {
        let mut values = code.values.clone();
        values[wrong * shape.columns() + 3] += Val::ONE;
        // The best a publisher can do: folds of the codeword, over a root with one other row.
        let cheat = Word::of_rows(shape, RowMajorMatrix::new(values, shape.columns())).state_as(&honest);
        let refused = FriError::Fold { position: wrong as u32, round: 0 };
        match Verifier::new(cheat.root(), cheat.statement()) {
            Err(error) => assert_eq!(error, refused, "a query met it"),
            Ok(verifier) => {
                held += 1;
                for position in 0..shape.rows() as u32 {
                    let opening = cheat.open(position).unwrap();
                    let expected = if position as usize == wrong { Err(refused) } else { Ok(()) };
                    assert_eq!(verifier.verify(position, &opening), expected);
                }
            }
        }
    }
    assert!(held > 1, "{held} of six statements held");
}

/// Rows that are no code at all have no statement that holds.
#[test]
fn what_is_no_code_has_no_statement() {
    let shape = Shape::new(3_000, Expansion::Double).unwrap();
    let noise = pack(&bytes(shape.rows() * shape.columns() * 4));
    let noise = noise.into_iter().take(shape.rows() * shape.columns()).collect();
    let stated = Word::of_rows(shape, RowMajorMatrix::new(noise, shape.columns())).state();
    let error = Verifier::new(stated.root(), stated.statement()).unwrap_err();
    assert!(matches!(error, FriError::NotOfTheWord { .. }), "{error}");
}

/// The root by X-33 alone: rows as elements in Montgomery's form, one at a time, and nodes of two.
#[test]
fn the_root_is_over_rows_as_they_are_in_memory() {
    for (length, expansion) in [(1, Expansion::Double), (3_000, Expansion::Quadruple), (9_001, Expansion::Double)] {
        let shape = Shape::new(length, expansion).unwrap();
        let code = Word::code(&bytes(length), shape).unwrap();
        let in_memory = |element: &Val| (u64::from(element.as_canonical_u32()) << 32) % u64::from(Val::ORDER_U32);
        let rows = code.values.chunks(shape.columns());
        let message = |row: &[Val]| row.iter().flat_map(|element| (in_memory(element) as u32).to_le_bytes()).collect();
        let mut hashes: Vec<Hash> = rows.map(|row| Blake3.hash_iter::<Vec<u8>>(message(row))).collect();
        while hashes.len() > 1 {
            hashes = hashes.chunks(2).map(|pair| Blake3.hash_iter(pair.as_flattened().iter().copied())).collect();
        }
        assert_eq!(vec![Word::of_rows(shape, code).root()], hashes, "{length} bytes");
    }
}

#[test]
fn rows_of_data_come_first() {
    let data = bytes(4_000);
    let shape = Shape::new(data.len(), Expansion::Double).unwrap();
    let code = Word::code(&data, shape).unwrap();
    // Rows stand where the bits of their numbers are reversed, each half of the code by itself.
    let bits = shape.data_rows().ilog2() as usize;
    let row = |number: usize| {
        let at = p3_util::reverse_bits_len(number, bits) * shape.columns();
        code.values[at..at + shape.columns()].to_vec()
    };
    let elements: Vec<Val> = (0..shape.data_rows()).flat_map(row).collect();
    let whole = elements.len() / 4 * 4;
    assert_eq!(unpack(&elements[..whole], data.len()), Some(data));
}
