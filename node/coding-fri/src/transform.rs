//! The coded rows from the rows of data, both with the bits of their numbers reversed.
//!
//! Data with reversed bits becomes coefficients in their order by layers that join near rows first; coefficients become values with reversed bits by the
//! same layers the other way round. So nothing is put into another order between, the data stays where it is as the first part of the code, and
//! only the other parts are computed. The layers that join far rows are last on the way there and first on the way back: both are done, and the
//! factors of each part between them, while a few of those rows are near.

use alloc::vec::Vec;

use p3_dft::{Butterfly, DifButterfly, DitButterfly, TwiddleFreeButterfly};
use p3_field::{PrimeCharacteristicRing, TwoAdicField, scale_slice_in_place_single_core};
use p3_util::reverse_bits_len;

use crate::Val;

/// Rows that are joined among each other: so many, from one on, so far apart.
#[derive(Clone, Copy)]
struct Group {
    first: usize,
    log_stride: usize,
    log_count: usize,
}

impl Group {
    const fn row(self, number: usize) -> usize {
        self.first + (number << self.log_stride)
    }

    fn rows(self) -> impl Iterator<Item = usize> {
        (0..1 << self.log_count).map(move |number| self.row(number))
    }
}

/// The layers of transforms of one length, over rows of so many columns.
struct Layers {
    columns: usize,
    log_rows: usize,
    /// The powers of the root of unity, and of its inverse, as far as layers need them.
    forward: Vec<Val>,
    backward: Vec<Val>,
}

/// Computes what follows the rows of data, which are the first of two parts, or of four, of as many rows each.
pub(crate) fn extend(values: &mut [Val], columns: usize, log_rows: usize, levels: usize) {
    let (part, parts) = (columns << log_rows, 1usize << levels);
    if part == 0 || parts == 1 || values.len() != parts * part {
        return;
    }
    let layers = Layers::new(columns, log_rows);
    let factors = factors(log_rows, levels);
    let (data, others) = values.split_at_mut(part);
    // Coefficients are made where the last part comes to stand, and taken from there for the others.
    let (others, last) = others.split_at_mut((parts - 2) * part);
    let log_near = log_rows.div_ceil(2);
    let (near, chunk) = (Group { first: 0, log_stride: 0, log_count: log_near }, columns << log_near);
    for (to, from) in last.chunks_exact_mut(chunk).zip(data.chunks_exact(chunk)) {
        to.copy_from_slice(from);
        layers.backwards(to, near);
    }
    for first in 0..1 << log_near {
        let far = Group { first, log_stride: log_near, log_count: log_rows - log_near };
        layers.backwards(last, far);
        for (to, factors) in others.chunks_exact_mut(part).zip(&factors) {
            for row in far.rows() {
                let at = row * columns..(row + 1) * columns;
                layers.row(to, row).copy_from_slice(last.get(at).unwrap_or_default());
            }
            layers.scale(to, far, factors);
            layers.forwards(to, far);
        }
        factors.last().into_iter().for_each(|factors| layers.scale(last, far, factors));
        layers.forwards(last, far);
    }
    for to in others.chunks_exact_mut(chunk).chain(last.chunks_exact_mut(chunk)) {
        layers.forwards(to, near);
    }
}

/// For each part but the first, what coefficients are multiplied by: the powers of what its points differ by from those of the data, and by how many rows
/// there are, through which an inverse transform divides.
fn factors(log_rows: usize, levels: usize) -> Vec<Vec<Val>> {
    let root = Val::two_adic_generator(log_rows + levels);
    let share = Val::ONE.div_2exp_u64(log_rows as u64);
    let shift = |part| root.exp_u64(reverse_bits_len(part, levels) as u64);
    (1..1 << levels).map(|part| shift(part).shifted_powers(share).collect_n(1 << log_rows)).collect()
}

impl Layers {
    fn new(columns: usize, log_rows: usize) -> Layers {
        let root = Val::two_adic_generator(log_rows);
        let half = (1 << log_rows) / 2;
        let inverse = root.exp_u64((1 << log_rows) - 1);
        let (forward, backward) = (root.powers().collect_n(half), inverse.powers().collect_n(half));
        Layers { columns, log_rows, forward, backward }
    }

