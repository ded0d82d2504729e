use alloc::vec::Vec;

use curve25519_dalek::Scalar;

/// Bytes of data in one scalar: fewer than the group's order has.
pub const SCALAR_BYTES: usize = 31;

/// Bytes as scalars, the last one filled with zeros.
pub fn pack(bytes: &[u8]) -> Vec<Scalar> {
    bytes.chunks(SCALAR_BYTES).map(scalar).collect()
}

fn scalar(bytes: &[u8]) -> Scalar {
    let mut word = [0; 32];
    word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    // 248 bits are below the order, so nothing is reduced.
    Scalar::from_bytes_mod_order(word)
}
