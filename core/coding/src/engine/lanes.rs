//! Many rows beside each other in the processor's widest vectors, where it has them: `None` where it has not, or where there are too few.

use alloc::vec::Vec;
use core::slice::from_ref;

use ashlar_batch::merkle::{Digest, TreeHash, TreeKind};
use ashlar_coding_lanes::{Code, MESSAGES, Product, Sha, Sums};
use ashlar_types::{Domain, Sha256Prefix};

use crate::field::{BASIS, Gf16, double_lanes};
use crate::limits::BLOCK_BYTES;
use crate::{Coefficients, Combination};

/// Rows from which on hashing sixteen at once, spare ones thrown away, is quicker than one after the other.
const HASHED_MIN: usize = 6;
/// Rows from which on it pays to make matrices of all coefficients.
const SUMMED_MIN: usize = 4;

/// A power of x times an element in coordinates: what each bit of a coefficient and each bit of a symbol are together.
const COEFFICIENTS: Product = {
    let mut product = [BASIS; 16];
    let mut power = 1;
    while power < 16 {
        let mut bit = 0;
        while bit < 16 {
            product[power][bit] = double_lanes(product[power - 1][bit] as u128) as u16;
            bit += 1;
        }
        power += 1;
    }
    product
};

/// A symbol times a symbol, both in coordinates.
const SYMBOLS: Product = {
    let mut product = [[0; 16]; 16];
    let mut one = 0;
    while one < 16 {
        let mut other = 0;
        while other < 16 {
            product[one][other] = Gf16::new(1 << one).times(Gf16::new(1 << other)).get();
            other += 1;
        }
        one += 1;
    }
    product
};

/// Writes all coded rows.
pub(super) fn code(row_bytes: usize, data: &[u8], coded: &mut [u8]) -> Option<()> {
    Code::detect()?.extend(&SYMBOLS, row_bytes, data, coded).then_some(())
}

/// Two halves of a block, one after the other.
fn block(front: &[u8; 32], back: &[u8; 32]) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block.iter_mut().zip(front.iter().chain(back)).for_each(|(to, from)| *to = *from);
    block
}

/// The last block of a message of so many bytes, of which these few are in it.
fn last_block(bytes: usize, rest: &[u8]) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block.iter_mut().zip(rest.iter().chain(&[0x80])).for_each(|(to, from)| *to = *from);
    if let Some(length) = block.last_chunk_mut() {
        *length = (8 * bytes as u64).to_be_bytes();
    }
    block
}

/// The leaves of rows of whole blocks.
pub(super) fn leaves(row_bytes: usize, rows: &[u8]) -> Option<Vec<Digest>> {
    if row_bytes == 0 || !row_bytes.is_multiple_of(BLOCK_BYTES) {
        return None;
    }
    let sha = Sha::detect()?;
    let (domain, hash) = (Domain::DATA_LEAF.bytes(), TreeHash::new(TreeKind::DATA));
    let prefix = Sha256Prefix::new(&block(domain, domain));
    let end = last_block(BLOCK_BYTES + row_bytes, &[]);
    let mut leaves = Vec::with_capacity(rows.len() / row_bytes);
    for some in rows.chunks(MESSAGES * row_bytes) {
        let each = some.chunks_exact(row_bytes);
        if each.len() < HASHED_MIN {
            leaves.extend(each.map(|row| hash.leaf(row)));
            continue;
        }
        let count = each.len();
        // Lanes for which there is no row hash the first ones again.
        let mut messages: [&[[u8; BLOCK_BYTES]]; MESSAGES] = [&[]; MESSAGES];
        messages.iter_mut().zip(each.cycle()).for_each(|(message, row)| *message = row.as_chunks().0);
        let mut states = prefix.state().map(|word| [word; MESSAGES]);
        sha.compress(&mut states, messages);
        sha.compress(&mut states, [from_ref(&end); MESSAGES]);
        let state = |message: usize| states.map(|words| words.get(message).copied().unwrap_or_default());
        leaves.extend((0..count).map(|message| Digest::truncate(&state(message))));
    }
    Some(leaves)
}

/// The coefficients that follow from a seed, for so many symbols.
pub(super) fn coefficients(seed: &[u8; 32], symbols: usize) -> Option<Vec<u128>> {
    const COUNTER_BYTES: usize = size_of::<u32>();
    let sha = Sha::detect()?;
    let prefix = Sha256Prefix::new(&block(Domain::DA_CHALLENGE.bytes(), seed));
    let mut blocks = [last_block(BLOCK_BYTES + COUNTER_BYTES, &[0; COUNTER_BYTES]); MESSAGES];
    let mut coefficients = Vec::with_capacity(symbols.next_multiple_of(2 * MESSAGES));
    for first in (0..symbols.div_ceil(2) as u32).step_by(MESSAGES) {
        for (counter, block) in (first..).zip(&mut blocks) {
            if let Some(front) = block.first_chunk_mut() {
                *front = counter.to_le_bytes();
            }
        }
        let mut states = prefix.state().map(|word| [word; MESSAGES]);
        sha.compress(&mut states, blocks.each_ref().map(from_ref));
        for message in 0..MESSAGES {
            // A hash has its words' highest bytes first, and a coefficient its lowest byte.
            let word =
                |at: usize| states.get(at).and_then(|words| words.get(message)).map_or(0, |word| word.swap_bytes());
            let half = |from: usize| (0..4).fold(0, |half, at| half | u128::from(word(from + at)) << (32 * at));
            coefficients.extend([half(0), half(4)]);
        }
    }
    coefficients.truncate(symbols);
    Some(coefficients)
}

/// The combinations of rows of one length, one after the other.
pub(super) fn combine(coefficients: &Coefficients, row_bytes: usize, rows: &[u8]) -> Option<Vec<Combination>> {
    if rows.len() < SUMMED_MIN * row_bytes {
        return None;
    }
    let sums = Sums::detect()?.rows(&COEFFICIENTS, coefficients.lanes(), row_bytes, rows);
    Some(sums.into_iter().map(|sum| Combination::from_bytes(sum.to_le_bytes())).collect())
}
