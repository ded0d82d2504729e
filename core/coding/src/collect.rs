use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use ashlar_batch::{Rows, unpad};

use crate::engine::data_rows;
use crate::limits::BLOCK_BYTES;
use crate::{Chunk, CodingError, Engine, Row, Verifier};

/// How far a collection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Distinct rows that were accepted.
    pub have: usize,
    /// Rows that are needed, whichever they are.
    pub need: usize,
}

impl Progress {
    /// Whether the data can be restored.
    pub const fn is_enough(&self) -> bool {
        self.have >= self.need
    }
}

/// Takes chunks from anyone, in any order, until the data can be restored.
#[derive(Clone, Debug)]
pub struct Collector {
    verifier: Verifier,
    rows: BTreeMap<Row, Vec<u8>>,
}

impl Collector {
    /// Nothing yet.
    pub const fn new(verifier: Verifier) -> Collector {
        Collector { verifier, rows: BTreeMap::new() }
    }

    /// What chunks are checked with.
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Checks a chunk and keeps its row, unless there are already enough.
    pub fn add(&mut self, chunk: &Chunk) -> Result<Progress, CodingError> {
        let row = self.verifier.verify(chunk)?;
        if !self.progress().is_enough() {
            self.rows.entry(row).or_insert_with(|| chunk.bytes().to_vec());
        }
        Ok(self.progress())
    }

    /// How many rows there are and how many are needed.
    pub fn progress(&self) -> Progress {
        Progress { have: self.rows.len(), need: self.verifier.manifest().layout().data_rows() }
    }

    /// Whether a row is there already.
    pub fn has(&self, row: Row) -> bool {
        self.rows.contains_key(&row)
    }

    /// The rows that are there, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.rows.keys().copied()
    }

    /// The rows that are not there, in order: what may still be asked for.
    pub fn missing(&self) -> impl Iterator<Item = Row> {
        (0..self.verifier.manifest().layout().rows() as u16).map(Row::new).filter(|row| !self.has(*row))
    }

    /// The same columns of every data row, one after the other; columns are whole blocks of a row's bytes. With it a reader
    /// holds one stripe at a time and not the whole batch.
    pub fn stripe(&self, columns: Range<usize>, engine: &impl Engine) -> Result<Vec<u8>, CodingError> {
        let layout = self.verifier.manifest().layout();
        let length = columns.len();
        let aligned = columns.start.is_multiple_of(BLOCK_BYTES) && length.is_multiple_of(BLOCK_BYTES);
        if !aligned || length == 0 || columns.end > layout.row_bytes() {
            return Err(CodingError::Length { expected: layout.row_bytes(), got: columns.end });
        }
        let stripes: Vec<(Row, &[u8])> =
            self.rows.iter().filter_map(|(row, bytes)| Some((*row, bytes.get(columns.clone())?))).collect();
        data_rows(layout, &stripes, engine)
    }

    /// The bytes of the batch, if there are enough rows. They are hashed again: a row that passed its combination by luck
    /// changes nothing.
    pub fn restore(&self, engine: &impl Engine) -> Result<Vec<u8>, CodingError> {
        let layout = self.verifier.manifest().layout();
        let mut data = self.stripe(0..layout.row_bytes(), engine)?;
        let length = unpad(&data)?.len();
        data.truncate(length);
        let (expected, got) = (self.verifier.manifest().data_root(), Rows::of_batch(&data)?.root());
        if got == expected { Ok(data) } else { Err(CodingError::DataRoot { expected, got }) }
    }
}
