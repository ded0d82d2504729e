//! What instructions compute from two numbers.

/// Of 64 bits, by the instruction's two selectors.
pub fn wide(variant: u32, kind: u32, a: u64, b: u64) -> Option<u64> {
    let (signed_a, signed_b, shift) = (a as i64, b as i64, b as u32 & 63);
    Some(match (variant, kind) {
        (0x00, 0) => a.wrapping_add(b),
        (0x20, 0) => a.wrapping_sub(b),
        (0x00, 1) => a << shift,
        (0x00, 2) => (signed_a < signed_b).into(),
        (0x00, 3) => (a < b).into(),
        (0x00, 4) => a ^ b,
        (0x00, 5) => a >> shift,
        (0x20, 5) => (signed_a >> shift) as u64,
        (0x00, 6) => a | b,
        (0x00, 7) => a & b,
        (0x20, 4) => !(a ^ b),
        (0x20, 6) => a | !b,
        (0x20, 7) => a & !b,
        (0x01, 0) => a.wrapping_mul(b),
        (0x01, 1) => ((i128::from(signed_a) * i128::from(signed_b)) >> 64) as u64,
        (0x01, 2) => ((i128::from(signed_a) * i128::from(b)) >> 64) as u64,
        (0x01, 3) => ((u128::from(a) * u128::from(b)) >> 64) as u64,
        (0x01, 4) => {
            if b == 0 {
                u64::MAX
            } else {
                signed_a.wrapping_div(signed_b) as u64
            }
        }
        (0x01, 5) => a.checked_div(b).unwrap_or(u64::MAX),
        (0x01, 6) => {
            if b == 0 {
                a
            } else {
                signed_a.wrapping_rem(signed_b) as u64
            }
        }
        (0x01, 7) => a.checked_rem(b).unwrap_or(a),
        (0x10, 2) => (a << 1).wrapping_add(b),
        (0x10, 4) => (a << 2).wrapping_add(b),
        (0x10, 6) => (a << 3).wrapping_add(b),
        (0x05, 4) => signed_a.min(signed_b) as u64,
        (0x05, 5) => a.min(b),
        (0x05, 6) => signed_a.max(signed_b) as u64,
        (0x05, 7) => a.max(b),
        (0x30, 1) => a.rotate_left(shift),
        (0x30, 5) => a.rotate_right(shift),
        (0x14, 1) => a | 1 << shift,
        (0x24, 1) => a & !(1 << shift),
        (0x24, 5) => a >> shift & 1,
        (0x34, 1) => a ^ 1 << shift,
        _ => return None,
    })
}

/// A number of 32 bits as the machine keeps it.
const fn kept(number: u32) -> u64 {
    number as i32 as i64 as u64
}

/// Of 32 bits, and what takes 32 bits of its first operand.
pub fn half(variant: u32, kind: u32, a: u64, b: u64) -> Option<u64> {
    let (low, other, shift, unsigned) = (a as u32, b as u32, b as u32 & 31, u64::from(a as u32));
    let (signed, signed_other) = (low as i32, other as i32);
    Some(match (variant, kind) {
        (0x00, 0) => kept(low.wrapping_add(other)),
        (0x20, 0) => kept(low.wrapping_sub(other)),
        (0x00, 1) => kept(low << shift),
        (0x00, 5) => kept(low >> shift),
        (0x20, 5) => kept((signed >> shift) as u32),
        (0x01, 0) => kept(low.wrapping_mul(other)),
        (0x01, 4) => {
            if other == 0 {
                u64::MAX
            } else {
                kept(signed.wrapping_div(signed_other) as u32)
            }
        }
        (0x01, 5) => kept(low.checked_div(other).unwrap_or(u32::MAX)),
        (0x01, 6) => {
            if other == 0 {
                kept(low)
            } else {
                kept(signed.wrapping_rem(signed_other) as u32)
            }
        }
        (0x01, 7) => kept(low.checked_rem(other).unwrap_or(low)),
        (0x04, 0) => unsigned.wrapping_add(b),
        (0x04, 4) => a & 0xffff,
        (0x10, 2) => (unsigned << 1).wrapping_add(b),
        (0x10, 4) => (unsigned << 2).wrapping_add(b),
        (0x10, 6) => (unsigned << 3).wrapping_add(b),
        (0x30, 1) => kept(low.rotate_left(shift)),
        (0x30, 5) => kept(low.rotate_right(shift)),
        _ => return None,
    })
}

/// With a number of twelve bits in the instruction.
pub fn immediate(kind: u32, a: u64, number: u64) -> Option<u64> {
    let (what, top) = (number as u32 & 0xfff, number as u32 >> 6 & 0x3f);
    match (kind, what, top) {
        (1, 0x600, _) => Some(a.leading_zeros().into()),
        (1, 0x601, _) => Some(a.trailing_zeros().into()),
        (1, 0x602, _) => Some(a.count_ones().into()),
        (1, 0x604, _) => Some(a as i8 as u64),
        (1, 0x605, _) => Some(a as i16 as u64),
        (5, 0x287, _) => Some(u64::from_le_bytes(a.to_le_bytes().map(|byte| if byte == 0 { 0 } else { 0xff }))),
        (5, 0x6b8, _) => Some(a.swap_bytes()),
        // What is named by six bits here is named by seven between registers.
        (1 | 5, _, top) => wide(top << 1, kind, a, number),
        _ => wide(0, kind, a, number),
    }
}

/// The same of 32 bits.
pub fn immediate_half(kind: u32, a: u64, number: u64) -> Option<u64> {
    let (what, variant) = (number as u32 & 0xfff, number as u32 >> 5 & 0x7f);
    match (kind, what, variant) {
        (0, ..) => half(0, 0, a, number),
        (1, 0x600, _) => Some((a as u32).leading_zeros().into()),
        (1, 0x601, _) => Some((a as u32).trailing_zeros().into()),
        (1, 0x602, _) => Some((a as u32).count_ones().into()),
        (1, _, 4 | 5) => Some(u64::from(a as u32) << (number & 63)),
        _ => half(variant, kind, a, number),
    }
}
