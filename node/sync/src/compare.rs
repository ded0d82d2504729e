//! Telling two things apart, by the first place where they differ.

use ashlar_batch::BatchHeader;
use ashlar_state::Key;

/// The words of a header by their names (SPEC B-26).
const FIELDS: [&str; BatchHeader::WORDS] = [
    "version",
    "exchange id",
    "number",
    "parent hash",
    "state root before",
    "state root after",
    "data root",
    "DA commitment",
    "signatures root",
    "receipts root",
    "withdrawals root",
    "withdrawals next",
    "inbox next",
    "inbox hash",
    "first sequence",
    "next sequence",
    "first time",
    "last time",
];

/// The first word in which two headers differ: its name and both values in hexadecimal.
pub fn first_field(one: &BatchHeader, other: &BatchHeader) -> Option<(&'static str, String, String)> {
    let (one, other) = (one.to_bytes(), other.to_bytes());
    let words = one.as_chunks::<32>().0.iter().zip(other.as_chunks::<32>().0);
    let differing = FIELDS.iter().zip(words).find(|(_, (one, other))| one != other);
    differing.map(|(field, (one, other))| (*field, hex(one), hex(other)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
