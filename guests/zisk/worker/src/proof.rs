//! What stands before a STARK in a file of ZisK's: what it is of, and what it says.
//!
//! Words of 64 bits, the least significant byte first: whether the proof is a small one; how many public words follow; of one that is not small, that
//! it is no proof of proofs; four words of the program's key; 64 words of 32 bits that the program has said; then the proof, which ZisK's tool alone reads.

use std::fmt;

use ashlar_prover_wire::ProgramHash;

use crate::installation::RELEASE;

const KEY_WORDS: usize = 4;
const OUTPUT_WORDS: usize = 64;

/// Why a file is no proof of ZisK's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeadError {
    /// It is no whole number of words.
    Bytes {
        /// How many it has.
        got: usize,
    },
    /// It ends before it says what it is of.
    Short,
    /// Its first words are those of no proof.
    Shape {
        /// Which.
        got: [u64; 2],
    },
    /// It is of other proofs and not of a program.
    Joined,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { got } => write!(f, "{got} bytes are no number of words"),
            Self::Short => write!(f, "it ends before it says what it is of"),
            Self::Shape { got: [small, count] } => write!(f, "{small} and {count} begin no STARK of ZisK {RELEASE}"),
            Self::Joined => write!(f, "it is of other proofs and not of a program"),
        }
    }
}

/// What a proof claims. Nothing is shown by that alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The key of the program, as contracts know it: the most significant byte of each word first.
    pub program: ProgramHash,
    outputs: [u64; OUTPUT_WORDS],
}

impl Head {
    pub fn read(bytes: &[u8]) -> Result<Head, HeadError> {
        let (words, []) = bytes.as_chunks::<8>() else {
            return Err(HeadError::Bytes { got: bytes.len() });
        };
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next().ok_or(HeadError::Short);
        let plain = (KEY_WORDS + OUTPUT_WORDS) as u64;
        match [next()?, next()?] {
            [1, count] if count == plain => {}
            [0, count] if count == plain + 1 => match next()? {
                1 => {}
                _ => return Err(HeadError::Joined),
            },
            got => return Err(HeadError::Shape { got }),
        }
        let mut program = [0; 32];
        for part in program.chunks_mut(8) {
            part.copy_from_slice(&next()?.to_be_bytes());
        }
        let mut outputs = [0; OUTPUT_WORDS];
        for output in &mut outputs {
            *output = next()?;
        }
        // A proof of nothing is none.
        next()?;
        Ok(Head { program: ProgramHash(program), outputs })
    }

    /// Whether it says these public values and nothing else: a word as the guest writes it stands for one number alone, and behind the last are zeros.
    pub fn says(&self, public_values: &[u8]) -> bool {
        let (words, []) = public_values.as_chunks::<4>() else { return false };
        let expected = words.iter().map(|word| u64::from(u32::from_le_bytes(*word)));
        words.len() <= OUTPUT_WORDS && expected.chain(std::iter::repeat(0)).zip(self.outputs).all(|(a, b)| a == b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: impl IntoIterator<Item = u64>) -> Vec<u8> {
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// A proof that says 1, 2, 3.
    fn example(first: &[u64]) -> Vec<u8> {
        let outputs = (1..=3).chain([0; 61]);
        bytes(first.iter().copied().chain([0x0102_0304_0506_0708, 2, 3, u64::MAX - 1]).chain(outputs).chain([9, 9]))
    }

    #[test]
    fn both_forms_say_the_same() {
        let [plain, small] = [&[0, 69, 1][..], &[1, 68]].map(|first| Head::read(&example(first)).unwrap());
        assert_eq!(plain, small);
        assert_eq!(plain.program.0[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
        let values = [[1, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0]].concat();
        assert!(plain.says(&values));
        for at in 0..values.len() {
            let mut other = values.clone();
            other[at] ^= 0x80;
            assert!(!plain.says(&other), "{at}");
        }
        assert!(!plain.says(&values[..8]) && !plain.says(&values[..11]), "something is left out");
        assert!(!plain.says(&[0; 4 * 65]));
    }

    #[test]
    fn a_number_above_32_bits_is_not_the_one_below() {
        let mut altered = example(&[1, 68]);
        altered[8 * 6 + 4] = 1;
        assert!(!Head::read(&altered).unwrap().says(&[[1, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0]].concat()));
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let good = example(&[0, 69, 1]);
        for cut in 0..good.len() - 16 {
            let expected = if cut % 8 == 0 { HeadError::Short } else { HeadError::Bytes { got: cut } };
            assert_eq!(Head::read(&good[..cut]), Err(expected), "{cut}");
        }
        for first in [[0, 68], [1, 69], [2, 68], [0, 0]] {
            assert_eq!(Head::read(&example(&first)), Err(HeadError::Shape { got: first }));
        }
        assert_eq!(Head::read(&example(&[0, 69, 0])), Err(HeadError::Joined));
        assert!(Head::read(b"ZISKPLNK and what is behind it, in whole words..").is_err());
    }
}
