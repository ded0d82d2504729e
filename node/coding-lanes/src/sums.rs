//! Sums of products, eight rows and 32 symbols of each at a time.
//!
//! Multiplication by one coefficient is a map of 16 bits, linear over single bits, so four matrices of eight by eight bits: what either byte of a
//! product takes of either byte of a symbol. One instruction multiplies eight matrices with eight bytes each. So that the bytes of a matrix are of one
//! symbol, eight rows stand across each other: of their blocks, whose first half has the low bytes of symbols and whose second half the high bytes of
//! the same ones, eight vectors are made, each with four symbols of all eight rows, low bytes in front. Half a vector times its own matrices, and the
//! other half times the crossing ones, is then the whole product.

use core::arch::x86_64::{
    __m512i, _mm512_gf2p8affine_epi64_epi8, _mm512_shuffle_i64x2, _mm512_ternarylogic_epi64, _mm512_unpackhi_epi8,
    _mm512_unpackhi_epi16, _mm512_unpackhi_epi32, _mm512_unpacklo_epi8, _mm512_unpacklo_epi16, _mm512_unpacklo_epi32,
};

use crate::matrices::Table;
use crate::vector::{Line, bytes, words, write_words};
use crate::{BLOCK_BYTES, Product};

/// Symbols of a block.
const SYMBOLS: usize = BLOCK_BYTES / 2;
/// Elements of a coefficient, and so of a sum.
const ELEMENTS: usize = 8;
/// Rows that stand across each other.
const ROWS: usize = 8;
/// Blocks that matrices are made for at once: as many as leave room for the rest in the nearest cache.
const TILE: usize = 2;
/// Exclusive or of three.
const XOR: i32 = 0x96;
/// The order of quarters that swaps halves.
const SWAP: i32 = 0x4e;

/// The symbols of a block that each vector has, as `across` makes them.
const SYMBOLS_OF: [[usize; 4]; 8] = [
    [0, 1, 16, 17],
    [2, 3, 18, 19],
    [4, 5, 20, 21],
    [6, 7, 22, 23],
    [8, 9, 24, 25],
    [10, 11, 26, 27],
    [12, 13, 28, 29],
    [14, 15, 30, 31],
];

/// Sums of eight rows, each vector one element, low bytes in front, four symbols still apart.
type Sum = [Line<[u64; 8]>; ELEMENTS];
/// What the symbols of one vector are multiplied by, for one element: straight, and crossing.
type Pair = [Line<[u64; 8]>; 2];
/// The same for a whole block.
type Factors = [[Pair; ELEMENTS]; 8];

/// A processor that multiplies bytes by matrices.
#[derive(Clone, Copy, Debug)]
pub struct Sums(());

impl Sums {
    /// If this is one.
    pub fn detect() -> Option<Sums> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("gfni");
        all.then_some(Sums(()))
    }

    /// Of rows that stand one after the other: for each the exclusive or of its symbols times their coefficients, eight elements beside each other.
    /// Rows are whole blocks, with one coefficient for each symbol; what is beyond the last whole row, block or coefficient is left out.
    pub fn rows(self, product: &Product, coefficients: &[u128], row_bytes: usize, rows: &[u8]) -> Vec<u128> {
        let count = rows.len().checked_div(row_bytes).unwrap_or(0);
        let mut sums = vec![[Line([0; 8]); ELEMENTS]; count.div_ceil(ROWS)];
        if count > 0 {
            // SAFETY: a value of this type is only made by `detect`, after the processor said that it has all three features.
            unsafe { add(&Table::new(product), coefficients, row_bytes, rows, &mut sums) };
        }
        sums.iter().flat_map(finish).take(count).collect()
    }
}