    fn row<'a>(&self, values: &'a mut [Val], row: usize) -> &'a mut [Val] {
        values.get_mut(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }

    fn scale(&self, values: &mut [Val], group: Group, factors: &[Val]) {
        for row in group.rows() {
            if let Some(factor) = factors.get(row) {
                scale_slice_in_place_single_core(self.row(values, row), *factor);
            }
        }
    }

    /// From values to coefficients: joins rows that are next to each other in the group, then those that are twice as far apart, and so on.
    fn backwards(&self, values: &mut [Val], group: Group) {
        for layer in 0..group.log_count {
            self.layer(values, group, layer, &self.backward, DitButterfly);
        }
    }

    /// From coefficients to values: the same layers from the last to the first.
    fn forwards(&self, values: &mut [Val], group: Group) {
        for layer in (0..group.log_count).rev() {
            self.layer(values, group, layer, &self.forward, DifButterfly);
        }
    }

    /// Joins rows of a group that are so far apart, each pair with the power that their number in their block says.
    fn layer<B: Butterfly<Val>>(
        &self,
        values: &mut [Val],
        group: Group,
        layer: usize,
        powers: &[Val],
        butterfly: impl Fn(Val) -> B,
    ) {
        let half = 1usize << layer;
        let distance = self.columns << (group.log_stride + layer);
        // Near rows begin a block of their own, and far ones are behind the first of theirs by as much as the group is.
        let behind = group.first & ((1 << group.log_stride) - 1);
        for block in (0..1 << group.log_count).step_by(2 * half) {
            for number in 0..half {
                let exponent =
                    (behind + (number << group.log_stride)) << (self.log_rows - group.log_stride - layer - 1);
                let start = group.row(block + number) * self.columns;
                let Some((front, back)) = values.get_mut(start..).and_then(|rest| rest.split_at_mut_checked(distance))
                else {
                    return;
                };
                let (Some(one), Some(other)) = (front.get_mut(..self.columns), back.get_mut(..self.columns)) else {
                    return;
                };
                match powers.get(exponent) {
                    Some(power) if exponent > 0 => butterfly(*power).apply_to_rows(one, other),
                    _ => TwiddleFreeButterfly.apply_to_rows(one, other),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use p3_dft::{NaiveDft, TwoAdicSubgroupDft};
    use p3_matrix::Matrix;
    use p3_matrix::bitrev::BitReversibleMatrix;
    use p3_matrix::dense::RowMajorMatrix;

    use super::*;

    /// Against the sum that defines it, for every length that is short enough for it.
    #[test]
    fn parts_are_what_the_naive_transform_says() {
        let mut number = 1u32;
        for log_rows in 0..9 {
            for columns in [1, 3, 8, 17, 33] {
                let mut next = || {
                    number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    Val::new(number >> 2)
                };
                let data: Vec<Val> = (0..columns << log_rows).map(|_| next()).collect();
                let data = RowMajorMatrix::new(data, columns);
                for levels in [1, 2] {
                    let mut values = data.clone().bit_reverse_rows().to_row_major_matrix().values;
                    values.resize(data.values.len() << levels, Val::ONE);
                    extend(&mut values, columns, log_rows, levels);
                    let naive = NaiveDft.lde_batch(data.clone(), levels).bit_reverse_rows().to_row_major_matrix();
                    assert_eq!(values, naive.values, "2^{log_rows} rows of {columns}, {levels} doublings");
                }
            }
        }
    }

    #[test]
    fn what_is_no_code_is_left_alone() {
        for (length, columns, log_rows, levels) in [(0, 0, 3, 1), (16, 2, 3, 0), (31, 2, 3, 1), (33, 2, 3, 1)] {
            let mut values = vec![Val::TWO; length];
            extend(&mut values, columns, log_rows, levels);
            assert_eq!(values, vec![Val::TWO; length]);
        }
    }
}
