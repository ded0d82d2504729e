//! Programs, by the hash of their verifying keys.

use std::fmt;

use slop_algebra::{AbstractField, PrimeField32};
use sp1_primitives::SP1Field;

use crate::error::Sp1Error;

/// Elements of the hash of a key.
pub(crate) const ELEMENTS: usize = 8;
/// Bits of each.
const BITS: usize = 31;
/// Bits of the 32 bytes before the first of them.
const BEFORE: usize = 256 - ELEMENTS * BITS;

/// A program by the hash of its verifying key: eight elements of SP1's field, written one after the other as 31 bits each into 32 bytes, which is
/// how contracts name it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Program([u8; 32]);

impl Program {
    /// The program of this hash.
    pub fn new(hash: [u8; 32]) -> Result<Program, Sp1Error> {
        let program = Program(hash);
        match Program::of(&program.elements()) == program {
            true => Ok(program),
            false => Err(Sp1Error::NoProgram { got: hash }),
        }
    }

    /// As 32 bytes.
    pub const fn hash(&self) -> [u8; 32] {
        self.0
    }

    /// The elements, each reduced.
    pub(crate) fn elements(&self) -> [SP1Field; ELEMENTS] {
        std::array::from_fn(|at| {
            let first = BEFORE + at * BITS;
            SP1Field::from_wrapped_u32((first..first + BITS).fold(0, |value, bit| value << 1 | self.bit(bit)))
        })
    }

    pub(crate) fn of(elements: &[SP1Field; ELEMENTS]) -> Program {
        let mut hash = [0; 32];
        for (at, element) in elements.iter().enumerate() {
            let value = element.as_canonical_u32();
            for bit in 0..BITS {
                let to = BEFORE + at * BITS + bit;
                let set = (value >> (BITS - 1 - bit) & 1) as u8;
                if let Some(byte) = hash.get_mut(to / 8) {
                    *byte |= set << (7 - to % 8);
                }
            }
        }
        Program(hash)
    }

    fn bit(&self, at: usize) -> u32 {
        self.0.get(at / 8).map_or(0, |byte| u32::from(byte >> (7 - at % 8) & 1))
    }

    /// With `0x` before it, as SP1's verifiers take it.
    pub(crate) fn to_hex(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_and_its_elements_are_one_thing() {
        let elements = std::array::from_fn(|at| SP1Field::from_canonical_u32(0x0abc_def1 + 7_000 * at as u32));
        let program = Program::of(&elements);
        assert_eq!(Program::new(program.hash()), Ok(program));
        assert_eq!(program.elements(), elements);
        assert_eq!(program.hash()[0], 0, "eight bits are over");
    }

    #[test]
    fn bytes_with_more_than_eight_elements_of_the_field_are_refused() {
        for wrong in [[0xff; 32], std::array::from_fn(|at| u8::from(at == 0)), {
            let mut first = [0; 32];
            // 2^31 - 1, which is above the prime.
            first[1..5].copy_from_slice(&[0xff, 0xff, 0xff, 0xfe]);
            first
        }] {
            assert_eq!(Program::new(wrong), Err(Sp1Error::NoProgram { got: wrong }));
        }
        assert!(Program::new([0; 32]).is_ok());
    }
}
