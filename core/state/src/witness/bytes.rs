//! The bytes of a witness.
//!
//! A header of eight little-endian 32-bit words (version, rows, words, hints, operations, opaque digests, two zeros),
//! then the sections in falling order of alignment, little-endian: keys, words, digests, hints, lengths,
//! operations. Every section is aligned when the bytes are aligned to 8, so a guest can read them in place.

use alloc::vec::Vec;

use super::error::{Section, WitnessBytesError};
use super::{Witness, WitnessView};

const VERSION: u32 = 1;
const HEADER_WORDS: usize = 8;

/// The most that [`Witness::from_bytes`] accepts of each section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessLimits {
    /// Rows.
    pub rows_max: u32,
    /// Hints.
    pub hints_max: u32,
    /// Operations; opaque digests are fewer.
    pub ops_max: u32,
}

impl Witness {
    /// The one encoding of this witness.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let counts = [self.lens.len(), self.words.len(), self.hints.len(), self.ops.len(), self.digests.len() / 7];
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(counts.into_iter().chain([0, 0]).flat_map(|count| (count as u32).to_le_bytes()));
        bytes.extend(self.keys.iter().chain(&self.words).flat_map(|word| word.to_le_bytes()));
        bytes.extend(self.digests.iter().chain(&self.hints).flat_map(|word| word.to_le_bytes()));
        bytes.extend(self.lens.iter().chain(&self.ops));
        bytes
    }

    /// Reads every byte or none. What the sections say is checked by [`super::Table`].
    pub fn from_bytes(bytes: &[u8], limits: &WitnessLimits) -> Result<Self, WitnessBytesError> {
        let got = bytes.len() as u64;
        let short = WitnessBytesError::Length { expected: 4 * HEADER_WORDS as u64, got };
        let (header, mut rest) = bytes.split_at_checked(4 * HEADER_WORDS).ok_or(short)?;
        let header = words_of::<4, u32>(header, u32::from_le_bytes);
        let [version, rows, words, hints, ops, digests, 0, 0] = header[..] else {
            return Err(WitnessBytesError::Version { expected: VERSION, got: header.first().copied().unwrap_or(0) });
        };
        if version != VERSION {
            return Err(WitnessBytesError::Version { expected: VERSION, got: version });
        }
        let bounds = [
            (Section::Keys, limits.rows_max, rows),
            (Section::Words, limits.rows_max.saturating_mul(crate::VALUE_WORDS_MAX as u32), words),
            (Section::Hints, limits.hints_max, hints),
            (Section::Ops, limits.ops_max, ops),
            (Section::Digests, limits.ops_max, digests),
        ];
        for (section, max, got) in bounds {
            if got > max {
                return Err(WitnessBytesError::Limit { section, max, got });
            }
        }
        let [rows, words, hints, ops, digests] = [rows, words, hints, ops, digests].map(u64::from);
        let lengths = [24 * rows, 8 * words, 28 * digests, 4 * hints, rows, ops];
        let expected = 4 * HEADER_WORDS as u64 + lengths.iter().sum::<u64>();
        if expected != got {
            return Err(WitnessBytesError::Length { expected, got });
        }
        let [keys, words, digests, hints, lens, ops] = lengths.map(|length| {
            let (section, after) = rest.split_at_checked(length as usize).unwrap_or((rest, &[]));
            rest = after;
            section
        });
        Ok(Self {
            keys: words_of::<8, u64>(keys, u64::from_le_bytes),
            words: words_of::<8, u64>(words, u64::from_le_bytes),
            digests: words_of::<4, u32>(digests, u32::from_le_bytes),
            hints: words_of::<4, u32>(hints, u32::from_le_bytes),
            lens: lens.to_vec(),
            ops: ops.to_vec(),
        })
    }
}

fn words_of<const N: usize, T>(bytes: &[u8], word: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| word(*chunk)).collect()
}

impl From<WitnessView<'_>> for Witness {
    fn from(view: WitnessView<'_>) -> Self {
        Self {
            keys: view.keys.to_vec(),
            lens: view.lens.to_vec(),
            words: view.words.to_vec(),
            hints: view.hints.to_vec(),
            ops: view.ops.to_vec(),
            digests: view.digests.to_vec(),
        }
    }
}
