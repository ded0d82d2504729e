//! What a batch changed, for who wants the state and not its history: quick synchronisation, and the form *diffs* of publishing (J-24).
//!
//! 1. A diff is applied to the state it was made from and comes to the state of its header, or is refused: both roots are computed, and neither
//!    is believed.
//! 2. Bytes are what differs: of a key what differs from the key before, of a word its distance from what the leaf said. One set of
//!    changes over one state has one form.

use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_state::{Change, Executor, Key, Map, MapError, Sha256Node, Value};
use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

use crate::limits::DIFF_CHANGES_MAX;
use crate::replay::of_state;

/// The version of the form.
const VERSION: u8 = 1;
const KEY_BYTES: usize = 24;

/// Why a diff is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DiffError {
    /// Its bytes are none.
    #[error("the diff cannot be read: {0}; fetch it from another source")]
    Decode(#[from] DecodeError),
    /// It is for another state.
    #[error("the diff is for state {expected:?}, and here it is {got:?}; apply the diffs between first")]
    Before {
        /// For which.
        expected: Digest,
        /// What there is.
        got: Digest,
    },
    /// It leads to another state than its header says. The state is of no more use.
    #[error("the diff leads to state {got:?} and its header says {expected:?}; start again from a snapshot")]
    After {
        /// What the header says.
        expected: Digest,
        /// What came out.
        got: Digest,
    },
    /// It changes a leaf twice, or out of order.
    #[error("the diff's changes are out of order: {0}; fetch it from another source")]
    Order(MapError),
    /// It says of a leaf that it changes what it does not.
    #[error("change {at} of the diff changes nothing; fetch it from another source")]
    Nothing {
        /// Which change.
        at: usize,
    },
    /// It writes a leaf that cannot be.
    #[error("change {at} of the diff writes {words} words; a leaf has 1 to {}", ashlar_state::VALUE_WORDS_MAX)]
    Words {
        /// Which change.
        at: usize,
        /// How many words.
        words: usize,
    },
}

/// Small numbers either way around zero are small.
const fn fold(number: u64, expected: u64) -> u64 {
    let distance = number.wrapping_sub(expected) as i64;
    ((distance << 1) ^ (distance >> 63)) as u64
}

const fn unfold(folded: u64, expected: u64) -> u64 {
    expected.wrapping_add((folded >> 1) ^ (folded & 1).wrapping_neg())
}

fn put(writer: &mut Writer, mut value: u64) {
    while value >= 0x80 {
        writer.u8(value as u8 | 0x80);
        value >>= 7;
    }
    writer.u8(value as u8);
}

