//! Inputs as the words that a guest reads in place (docs/spec/guest.md, U-14 to U-16).
//!
//! 1. Each list of inputs has one packing, and [`unpack_inputs`] accepts no other bytes (U-15).
//! 2. Nothing is copied: every section of an input that was read lies in the words that were given.
//! 3. What a section says is for [`crate::check`] to find out; here only lengths, order and padding are looked at.

use alloc::vec::Vec;
use core::fmt;

use ashlar_batch::BatchHeader;
use ashlar_state::WitnessView;
use ashlar_types::{Address, DecodeError, Deployment, from_bytes, to_bytes};

use crate::input::GuestInput;
use crate::limits::INPUTS_MAX;

#[cfg(target_endian = "big")]
compile_error!("words are little-endian, and sections are read in place");

/// Of the packing.
const VERSION: u64 = 1;
/// Words of a header.
const HEADER: usize = 4 * BatchHeader::WORDS;
/// Sections whose lengths are given.
const SECTIONS: usize = 9;

/// Why words are not packed inputs. Offsets count words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackedError {
    /// The bytes are not a whole number of words.
    Bytes {
        /// How many there are.
        got: usize,
    },
    /// The words end inside an input.
    Ends {
        /// Where something is missing.
        offset: usize,
        /// How many words it takes.
        expected: u64,
        /// How many are left.
        got: usize,
    },
    /// The words are packed in another way.
    Version {
        /// The version that is read here.
        expected: u64,
        /// The version that the words name.
        got: u64,
    },
    /// More inputs than one proof is of.
    TooMany {
        /// The limit.
        max: u64,
        /// How many are announced.
        got: u64,
    },
    /// Bytes that only fill a word are not zero.
    Padding {
        /// The word.
        offset: usize,
    },
    /// A header is not one.
    Header {
        /// Where it begins.
        offset: usize,
        /// Why.
        error: DecodeError,
    },
    /// Words follow the last input.
    Left {
        /// Where it ended.
        offset: usize,
        /// How many words follow.
        got: usize,
    },
}

impl fmt::Display for PackedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { got } => write!(f, "{got} bytes are not a whole number of 8-byte words"),
            Self::Ends { offset, expected, got } => {
                write!(f, "{expected} words are needed at word {offset}, and {got} are left")
            }
            Self::Version { expected, got } => write!(f, "packed by version {got}, and this program reads {expected}"),
            Self::TooMany { max, got } => write!(f, "{got} inputs are announced, the limit is {max}"),
            Self::Padding { offset } => write!(f, "the bytes that fill word {offset} are not zero"),
            Self::Header { offset, error } => write!(f, "the header at word {offset}: {error}"),
            Self::Left { offset, got } => write!(f, "the last input ends at word {offset}, and {got} words follow"),
        }
    }
}

impl core::error::Error for PackedError {}

/// The one packing of these inputs, at most [`INPUTS_MAX`]: what a zkVM's guest is given.
pub fn pack_inputs(inputs: &[GuestInput<'_>]) -> Vec<u64> {
    let mut words = Vec::new();
    words.extend([VERSION, inputs.len() as u64]);
    for input in inputs {
        pack(input, &mut words);
    }
    words
}

/// Words as bytes, to be kept or sent.
pub fn words_to_bytes(words: &[u64]) -> Vec<u8> {
    bytemuck::cast_slice(words).to_vec()
}

/// Bytes as words.
pub fn words_from_bytes(bytes: &[u8]) -> Result<Vec<u64>, PackedError> {
    match bytes.as_chunks() {
        (chunks, []) => Ok(chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect()),
        _ => Err(PackedError::Bytes { got: bytes.len() }),
    }
}

/// The inputs whose packing these words are, each where it lies.
pub fn unpack_inputs(words: &[u64]) -> Result<Vec<GuestInput<'_>>, PackedError> {
    let mut reader = Unpacking { words, read: 0 };
    let [version, count] = reader.take(2)? else { return Ok(Vec::new()) };
    if *version != VERSION {
        return Err(PackedError::Version { expected: VERSION, got: *version });
    }
    if *count > INPUTS_MAX as u64 {
        return Err(PackedError::TooMany { max: INPUTS_MAX as u64, got: *count });
    }
    let mut inputs = Vec::new();
    for _ in 0..*count {
        inputs.push(reader.input()?);
    }
    match words.len() - reader.read {
        0 => Ok(inputs),
        got => Err(PackedError::Left { offset: reader.read, got }),
    }
}

