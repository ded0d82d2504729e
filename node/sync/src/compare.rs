//! Telling two things apart, by the first place where they differ.

use ashlar_batch::{BatchHeader, codec};
use ashlar_state::Key;
use ashlar_types::Sequence;

/// The first word in which two headers differ: its name and both values in hexadecimal.
pub fn first_field(one: &BatchHeader, other: &BatchHeader) -> Option<(&'static str, String, String)> {
    one.first_difference(other).map(|(field, one, other)| (field, hex(&one), hex(&other)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first command that the bytes of one batch hold otherwise than those of another; both begin with the command `first`. Nothing if neither
/// says more than the other, or one of them is no batch.
pub fn first_command(first: Sequence, one: &[u8], other: &[u8]) -> Option<Sequence> {
    let (mut one, mut other) =
        (codec::iter(one).ok()?.map_while(Result::ok), codec::iter(other).ok()?.map_while(Result::ok));
    let mut command = first;
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (Some(here), Some(there)) if here == there => {
                command = Sequence::new(command.get().saturating_add(here.input.commands() as u64));
            }
            _ => return Some(command),
        }
    }
}

/// A key, and what each of two states has there.
pub type Difference = (Key, Option<Vec<u64>>, Option<Vec<u64>>);

/// The first key at which two ascending lists of leaves differ, and what each has there.
pub fn first_leaf<'a, 'b>(
    one: impl IntoIterator<Item = (Key, &'a [u64])>,
    other: impl IntoIterator<Item = (Key, &'b [u64])>,
) -> Option<Difference> {
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (Some((a, left)), Some((b, right))) if a == b => {
                if left != right {
                    return Some((a, Some(left.to_vec()), Some(right.to_vec())));
                }
            }
            (Some((a, left)), Some((b, right))) => {
                return Some(if a < b { (a, Some(left.to_vec()), None) } else { (b, None, Some(right.to_vec())) });
            }
            (Some((a, left)), None) => return Some((a, Some(left.to_vec()), None)),
            (None, Some((b, right))) => return Some((b, None, Some(right.to_vec()))),
        }
    }
}