/// A number that stands in as few bytes as it can.
fn take(reader: &mut Reader<'_>) -> Result<u64, DecodeError> {
    let (mut value, offset) = (0_u64, reader.offset());
    for shift in (0..64).step_by(7) {
        let byte = reader.u8()?;
        let part = u64::from(byte & 0x7f);
        let fits = part << shift >> shift == part && (byte != 0 || shift == 0);
        if !fits {
            return Err(DecodeError::OutOfRange { what: "number of a diff", got: byte.into(), offset });
        }
        value |= part << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(DecodeError::OutOfRange { what: "number of a diff", got: value, offset })
}

/// How many bytes two keys have in common at their beginning.
fn alike(key: &[u8; KEY_BYTES], other: &[u8; KEY_BYTES]) -> usize {
    key.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// The bytes of what a batch changed, by the state before it.
pub fn diff(before: &Map<Sha256Node>, changes: &[Change], header: &BatchHeader) -> Vec<u8> {
    let changes = changes.iter().map(|(key, value)| (key, before.get(key), value.as_ref()));
    diff_of(changes, header)
}

/// The same by what each leaf that changed said before, for who has the state after the batch only.
pub fn diff_of<'a>(
    changes: impl Iterator<Item = (&'a Key, Option<&'a [u64]>, Option<&'a Value>)> + Clone,
    header: &BatchHeader,
) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(VERSION);
    header.encode(&mut writer);
    // A leaf that came and went within the batch, or came back to what it was, did not change.
    let changed = changes.filter(|(_, old, value)| *old != value.map(Value::words));
    put(&mut writer, changed.clone().count() as u64);
    let mut last = [0; KEY_BYTES];
    for (key, old, value) in changed {
        let bytes = key.to_bytes();
        let shared = alike(&bytes, &last);
        writer.u8(shared as u8);
        writer.bytes(bytes.get(shared..).unwrap_or_default());
        last = bytes;
        let words = value.map_or(&[][..], |value| value.words());
        writer.u8(words.len() as u8);
        let old = old.unwrap_or_default();
        for (at, word) in words.iter().enumerate() {
            put(&mut writer, fold(*word, old.get(at).copied().unwrap_or(0)));
        }
    }
    writer.into_bytes()
}

/// The header that a diff says it leads to. Whether it does is seen when it is applied.
pub fn diff_header(bytes: &[u8]) -> Result<BatchHeader, DiffError> {
    begin(&mut Reader::new(bytes))
}

fn begin(reader: &mut Reader<'_>) -> Result<BatchHeader, DiffError> {
    let got = reader.u8()?;
    if got != VERSION {
        return Err(DecodeError::UnknownTag { what: "diff version", got, offset: 0 }.into());
    }
    Ok(BatchHeader::decode(reader)?)
}

/// Goes on to the state after a batch by what it changed; the header that says which state that is. Whether that header is committed is the
/// caller's to look up.
pub fn apply_diff(map: &mut Map<Sha256Node>, bytes: &[u8], executor: &impl Executor) -> Result<BatchHeader, DiffError> {
    let mut reader = Reader::new(bytes);
    let header = begin(&mut reader)?;
    let here = of_state(&map.root());
    if here != header.state_root_before {
        return Err(DiffError::Before { expected: header.state_root_before, got: here });
    }
    let changes = changes(map, &mut reader)?;
    reader.finish()?;
    map.apply(&changes, executor).map_err(DiffError::Order)?;
    let got = of_state(&map.root());
    if got == header.state_root_after {
        Ok(header)
    } else {
        Err(DiffError::After { expected: header.state_root_after, got })
    }
}

fn changes(map: &Map<Sha256Node>, reader: &mut Reader<'_>) -> Result<Vec<Change>, DiffError> {
    let offset = reader.offset();
    let count = usize::try_from(take(reader)?).unwrap_or(usize::MAX);
    if count > DIFF_CHANGES_MAX {
        let max = DIFF_CHANGES_MAX;
        return Err(DecodeError::TooMany { what: "changes", max, got: count, offset }.into());
    }
    let mut changes = Vec::new();
    let mut last = [0; KEY_BYTES];
    for at in 0..count {
        let offset = reader.offset();
        let shared = usize::from(reader.u8()?);
        let wrong = DecodeError::OutOfRange { what: "shared bytes of a key", got: shared as u64, offset };
        let before = last;
        let rest = last.get_mut(shared..).ok_or(wrong)?;
        rest.copy_from_slice(reader.slice(rest.len())?);
        if alike(&last, &before) != shared {
            return Err(wrong.into());
        }
        let key = Key::from_bytes(&last);
        let count = usize::from(reader.u8()?);
        let old = map.get(&key).unwrap_or_default();
        let mut words = Vec::new();
        for place in 0..count {
            words.push(unfold(take(reader)?, old.get(place).copied().unwrap_or(0)));
        }
        let value = match words.as_slice() {
            [] => None,
            words => Some(Value::new(words).map_err(|_| DiffError::Words { at, words: words.len() })?),
        };
        if map.get(&key) == value.as_ref().map(Value::words) {
            return Err(DiffError::Nothing { at });
        }
        changes.push((key, value));
    }
    Ok(changes)
}
