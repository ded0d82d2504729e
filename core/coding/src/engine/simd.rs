use alloc::vec::Vec;

use reed_solomon_simd::engine::DefaultEngine;
use reed_solomon_simd::rate::{LowRateDecoder, LowRateEncoder, RateDecoder, RateEncoder};

use super::{Engine, common_length, missing};
use crate::{CodingError, Layout, Row};

/// The code by additive Fourier transforms with the processor's vector instructions.
#[derive(Clone, Copy, Default, Debug)]
pub struct Simd;

impl Engine for Simd {
    fn encode(&self, layout: &Layout, row_bytes: usize, data: &[u8]) -> Result<Vec<u8>, CodingError> {
        let expected = layout.data_rows() * row_bytes;
        if row_bytes == 0 || !row_bytes.is_multiple_of(crate::limits::BLOCK_BYTES) {
            return Err(CodingError::RowBytes { got: row_bytes });
        }
        if data.len() != expected {
            return Err(CodingError::Length { expected, got: data.len() });
        }
        let (data_rows, coded_rows) = (layout.data_rows(), layout.coded_rows());
        let mut encoder = LowRateEncoder::new(data_rows, coded_rows, row_bytes, DefaultEngine::new(), None)
            .map_err(|_| CodingError::Engine)?;
        for row in data.chunks_exact(row_bytes) {
            encoder.add_original_shard(row).map_err(|_| CodingError::Engine)?;
        }
        let result = encoder.encode().map_err(|_| CodingError::Engine)?;
        let mut coded = Vec::with_capacity(coded_rows * row_bytes);
        result.recovery_iter().for_each(|row| coded.extend_from_slice(row));
        Ok(coded)
    }

    fn restore(&self, layout: &Layout, rows: &[(Row, &[u8])]) -> Result<Vec<(Row, Vec<u8>)>, CodingError> {
        let length = common_length(layout, rows)?;
        let missing = missing(layout, rows);
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let data_rows = layout.data_rows();
        let mut decoder = LowRateDecoder::new(data_rows, layout.coded_rows(), length, DefaultEngine::new(), None)
            .map_err(|_| CodingError::Engine)?;
        for (row, bytes) in rows {
            let number = usize::from(row.get());
            match number.checked_sub(data_rows) {
                None => decoder.add_original_shard(number, bytes),
                Some(coded) => decoder.add_recovery_shard(coded, bytes),
            }
            .map_err(|_| CodingError::Engine)?;
        }
        let result = decoder.decode().map_err(|_| CodingError::Engine)?;
        let restored = |row: Row| {
            let bytes = result.restored_original(row.get().into()).ok_or(CodingError::Engine)?;
            Ok((row, bytes.to_vec()))
        };
        missing.into_iter().map(restored).collect()
    }
}