/// The factors of the symbols of a block.
fn fill(factors: &mut Factors, table: &Table, coefficients: &[u128; SYMBOLS]) {
    for (factors, symbols) in factors.iter_mut().zip(SYMBOLS_OF) {
        for (element, [straight, crossing]) in factors.iter_mut().enumerate() {
            for (place, symbol) in symbols.into_iter().enumerate() {
                let [low, high, low_of_high, high_of_low] = table.of((coefficients[symbol] >> (16 * element)) as u16);
                (straight.0[place], straight.0[4 + place]) = (low, high);
                (crossing.0[place], crossing.0[4 + place]) = (low_of_high, high_of_low);
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn add(table: &Table, coefficients: &[u128], row_bytes: usize, rows: &[u8], sums: &mut [Sum]) {
    const ABSENT: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];
    let mut factors: Vec<Factors> = vec![[[[Line([0; 8]); 2]; ELEMENTS]; 8]; TILE];
    let (blocks, _) = coefficients.as_chunks::<SYMBOLS>();
    for (tile, blocks) in blocks.chunks(TILE).enumerate() {
        factors.iter_mut().zip(blocks).for_each(|(factors, block)| fill(factors, table, block));
        for (sum, group) in sums.iter_mut().zip(rows.chunks(ROWS * row_bytes)) {
            let mut vectors = [bytes(&ABSENT); ELEMENTS];
            vectors.iter_mut().zip(&*sum).for_each(|(vector, line)| *vector = words(line));
            for (block, factors) in factors.iter().take(blocks.len()).enumerate() {
                let start = BLOCK_BYTES * (TILE * tile + block);
                let mut lines = [&ABSENT; ROWS];
                if start + BLOCK_BYTES <= row_bytes {
                    for (line, row) in lines.iter_mut().zip(group.chunks_exact(row_bytes)) {
                        *line = row.get(start..).and_then(<[u8]>::first_chunk).unwrap_or(&ABSENT);
                    }
                }
                vectors = multiply(across(lines), factors, vectors);
            }
            sum.iter_mut().zip(vectors).for_each(|(line, vector)| write_words(line, vector));
        }
    }
}

/// The blocks of eight rows across each other: in each vector the bytes of four symbols, of each those of all rows beside each other.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn across(lines: [&[u8; BLOCK_BYTES]; ROWS]) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = [
        bytes(lines[0]),
        bytes(lines[1]),
        bytes(lines[2]),
        bytes(lines[3]),
        bytes(lines[4]),
        bytes(lines[5]),
        bytes(lines[6]),
        bytes(lines[7]),
    ];
    // Of eight bytes of each row, the first and the second eight of each sixteen apart: of two rows, of four, of all.
    let (ab, cd) = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
    let (ef, gh) = (_mm512_unpacklo_epi8(e, f), _mm512_unpacklo_epi8(g, h));
    let [s0, s2, s4, s6] = four(ab, cd, ef, gh);
    let (ab, cd) = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
    let (ef, gh) = (_mm512_unpackhi_epi8(e, f), _mm512_unpackhi_epi8(g, h));
    let [s8, s10, s12, s14] = four(ab, cd, ef, gh);
    [s0, s2, s4, s6, s8, s10, s12, s14]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn four(ab: __m512i, cd: __m512i, ef: __m512i, gh: __m512i) -> [__m512i; 4] {
    let (front, front_below) = (_mm512_unpacklo_epi16(ab, cd), _mm512_unpacklo_epi16(ef, gh));
    let (back, back_below) = (_mm512_unpackhi_epi16(ab, cd), _mm512_unpackhi_epi16(ef, gh));
    [
        _mm512_unpacklo_epi32(front, front_below),
        _mm512_unpackhi_epi32(front, front_below),
        _mm512_unpacklo_epi32(back, back_below),
        _mm512_unpackhi_epi32(back, back_below),
    ]
}

/// Adds the products of all symbols of a block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn multiply(symbols: [__m512i; 8], factors: &Factors, mut sums: [__m512i; ELEMENTS]) -> [__m512i; ELEMENTS] {
    for (vector, factors) in symbols.into_iter().zip(factors) {
        let swapped = _mm512_shuffle_i64x2::<SWAP>(vector, vector);
        for (sum, [straight, crossing]) in sums.iter_mut().zip(factors) {
            let own = _mm512_gf2p8affine_epi64_epi8::<0>(vector, words(straight));
            let other = _mm512_gf2p8affine_epi64_epi8::<0>(swapped, words(crossing));
            *sum = _mm512_ternarylogic_epi64::<XOR>(*sum, own, other);
        }
    }
    sums
}

/// The four symbols together, and each row's elements beside each other.
fn finish(sum: &Sum) -> [u128; ROWS] {
    let mut rows = [0; ROWS];
    for (element, Line([a, b, c, d, e, f, g, h])) in sum.iter().enumerate() {
        let (low, high) = ((a ^ b ^ c ^ d).to_le_bytes(), (e ^ f ^ g ^ h).to_le_bytes());
        for ((row, low), high) in rows.iter_mut().zip(low).zip(high) {
            *row |= u128::from(u16::from_le_bytes([low, high])) << (16 * element);
        }
    }
    rows
}
