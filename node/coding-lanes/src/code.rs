//! The values of polynomials at more points, by additive Fourier transforms over 64 columns at a time.
//!
//! Points are numbers, and the polynomial that vanishes at the points below `2^i` takes a point to itself shifted by `i` bits (SPEC X-3). So at layer `i` of a
//! transform, where values at a distance of `2^i` are joined, the factor of a block is the number of its first point, shifted by `i`. Two layers are done
//! while four values are in registers, and the columns are so few that all values of them stay in the nearest cache.

use core::arch::x86_64::{
    __m512i, _mm512_gf2p8affine_epi64_epi8, _mm512_set1_epi64, _mm512_shuffle_i64x2, _mm512_ternarylogic_epi64,
    _mm512_xor_si512,
};

use crate::matrices::{Matrices, Table};
use crate::vector::{Line, bytes, words, write_bytes, write_words};
use crate::{BLOCK_BYTES, Product};

/// Exclusive or of three.
const XOR: i32 = 0x96;
/// The orders of quarters that take the first halves of two vectors, and the second ones.
const FIRST_HALVES: i32 = 0x44;
const SECOND_HALVES: i32 = 0xee;
/// Points that there are.
const POINTS: usize = 1 << 16;

/// 64 symbols of one row, their low bytes and their high bytes.
type Cell = [Line<[u64; 8]>; 2];
const ZERO: Cell = [Line([0; 8]); 2];

/// A processor that multiplies bytes by matrices.
#[derive(Clone, Copy, Debug)]
pub struct Code(());

impl Code {
    /// If this is one.
    pub fn detect() -> Option<Code> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("gfni");
        all.then_some(Code(()))
    }

    /// Writes the values of each column's polynomial at the points from `2^h` on, which has the data at the points below the number of its rows and zero at
    /// those that are left of `2^h`, the least power of two that is no less. The product must be that of a field in a Cantor basis.
    ///
    /// Rows are whole blocks. `false`, and nothing is written, if they are not, if there are none, or if there are not so many points.
    pub fn extend(self, product: &Product, row_bytes: usize, data: &[u8], coded: &mut [u8]) -> bool {
        if row_bytes == 0 || !row_bytes.is_multiple_of(BLOCK_BYTES) || !data.len().is_multiple_of(row_bytes) {
            return false;
        }
        let count = (data.len() / row_bytes).next_power_of_two();
        let parts = coded.len().div_ceil(count.saturating_mul(row_bytes));
        let fits = count.saturating_mul(1 + parts) <= POINTS;
        if data.is_empty() || !fits || !coded.len().is_multiple_of(row_bytes) {
            return false;
        }
        let table = Table::new(product);
        let factors: Vec<Matrices> = (0..count * (1 + parts)).map(|point| table.of(point as u16)).collect();
        // SAFETY: a value of this type is only made by `detect`, after the processor said that it has all three features.
        unsafe { extend(&factors, count, row_bytes, data, coded) };
        true
    }
}

#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn extend(factors: &[Matrices], count: usize, row_bytes: usize, data: &[u8], coded: &mut [u8]) {
    let (mut coefficients, mut values) = (vec![ZERO; count], vec![ZERO; count]);
    for start in (0..row_bytes).step_by(2 * BLOCK_BYTES) {
        let mut cells = coefficients.iter_mut();
        data.chunks_exact(row_bytes).zip(cells.by_ref()).for_each(|(row, cell)| *cell = read(row, start));
        cells.for_each(|cell| *cell = ZERO);
        backwards(&mut coefficients, factors);
        for (part, rows) in coded.chunks_mut(count * row_bytes).enumerate() {
            values.copy_from_slice(&coefficients);
            forwards(&mut values, count * (1 + part), factors);
            rows.chunks_exact_mut(row_bytes).zip(&values).for_each(|(row, cell)| write(row, start, cell));
        }
    }
}

/// Two blocks of a row, or the one that is left and zeros.
#[inline]
#[target_feature(enable = "avx512f")]
fn read(row: &[u8], start: usize) -> Cell {
    const ABSENT: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];
    let block = |start: usize| row.get(start..).and_then(<[u8]>::first_chunk).unwrap_or(&ABSENT);
    let (one, other) = (bytes(block(start)), bytes(block(start + BLOCK_BYTES)));
    let mut cell = ZERO;
    write_words(&mut cell[0], _mm512_shuffle_i64x2::<FIRST_HALVES>(one, other));
    write_words(&mut cell[1], _mm512_shuffle_i64x2::<SECOND_HALVES>(one, other));
    cell
}

/// The same back into a row.
#[inline]
#[target_feature(enable = "avx512f")]
fn write(row: &mut [u8], start: usize, cell: &Cell) {
    let (low, high) = (words(&cell[0]), words(&cell[1]));
    let blocks = row.get_mut(start..).unwrap_or_default().as_chunks_mut::<BLOCK_BYTES>().0;
    let vectors = [_mm512_shuffle_i64x2::<FIRST_HALVES>(low, high), _mm512_shuffle_i64x2::<SECOND_HALVES>(low, high)];
    blocks.iter_mut().zip(vectors).for_each(|(block, vector)| write_bytes(block, vector));
}

/// A cell in registers.
#[derive(Clone, Copy)]
struct Symbols {
    low: __m512i,
    high: __m512i,
}

