use alloc::vec;
use alloc::vec::Vec;

use super::{Engine, coded_bytes, common_length, missing};
use crate::field::Gf16;
use crate::limits::BLOCK_BYTES;
use crate::{CodingError, Layout, Row};

/// The code as it is defined, symbol by symbol: the twin of faster engines, and enough for small batches.
#[derive(Clone, Copy, Default, Debug)]
pub struct Plain;

/// `to += factor * from`, over the symbols of whole blocks.
fn add_product(to: &mut [u8], factor: Gf16, from: &[u8]) {
    for (to, from) in to.chunks_exact_mut(BLOCK_BYTES).zip(from.chunks_exact(BLOCK_BYTES)) {
        let (low, high) = to.split_at_mut(BLOCK_BYTES / 2);
        let (from_low, from_high) = from.split_at(BLOCK_BYTES / 2);
        for ((low, high), (from_low, from_high)) in low.iter_mut().zip(high).zip(from_low.iter().zip(from_high)) {
            let [add_low, add_high] =
                (factor * Gf16::new(u16::from_le_bytes([*from_low, *from_high]))).get().to_le_bytes();
            *low ^= add_low;
            *high ^= add_high;
        }
    }
}

impl Engine for Plain {
    fn encode_into(
        &self,
        layout: &Layout,
        row_bytes: usize,
        data: &[u8],
        coded: &mut Vec<u8>,
    ) -> Result<(), CodingError> {
        let bytes = coded_bytes(layout, row_bytes, data)?;
        coded.clear();
        coded.resize(bytes, 0);
        let first = 1u16 << layout.data_height();
        for (place, to) in (first..).zip(coded.chunks_exact_mut(row_bytes)) {
            let scale = Gf16::new(place >> layout.data_height());
            for (from_place, from) in (0u16..).zip(data.chunks_exact(row_bytes)) {
                add_product(to, scale * Gf16::new(place ^ from_place).inverse(), from);
            }
        }
        Ok(())
    }

    fn restore(&self, layout: &Layout, rows: &[(Row, &[u8])]) -> Result<Vec<(Row, Vec<u8>)>, CodingError> {
        let length = common_length(layout, rows)?;
        let missing = missing(layout, rows);
        let rows = rows.get(..layout.data_rows()).unwrap_or(rows);
        let mut points = Vec::with_capacity(1 << layout.data_height());
        for (row, _) in rows {
            let place = layout.place(*row).ok_or(CodingError::NoSuchPlace { place: row.get().into() })?;
            points.push(Gf16::new(place as u16));
        }
        // Absent rows are known too: they are zero, and so are only points.
        points.extend((layout.data_rows() as u16..1 << layout.data_height()).map(Gf16::new));
        let difference = |of: Gf16, skip: Gf16| {
            points.iter().filter(|point| **point != skip).fold(Gf16::ONE, |product, point| product * (of - *point))
        };
        let weights: Vec<Gf16> = points.iter().map(|point| difference(*point, *point).inverse()).collect();
        let mut restored = Vec::with_capacity(missing.len());
        for row in missing {
            let at = Gf16::new(row.get());
            let all = difference(at, at);
            let mut bytes = vec![0; length];
            for ((point, weight), (_, from)) in points.iter().zip(&weights).zip(rows) {
                add_product(&mut bytes, all * *weight * (at - *point).inverse(), from);
            }
            restored.push((row, bytes));
        }
        Ok(restored)
    }
}
