use ashlar_batch::merkle::height;
use ashlar_batch::{Rows, limits as batch};
use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

use crate::CodingError;

/// How much longer the coded data is than the data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Expansion {
    /// Twice as long: any half of all rows is enough.
    Double,
    /// Four times as long: any quarter of all rows is enough.
    Quadruple,
}

impl Expansion {
    /// The power of two: the siblings of the data root in the coded tree.
    pub const fn levels(self) -> usize {
        match self {
            Self::Double => 1,
            Self::Quadruple => 2,
        }
    }

    /// From the power of two; `None` if there is no such expansion.
    pub const fn of_levels(levels: usize) -> Option<Expansion> {
        match levels {
            1 => Some(Self::Double),
            2 => Some(Self::Quadruple),
            _ => None,
        }
    }
}

/// How many rows of which length there are, and where in the tree each stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Layout {
    data_rows: u16,
    row_bytes: u16,
    expansion: Expansion,
}

/// One row of a code by its number: the data rows first, the coded rows behind them, nothing between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Row(u16);

impl Row {
    /// Of this number.
    pub const fn new(number: u16) -> Row {
        Row(number)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Layout {
    /// Bytes of its encoding.
    pub const BYTES: usize = 5;

    /// Of so many data rows of a length that rows have.
    pub const fn new(data_rows: usize, row_bytes: usize, expansion: Expansion) -> Result<Layout, CodingError> {
        if data_rows == 0 || data_rows > batch::ROWS_MAX {
            return Err(CodingError::DataRows { max: batch::ROWS_MAX, got: data_rows });
        }
        let fits = row_bytes >= batch::ROW_BYTES_MIN && row_bytes <= batch::ROW_BYTES_MAX;
        if !fits || !row_bytes.is_power_of_two() {
            return Err(CodingError::RowBytes { got: row_bytes });
        }
        Ok(Layout { data_rows: data_rows as u16, row_bytes: row_bytes as u16, expansion })
    }

    /// Of a batch's rows.
    pub const fn of(rows: &Rows<'_>, expansion: Expansion) -> Result<Layout, CodingError> {
        Self::new(rows.count(), rows.row_bytes(), expansion)
    }

    /// Rows of data, which are as many as are needed: `k`.
    pub const fn data_rows(&self) -> usize {
        self.data_rows as usize
    }

    /// Rows beside the data.
    pub const fn coded_rows(&self) -> usize {
        self.rows() - self.data_rows()
    }

    /// All rows: `n`.
    pub const fn rows(&self) -> usize {
        (self.data_rows as usize) << self.expansion.levels()
    }

    /// Bytes of each.
    pub const fn row_bytes(&self) -> usize {
        self.row_bytes as usize
    }

    /// How much longer the coded data is.
    pub const fn expansion(&self) -> Expansion {
        self.expansion
    }

    /// Levels of the data's own tree.
    pub const fn data_height(&self) -> usize {
        height(self.data_rows())
    }

    /// Levels between a row and the root of the coded tree.
    pub const fn height(&self) -> usize {
        self.data_height() + self.expansion.levels()
    }

    /// Where a row stands in the tree, which is also its point; `None` if there is no such row.
    pub const fn place(&self, row: Row) -> Option<u32> {
        let number = row.0 as usize;
        if number >= self.rows() {
            None
        } else if number < self.data_rows() {
            Some(number as u32)
        } else {
            Some((number - self.data_rows() + (1 << self.data_height())) as u32)
        }
    }

    /// The row at a place; `None` if the row there is absent or the place beyond the tree.
    pub const fn row_at(&self, place: u32) -> Option<Row> {
        let place = place as usize;
        let first_coded = 1 << self.data_height();
        if place < self.data_rows() {
            Some(Row(place as u16))
        } else if place >= first_coded && place - first_coded < self.coded_rows() {
            Some(Row((place - first_coded + self.data_rows()) as u16))
        } else {
            None
        }
    }
}

impl Encode for Layout {
    fn encode(&self, writer: &mut Writer) {
        writer.u16(self.data_rows);
        writer.u16(self.row_bytes);
        writer.u8(self.expansion.levels() as u8);
    }
}

impl Decode for Layout {
    const BYTES_MAX: usize = Self::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let data_rows = reader.u16()?;
        let row_bytes = reader.u16()?;
        let levels = reader.u8()?;
        let unknown = DecodeError::UnknownTag { what: "expansion", got: levels, offset: offset + 4 };
        let expansion = Expansion::of_levels(levels.into()).ok_or(unknown)?;
        Self::new(data_rows.into(), row_bytes.into(), expansion).map_err(|error| match error {
            CodingError::DataRows { .. } => {
                DecodeError::OutOfRange { what: "data rows", got: data_rows.into(), offset }
            }
            _ => DecodeError::OutOfRange { what: "row bytes", got: row_bytes.into(), offset: offset + 2 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_rows_are_each_others_inverse() {
        for expansion in [Expansion::Double, Expansion::Quadruple] {
            for data_rows in 1..=batch::ROWS_MAX {
                let layout = Layout::new(data_rows, 256, expansion).unwrap();
                let places: alloc::vec::Vec<u32> =
                    (0..layout.rows() as u16).map(|row| layout.place(Row(row)).unwrap()).collect();
                assert!(places.is_sorted_by(|left, right| left < right));
                assert!(*places.last().unwrap() < 1 << layout.height());
                for (row, place) in (0..).zip(places) {
                    assert_eq!(layout.row_at(place), Some(Row(row)));
                }
                let present = (0..1u32 << layout.height()).filter_map(|place| layout.row_at(place)).count();
                assert_eq!(present, layout.rows());
                assert_eq!(layout.place(Row(layout.rows() as u16)), None);
            }
        }
    }
}