/// A factor in registers.
#[derive(Clone, Copy)]
struct Factor([__m512i; 4]);

impl Factor {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(matrices: &Matrices) -> Factor {
        Factor([
            _mm512_set1_epi64(matrices[0].cast_signed()),
            _mm512_set1_epi64(matrices[1].cast_signed()),
            _mm512_set1_epi64(matrices[2].cast_signed()),
            _mm512_set1_epi64(matrices[3].cast_signed()),
        ])
    }
}

impl Symbols {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn read(cell: &Cell) -> Symbols {
        Symbols { low: words(&cell[0]), high: words(&cell[1]) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn write(self, cell: &mut Cell) {
        write_words(&mut cell[0], self.low);
        write_words(&mut cell[1], self.high);
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn plus(self, other: Symbols) -> Symbols {
        Symbols { low: _mm512_xor_si512(self.low, other.low), high: _mm512_xor_si512(self.high, other.high) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,gfni")]
    fn plus_product(self, other: Symbols, Factor([low, high, low_of_high, high_of_low]): Factor) -> Symbols {
        let own = _mm512_gf2p8affine_epi64_epi8::<0>(other.low, low);
        let crossing = _mm512_gf2p8affine_epi64_epi8::<0>(other.high, low_of_high);
        let low = _mm512_ternarylogic_epi64::<XOR>(self.low, own, crossing);
        let own = _mm512_gf2p8affine_epi64_epi8::<0>(other.high, high);
        let crossing = _mm512_gf2p8affine_epi64_epi8::<0>(other.low, high_of_low);
        Symbols { low, high: _mm512_ternarylogic_epi64::<XOR>(self.high, own, crossing) }
    }
}

/// From coefficients to values.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn forward(one: Symbols, other: Symbols, factor: Factor) -> (Symbols, Symbols) {
    let one = one.plus_product(other, factor);
    (one, other.plus(one))
}

/// From values to coefficients.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn backward(one: Symbols, other: Symbols, factor: Factor) -> (Symbols, Symbols) {
    let other = other.plus(one);
    (one.plus_product(other, factor), other)
}

/// Values at the points below a power of two become coefficients.
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn backwards(cells: &mut [Cell], factors: &[Matrices]) {
    let height = cells.len().ilog2() as usize;
    for layer in (0..height & !1).step_by(2) {
        let distance = 1 << layer;
        for (number, block) in cells.chunks_exact_mut(4 * distance).enumerate() {
            let first = 4 * distance * number;
            let near = Factor::new(&factors[first >> layer]);
            let near_behind = Factor::new(&factors[(first + 2 * distance) >> layer]);
            let far = Factor::new(&factors[first >> (layer + 1)]);
            for [a, b, c, d] in quarters(block, distance) {
                let (one, other) = backward(Symbols::read(a), Symbols::read(b), near);
                let (one_behind, other_behind) = backward(Symbols::read(c), Symbols::read(d), near_behind);
                let (one, one_behind) = backward(one, one_behind, far);
                let (other, other_behind) = backward(other, other_behind, far);
                one.write(a);
                other.write(b);
                one_behind.write(c);
                other_behind.write(d);
            }
        }
    }
    if height % 2 == 1 {
        // All are one block, whose first point is zero.
        let (front, back) = cells.split_at_mut(cells.len() / 2);
        for (one, other) in front.iter().zip(back) {
            Symbols::read(other).plus(Symbols::read(one)).write(other);
        }
    }
}

/// Coefficients become values at as many points, from one on that is a multiple of how many there are.
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn forwards(cells: &mut [Cell], start: usize, factors: &[Matrices]) {
    let height = cells.len().ilog2() as usize;
    if height % 2 == 1 {
        let factor = Factor::new(&factors[start >> (height - 1)]);
        let (front, back) = cells.split_at_mut(cells.len() / 2);
        for (a, b) in front.iter_mut().zip(back) {
            let (one, other) = forward(Symbols::read(a), Symbols::read(b), factor);
            one.write(a);
            other.write(b);
        }
    }
    for layer in (0..height & !1).step_by(2).rev() {
        let distance = 1 << layer;
        for (number, block) in cells.chunks_exact_mut(4 * distance).enumerate() {
            let first = start + 4 * distance * number;
            let near = Factor::new(&factors[first >> layer]);
            let near_behind = Factor::new(&factors[(first + 2 * distance) >> layer]);
            let far = Factor::new(&factors[first >> (layer + 1)]);
            for [a, b, c, d] in quarters(block, distance) {
                let (one, one_behind) = forward(Symbols::read(a), Symbols::read(c), far);
                let (other, other_behind) = forward(Symbols::read(b), Symbols::read(d), far);
                let (one, other) = forward(one, other, near);
                let (one_behind, other_behind) = forward(one_behind, other_behind, near_behind);
                one.write(a);
                other.write(b);
                one_behind.write(c);
                other_behind.write(d);
            }
        }
    }
}

/// The cells of a block that two layers join, four by four.
fn quarters(block: &mut [Cell], distance: usize) -> impl Iterator<Item = [&mut Cell; 4]> {
    let (front, back) = block.split_at_mut(2 * distance);
    let ((a, b), (c, d)) = (front.split_at_mut(distance), back.split_at_mut(distance));
    a.iter_mut().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d])
}
