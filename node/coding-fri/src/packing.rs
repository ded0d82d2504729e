use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_util::reverse_bits_len;

use crate::Val;
use crate::shape::{GROUP_BYTES, GROUP_ELEMENTS};

/// Bits of an element.
const BITS: usize = 30;
const MASK: u32 = (1 << BITS) - 1;

/// Bytes as elements of 30 bits, the last ones filled with zeros.
pub fn pack(bytes: &[u8]) -> Vec<Val> {
    let mut elements = Val::zero_vec(bytes.len().div_ceil(GROUP_BYTES) * GROUP_ELEMENTS);
    fill(&mut elements, bytes);
    elements
}

/// The same in place of zeros, as many elements as there is room for.
fn fill(elements: &mut [Val], bytes: &[u8]) {
    let (groups, rest) = bytes.as_chunks::<GROUP_BYTES>();
    let mut room = elements.as_chunks_mut::<GROUP_ELEMENTS>().0.iter_mut();
    room.by_ref().zip(groups).for_each(|(to, group)| *to = split(group));
    if let Some(to) = room.next().filter(|_| !rest.is_empty()) {
        let mut last = [0; GROUP_BYTES];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        *to = split(&last);
    }
}

/// The elements of bytes as rows, each at the place that its number has with its bits reversed. There are as many rows as that has, and places beyond the
/// last element stay as they are.
pub(crate) fn pack_rows(bytes: &[u8], columns: usize, log_rows: usize, rows: &mut [Val]) {
    // Where a row begins within a group, the group is made for it and for the row before.
    let mut groups = Val::zero_vec((columns.div_ceil(GROUP_ELEMENTS) + 1) * GROUP_ELEMENTS);
    for number in 0..1usize << log_rows {
        let (group, behind) = (number * columns / GROUP_ELEMENTS, number * columns % GROUP_ELEMENTS);
        let Some(bytes) = bytes.get(group * GROUP_BYTES..).filter(|bytes| !bytes.is_empty()) else { return };
        let taken = bytes.len().min(groups.len() / GROUP_ELEMENTS * GROUP_BYTES);
        groups.fill(Val::ZERO);
        fill(&mut groups, bytes.get(..taken).unwrap_or_default());
        let at = reverse_bits_len(number, log_rows) * columns;
        let (to, from) = (rows.get_mut(at..at + columns), groups.get(behind..behind + columns));
        if let (Some(to), Some(from)) = (to, from) {
            to.copy_from_slice(from);
        }
    }
}

fn split(group: &[u8; GROUP_BYTES]) -> [Val; GROUP_ELEMENTS] {
    let mut word = [0; 16];
    word.iter_mut().zip(group).for_each(|(to, from)| *to = *from);
    let word = u128::from_le_bytes(word);
    core::array::from_fn(|index| Val::new((word >> (BITS * index)) as u32 & MASK))
}

/// The bytes of elements, so many of them; `None` if an element has more bits than any that was packed, or is missing.
pub fn unpack(elements: &[Val], length: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length + GROUP_BYTES);
    for group in elements.as_chunks::<GROUP_ELEMENTS>().0 {
        let mut word = 0;
        for (index, element) in group.iter().enumerate() {
            let number = element.as_canonical_u32();
            if number > MASK {
                return None;
            }
            word |= u128::from(number) << (BITS * index);
        }
        bytes.extend_from_slice(word.to_le_bytes().get(..GROUP_BYTES)?);
    }
    if bytes.get(length..)?.iter().any(|byte| *byte != 0) {
        return None;
    }
    bytes.truncate(length);
    Some(bytes)
}
