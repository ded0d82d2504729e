use alloc::vec::Vec;

use ashlar_batch::merkle::{Digest, TreeHash, TreeKind};
use commonware_cryptography::reed_solomon::engine::DefaultEngine;
use commonware_cryptography::reed_solomon::rate::{LowRateDecoder, LowRateEncoder, RateDecoder, RateEncoder};

use super::{Engine, coded_bytes, common_length, lanes, missing, tables};
use crate::{CodingError, Coefficients, Combination, Layout, Row};

/// The code by additive Fourier transforms, and many rows hashed and combined beside each other, with the processor's vector
/// instructions.
#[derive(Clone, Copy, Default, Debug)]
pub struct Simd;

/// Bytes of columns that are coded at once: few enough that what is computed with stays in the cache of one core.
const STRIPE_BYTES: usize = 1 << 20;

impl Engine for Simd {
    fn encode_into(
        &self,
        layout: &Layout,
        row_bytes: usize,
        data: &[u8],
        coded: &mut Vec<u8>,
    ) -> Result<(), CodingError> {
        let bytes = coded_bytes(layout, row_bytes, data)?;
        // What is there already is written over.
        coded.resize(bytes, 0);
        if lanes::code(row_bytes, data, coded).is_some() {
            return Ok(());
        }
        let (data_rows, coded_rows) = (layout.data_rows(), layout.coded_rows());
        let width = stripe(coded_rows, row_bytes);
        let mut encoder = LowRateEncoder::new(data_rows, coded_rows, width, DefaultEngine::new(), None)
            .map_err(|_| CodingError::Engine)?;
        for start in (0..row_bytes).step_by(width) {
            let columns = start..row_bytes.min(start + width);
            encoder.reset(data_rows, coded_rows, columns.len()).map_err(|_| CodingError::Engine)?;
            for row in data.chunks_exact(row_bytes) {
                encoder.add_original_shard(&row[columns.clone()]).map_err(|_| CodingError::Engine)?;
            }
            let result = encoder.encode().map_err(|_| CodingError::Engine)?;
            for (to, from) in coded.chunks_exact_mut(row_bytes).zip(result.recovery_iter()) {
                to[columns.clone()].copy_from_slice(from);
            }
        }
        Ok(())
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
        let result = decoder.decode(false).map_err(|_| CodingError::Engine)?.ok_or(CodingError::Engine)?;
        let restored = |row: Row| {
            let bytes = result.original(row.get().into()).ok_or(CodingError::Engine)?;
            Ok((row, bytes.to_vec()))
        };
        missing.into_iter().map(restored).collect()
    }

    fn leaves(&self, row_bytes: usize, rows: &[u8]) -> Vec<Digest> {
        let one_by_one = || {
            let hash = TreeHash::new(TreeKind::DATA);
            rows.chunks_exact(row_bytes).map(|row| hash.leaf(row)).collect()
        };
        lanes::leaves(row_bytes, rows).unwrap_or_else(one_by_one)
    }

    fn coefficients(&self, coded_root: &Digest, layout: &Layout) -> Coefficients {
        match lanes::coefficients(&Coefficients::seed(coded_root, layout), layout.row_bytes() / 2) {
            Some(coefficients) => Coefficients::new(coefficients),
            None => Coefficients::derive(coded_root, layout),
        }
    }

    fn combine(&self, coefficients: &Coefficients, row_bytes: usize, rows: &[u8]) -> Vec<Combination> {
        lanes::combine(coefficients, row_bytes, rows).unwrap_or_else(|| tables::combine(coefficients, row_bytes, rows))
    }
}

/// The width of the stripes that rows of a length are coded in.
fn stripe(coded_rows: usize, row_bytes: usize) -> usize {
    let block = crate::limits::BLOCK_BYTES;
    (STRIPE_BYTES / coded_rows / block * block).clamp(block, row_bytes)
}