fn pack(input: &GuestInput<'_>, words: &mut Vec<u64>) {
    let WitnessView { keys, lens, words: values, hints, ops, digests } = input.witness;
    words.push(input.deployment.chain_id);
    push_bytes(words, &input.deployment.settlement.0);
    push_bytes(words, &to_bytes(&input.parent));
    push_bytes(words, &to_bytes(&input.header));
    words.extend(
        [
            keys.len(),
            values.len(),
            input.lists.len(),
            digests.len(),
            hints.len(),
            lens.len(),
            ops.len(),
            input.batch.len(),
            input.signatures.len(),
        ]
        .map(|len| len as u64),
    );
    words.extend(keys.iter().chain(values).chain(input.lists));
    push_bytes(words, bytemuck::cast_slice(digests));
    push_bytes(words, bytemuck::cast_slice(hints));
    [lens, ops, input.batch, input.signatures].iter().for_each(|bytes| push_bytes(words, bytes));
}

/// Bytes, then as many zeros as fill the last word.
fn push_bytes(words: &mut Vec<u64>, bytes: &[u8]) {
    let (whole, tail) = bytes.as_chunks();
    words.extend(whole.iter().map(|chunk| u64::from_le_bytes(*chunk)));
    if !tail.is_empty() {
        let mut last = [0; 8];
        for (slot, byte) in last.iter_mut().zip(tail) {
            *slot = *byte;
        }
        words.push(u64::from_le_bytes(last));
    }
}

/// Takes words front to back.
struct Unpacking<'a> {
    words: &'a [u64],
    read: usize,
}

impl<'a> Unpacking<'a> {
    /// The next words.
    fn take(&mut self, count: u64) -> Result<&'a [u64], PackedError> {
        let offset = self.read;
        let left = self.words.get(offset..).unwrap_or_default();
        let ends = PackedError::Ends { offset, expected: count, got: left.len() };
        let taken = usize::try_from(count).ok().and_then(|count| left.get(..count)).ok_or(ends)?;
        self.read += taken.len();
        Ok(taken)
    }

    /// The next values that do not fill words, `T` being bytes or halves of words.
    fn take_small<T: bytemuck::Pod>(&mut self, count: u64) -> Result<&'a [T], PackedError> {
        let in_word = 8 / size_of::<T>() as u64;
        let words = self.take(count.div_ceil(in_word))?;
        let (values, filling) = bytemuck::cast_slice::<u64, T>(words).split_at(count as usize);
        if bytemuck::cast_slice::<T, u8>(filling).iter().any(|byte| *byte != 0) {
            return Err(PackedError::Padding { offset: self.read - 1 });
        }
        Ok(values)
    }

    fn header(&mut self) -> Result<BatchHeader, PackedError> {
        let offset = self.read;
        let words = self.take(HEADER as u64)?;
        from_bytes(bytemuck::cast_slice(words)).map_err(|error| PackedError::Header { offset, error })
    }

    fn input(&mut self) -> Result<GuestInput<'a>, PackedError> {
        let chain_id = self.take(1)?.first().copied().unwrap_or_default();
        let settlement = self.take_small(20)?.first_chunk().copied().unwrap_or_default();
        let deployment = Deployment { chain_id, settlement: Address(settlement) };
        let (parent, header) = (self.header()?, self.header()?);
        let mut lengths = [0; SECTIONS];
        lengths.copy_from_slice(self.take(SECTIONS as u64)?);
        let [keys, values, lists, digests, hints, lens, ops, batch, signatures] = lengths;
        let (keys, values, lists) = (self.take(keys)?, self.take(values)?, self.take(lists)?);
        let (digests, hints) = (self.take_small(digests)?, self.take_small(hints)?);
        let (lens, ops) = (self.take_small(lens)?, self.take_small(ops)?);
        let (batch, signatures) = (self.take_small(batch)?, self.take_small(signatures)?);
        let witness = WitnessView { keys, lens, words: values, hints, ops, digests };
        Ok(GuestInput { deployment, parent, header, batch, signatures, witness, lists })
    }
}
