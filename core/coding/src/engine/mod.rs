//! What computes rows from rows: a plain engine that is the definition, and a fast one that must agree with it.

use alloc::vec::Vec;

use ashlar_batch::merkle::{Digest, TreeHash, TreeKind};

use crate::{CodingError, Coefficients, Combination, Layout, Row};

#[cfg(feature = "engine")]
mod lanes;
mod plain;
#[cfg(feature = "engine")]
mod simd;
#[cfg(feature = "engine")]
mod tables;

pub use plain::Plain;
#[cfg(feature = "engine")]
pub use simd::Simd;

/// The code of a layout over rows, or over the same columns of every row.
pub trait Engine {
    /// All coded rows, one after the other, of the data rows, one after the other. `row_bytes` may be any number of whole
    /// blocks, since each column is coded alone.
    fn encode(&self, layout: &Layout, row_bytes: usize, data: &[u8]) -> Result<Vec<u8>, CodingError> {
        let mut coded = Vec::new();
        self.encode_into(layout, row_bytes, data, &mut coded)?;
        Ok(coded)
    }

    /// The same, in place of whatever is there.
    fn encode_into(
        &self,
        layout: &Layout,
        row_bytes: usize,
        data: &[u8],
        coded: &mut Vec<u8>,
    ) -> Result<(), CodingError>;

    /// The data rows that are missing among rows of equal length: each with its number, ascending. The rows given are
    /// distinct, and at least as many as there are data rows.
    fn restore(&self, layout: &Layout, rows: &[(Row, &[u8])]) -> Result<Vec<(Row, Vec<u8>)>, CodingError>;

    /// The leaf of each row of this length, one after the other (B-16).
    fn leaves(&self, row_bytes: usize, rows: &[u8]) -> Vec<Digest> {
        let hash = TreeHash::new(TreeKind::DATA);
        rows.chunks_exact(row_bytes).map(|row| hash.leaf(row)).collect()
    }

    /// The coefficients of a coded tree.
    fn coefficients(&self, coded_root: &Digest, layout: &Layout) -> Coefficients {
        Coefficients::derive(coded_root, layout)
    }

    /// The combination of each row of this length.
    fn combine(&self, coefficients: &Coefficients, row_bytes: usize, rows: &[u8]) -> Vec<Combination> {
        rows.chunks_exact(row_bytes).map(|row| coefficients.combine(row)).collect()
    }
}

/// The bytes of all coded rows, if these are the data rows.
fn coded_bytes(layout: &Layout, row_bytes: usize, data: &[u8]) -> Result<usize, CodingError> {
    if row_bytes == 0 || !row_bytes.is_multiple_of(crate::limits::BLOCK_BYTES) {
        return Err(CodingError::RowBytes { got: row_bytes });
    }
    let expected = layout.data_rows() * row_bytes;
    if data.len() != expected {
        return Err(CodingError::Length { expected, got: data.len() });
    }
    Ok(layout.coded_rows() * row_bytes)
}

/// Every data row, one after the other, from enough rows of equal length, ascending.
pub(crate) fn data_rows(layout: &Layout, rows: &[(Row, &[u8])], engine: &impl Engine) -> Result<Vec<u8>, CodingError> {
    let length = common_length(layout, rows)?;
    let mut restored = engine.restore(layout, rows)?.into_iter().peekable();
    let mut known = rows.iter().peekable();
    let mut data = Vec::with_capacity(layout.data_rows() * length);
    for row in (0..layout.data_rows() as u16).map(Row::new) {
        if let Some((_, bytes)) = known.next_if(|(number, _)| *number == row) {
            data.extend_from_slice(bytes);
        } else if let Some((_, bytes)) = restored.next_if(|(number, _)| *number == row) {
            data.extend_from_slice(&bytes);
        } else {
            return Err(CodingError::Engine);
        }
    }
    Ok(data)
}

/// The length that all rows share, if they are enough and it is whole blocks.
fn common_length(layout: &Layout, rows: &[(Row, &[u8])]) -> Result<usize, CodingError> {
    let need = layout.data_rows();
    if rows.len() < need {
        return Err(CodingError::TooFew { need, have: rows.len() });
    }
    let length = rows.first().map_or(0, |(_, bytes)| bytes.len());
    if length == 0 || !length.is_multiple_of(crate::limits::BLOCK_BYTES) {
        return Err(CodingError::RowBytes { got: length });
    }
    match rows.iter().find(|(_, bytes)| bytes.len() != length) {
        Some((_, bytes)) => Err(CodingError::Length { expected: length, got: bytes.len() }),
        None => Ok(length),
    }
}

/// The numbers of the data rows that are not among these.
fn missing(layout: &Layout, rows: &[(Row, &[u8])]) -> Vec<Row> {
    let mut have = alloc::vec![false; layout.data_rows()];
    for (row, _) in rows {
        if let Some(slot) = have.get_mut(usize::from(row.get())) {
            *slot = true;
        }
    }
    (0u16..).zip(have).filter(|(_, have)| !have).map(|(row, _)| Row::new(row)).collect()
}
