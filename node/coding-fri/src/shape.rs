use ashlar_coding::soundness::{self, Proven, Radius};

use crate::FriError;

pub use ashlar_coding::Expansion;

/// Bytes that become elements together, and how many elements those are.
pub(crate) const GROUP_BYTES: usize = 15;
pub(crate) const GROUP_ELEMENTS: usize = 4;
/// Columns are added before rows, up to so many: wide rows are hashed well and folded cheaply.
const COLUMNS_MIN: usize = 128;
/// The logarithm of the coefficients that are left when folding ends.
pub(crate) const LOG_LAST: usize = 5;
/// The logarithm of how many values one fold makes into one.
pub(crate) const LOG_ARITY: usize = 3;
/// The most bytes of one commitment: those of a batch.
pub(crate) const BYTES_MAX: usize = ashlar_coding::limits::DATA_ROWS_MAX * 32_768;

/// Rows, columns, folds and queries of data of some length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shape {
    bytes: u32,
    expansion: Expansion,
    queries: u16,
}

impl Shape {
    /// Bytes of its encoding.
    pub(crate) const BYTES: usize = 5;

    /// Of so many bytes of data; refuses what is proven for too few bits.
    pub fn new(bytes: usize, expansion: Expansion) -> Result<Shape, FriError> {
        if bytes == 0 || bytes > BYTES_MAX {
            return Err(FriError::Bytes { max: BYTES_MAX, got: bytes });
        }
        let shape = Shape { bytes: bytes as u32, expansion, queries: 0 };
        let fewest = shape.parameters(0).queries_min(Radius::Johnson).and_then(|queries| u16::try_from(queries).ok());
        let queries = fewest.unwrap_or(u16::MAX);
        shape.parameters(queries.into()).proven(Radius::Johnson).check()?;
        Ok(Shape { queries, ..shape })
    }

    const fn parameters(&self, queries: u32) -> soundness::Fri {
        soundness::Fri {
            field: soundness::Extension::KOALA_BEAR_QUINTIC,
            log_places: self.log_rows() as u32,
            log_blowup: self.expansion.levels() as u32,
            log_arity: LOG_ARITY as u32,
            queries,
            work_bits: 0,
        }
    }

    /// What it is proven for at Johnson's bound.
    pub const fn proven(&self) -> Proven {
        self.parameters(self.queries as u32).proven(Radius::Johnson)
    }

    /// Bytes of data.
    pub const fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// How much longer the coded data is.
    pub const fn expansion(&self) -> Expansion {
        self.expansion
    }

    /// Positions that a statement opens.
    pub const fn queries(&self) -> usize {
        self.queries as usize
    }

    const fn elements(&self) -> usize {
        self.bytes().div_ceil(GROUP_BYTES) * GROUP_ELEMENTS
    }

    /// The logarithm of the rows of data.
    pub(crate) const fn log_data_rows(&self) -> usize {
        let rows = self.elements() / COLUMNS_MIN;
        let log = if rows == 0 { 0 } else { rows.ilog2() as usize };
        // There is always something to fold.
        if log <= LOG_LAST { LOG_LAST + 1 } else { log }
    }

    pub(crate) const fn log_rows(&self) -> usize {
        self.log_data_rows() + self.expansion.levels()
    }

    /// Rows of the data: any so many different ones are enough to have all of it.
    pub const fn data_rows(&self) -> usize {
        1 << self.log_data_rows()
    }

    /// Rows that there are.
    pub const fn rows(&self) -> usize {
        1 << self.log_rows()
    }

    /// Elements of each.
    pub const fn columns(&self) -> usize {
        self.elements().div_ceil(self.data_rows())
    }

    /// The logarithm of the values before each fold, and of how many become one.
    pub(crate) fn folds(&self) -> impl Iterator<Item = (usize, usize)> {
        let last = LOG_LAST + self.expansion.levels();
        let mut before = self.log_rows();
        core::iter::from_fn(move || {
            let log_arity = (before - last).min(LOG_ARITY);
            let fold = (before, log_arity);
            before -= log_arity;
            (log_arity > 0).then_some(fold)
        })
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d] = self.bytes.to_le_bytes();
        [a, b, c, d, self.expansion.levels() as u8]
    }
}
