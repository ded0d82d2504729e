use alloc::vec::Vec;

use p3_field::PrimeField32;

use crate::Val;
use crate::shape::{GROUP_BYTES, GROUP_ELEMENTS};

/// Bits of an element.
const BITS: usize = 30;
const MASK: u32 = (1 << BITS) - 1;

/// Bytes as elements of 30 bits, the last ones filled with zeros.
pub fn pack(bytes: &[u8]) -> Vec<Val> {
    let mut elements = Vec::with_capacity(bytes.len().div_ceil(GROUP_BYTES) * GROUP_ELEMENTS);
    let (groups, rest) = bytes.as_chunks::<GROUP_BYTES>();
    groups.iter().for_each(|group| elements.extend(split(group)));
    if !rest.is_empty() {
        let mut last = [0; GROUP_BYTES];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        elements.extend(split(&last));
    }
    elements
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
