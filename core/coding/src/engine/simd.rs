use alloc::vec::Vec;

use ashlar_batch::limits::ROW_BYTES_MIN;
use ashlar_batch::merkle::Digest;
use ashlar_types::Domain;
use commonware_cryptography::reed_solomon::engine::DefaultEngine;
use commonware_cryptography::reed_solomon::rate::{LowRateDecoder, LowRateEncoder, RateDecoder, RateEncoder};
use commonware_cryptography::{Hasher as _, Sha256};
use commonware_parallel::Sequential;

use super::{Engine, common_length, missing};
use crate::{CodingError, Coefficients, Combination, Layout, Row};

/// The code by additive Fourier transforms, and sixteen rows hashed beside each other, with the processor's vector
/// instructions.
#[derive(Clone, Copy, Default, Debug)]
pub struct Simd;

/// Rows that are hashed at once: as many as there are words in the longest vectors.
const LANES: usize = 16;
/// Bytes of columns that are coded at once: few enough that what is computed with stays in the cache of one core.
const STRIPE_BYTES: usize = 1 << 20;

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
        let width = stripe(coded_rows, row_bytes);
        let mut encoder = LowRateEncoder::new(data_rows, coded_rows, width, DefaultEngine::new(), None)
            .map_err(|_| CodingError::Engine)?;
        let mut coded = alloc::vec![0; coded_rows * row_bytes];
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
        let result = decoder.decode(false).map_err(|_| CodingError::Engine)?.ok_or(CodingError::Engine)?;
        let restored = |row: Row| {
            let bytes = result.original(row.get().into()).ok_or(CodingError::Engine)?;
            Ok((row, bytes.to_vec()))
        };
        missing.into_iter().map(restored).collect()
    }

    fn leaves(&self, row_bytes: usize, rows: &[u8]) -> Vec<Digest> {
        let domain = Domain::DATA_LEAF.bytes();
        let message_bytes = 2 * domain.len() + row_bytes;
        // The domain's block is hashed once more for each row, which for the shortest rows is a sixth.
        let mut messages = alloc::vec![0; LANES * message_bytes];
        for message in messages.chunks_exact_mut(message_bytes) {
            message[..domain.len()].copy_from_slice(domain);
            message[domain.len()..2 * domain.len()].copy_from_slice(domain);
        }
        let mut leaves = Vec::with_capacity(rows.len() / row_bytes.max(ROW_BYTES_MIN));
        for some in rows.chunks(LANES * row_bytes) {
            for (message, row) in messages.chunks_exact_mut(message_bytes).zip(some.chunks_exact(row_bytes)) {
                message[2 * domain.len()..].copy_from_slice(row);
            }
            let messages: Vec<&[u8]> = messages.chunks_exact(message_bytes).take(some.len() / row_bytes).collect();
            leaves.extend(Sha256::hash_many(&messages, &Sequential).iter().map(|hash| leaf(&hash.0)));
        }
        leaves
    }

    fn combine(&self, coefficients: &Coefficients, row_bytes: usize, rows: &[u8]) -> Vec<Combination> {
        super::tables::combine(coefficients, row_bytes, rows)
    }
}

/// The width of the stripes that rows of a length are coded in.
fn stripe(coded_rows: usize, row_bytes: usize) -> usize {
    let block = crate::limits::BLOCK_BYTES;
    (STRIPE_BYTES / coded_rows / block * block).clamp(block, row_bytes)
}

/// What the tree keeps of a hash.
fn leaf(hash: &[u8; 32]) -> Digest {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(hash.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    Digest::truncate(&words)
}
