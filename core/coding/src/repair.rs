//! Batches whose rows nobody vouches for any more: the repair of damaged shares and archives.
//!
//! 1. A row that is proven is never in doubt, and each of them leaves one fewer to be found: what is decoded is the code without them.
//! 2. Of the rows in doubt, up to half of what is too much may be wrong in each column, and nobody has to say which.
//! 3. Beyond that, every word of a list makes a candidate. Whatever was found, by whichever way, is accepted only if it has the data root or
//!    the commitment that is trusted; what every candidate came to is said.
//! 4. What it costs is bounded by the layout, by [`READINGS_MAX`] and by [`CANDIDATES_MAX`].

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{Rows, unpad};

use crate::engine::data_rows;
use crate::errors::{Corrected, Symbol, correct};
use crate::field::Gf16;
use crate::limits::BLOCK_BYTES;
use crate::lists::{self, ListError};
use crate::{Chunk, Coded, CodingError, DaCommitment, Engine, Layout, Row, Verifier};

/// Readings of one row that are compared: as many stores as there may be.
pub const READINGS_MAX: usize = 32;
/// Candidates that are put together and checked.
pub const CANDIDATES_MAX: usize = 64;
/// Columns whose lists are looked at first, since a row that is wrong is wrong in most of them.
const COLUMNS_FIRST: usize = 8;
/// Symbols of a block of a row.
const BLOCK_SYMBOLS: usize = BLOCK_BYTES / 2;

/// How far from what was read is searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Up to half of what is too much: at most one word is so near.
    Half,
    /// As far as lists of this multiplicity reach, for codes with few enough rows in doubt.
    Lists {
        /// The multiplicity.
        multiplicity: usize,
    },
}

/// By what a candidate is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// The header's data root.
    DataRoot(Digest),
    /// The commitment, where nothing else is known.
    Commitment(DaCommitment),
}

/// A batch that may be the one that was published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The rows of which something else was read.
    pub wrong: Vec<Row>,
    /// Its data root; nothing if its rows are no batch.
    pub root: Option<Digest>,
    /// Whether it is what is trusted.
    pub is_right: bool,
}

/// A batch that was repaired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repaired {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The rows of which something else was read.
    pub wrong: Vec<Row>,
    /// Every candidate that was checked; the last is the right one.
    pub tried: Vec<Candidate>,
}

/// Why a batch is not repaired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RepairError {
    /// Too few rows were read, right or wrong.
    TooFew {
        /// Rows that are needed.
        need: usize,
        /// Rows that were read.
        have: usize,
    },
    /// In a column no word is within reach.
    Beyond {
        /// The first such column.
        column: usize,
        /// Rows in doubt there.
        doubtful: usize,
    },
    /// Lists do not reach here.
    Lists(ListError),
    /// The columns' lists make more candidates than are checked.
    TooMany {
        /// How many are.
        max: usize,
        /// What those that were checked came to.
        tried: Vec<Candidate>,
    },
    /// Candidates were found, and none of them is what is trusted.
    NoneRight {
        /// What each came to.
        tried: Vec<Candidate>,
    },
    /// The rows are of no layout.
    Coding(CodingError),
}

impl fmt::Display for RepairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { need, have } => {
                write!(f, "{have} rows were read, right or wrong, of the {need} that are needed; add stores")
            }
            Self::Beyond { column, doubtful } => write!(
                f,
                "too many of the {doubtful} rows in doubt are wrong at column {column}; add stores whose rows are proven"
            ),
            Self::Lists(error) => write!(f, "too many rows are wrong to be corrected, and no list: {error}"),
            Self::TooMany { max, .. } => {
                write!(f, "the rows can be read in more than {max} ways; add stores whose rows are proven")
            }
            Self::NoneRight { tried } => {
                write!(f, "{} ways to read the rows were found and none has the root; add stores", tried.len())
            }
            Self::Coding(error) => write!(f, "the rows are of no code: {error}"),
        }
    }
}

impl core::error::Error for RepairError {}

impl From<CodingError> for RepairError {
    fn from(error: CodingError) -> RepairError {
        Self::Coding(error)
    }
}

/// What was read of a batch's rows, by how far each is to be believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Readings {
    layout: Layout,
    proven: BTreeMap<Row, Vec<u8>>,
    likely: BTreeMap<Row, Vec<u8>>,
    doubtful: BTreeMap<Row, Vec<Vec<u8>>>,
}

impl Readings {
    /// Of a layout, and nothing yet.
    pub const fn new(layout: Layout) -> Readings {
        Readings { layout, proven: BTreeMap::new(), likely: BTreeMap::new(), doubtful: BTreeMap::new() }
    }

    /// The layout.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Rows that were read, right or wrong.
    pub fn rows(&self) -> usize {
        let beside = |row: &&Row| !self.proven.contains_key(row);
        let likely = self.likely.keys().filter(beside);
        let doubtful = self.doubtful.keys().filter(|row| !self.likely.contains_key(row)).filter(beside);
        self.proven.len() + likely.count() + doubtful.count()
    }

    /// Takes a chunk for what it is worth: proven by its path, likely by its combination, or in doubt. A row that is committed to and not coded
    /// is of no use and left out. Without a manifest nothing is likely.
    pub fn chunk(&mut self, chunk: &Chunk, commitment: DaCommitment, verifier: Option<&Verifier>) {
        let Some(row) = self.layout.row_at(chunk.place()) else { return };
        match verifier.map(|verifier| (verifier.verify(chunk), verifier.fits(row, chunk.bytes()))) {
            Some((Ok(_), _)) => self.proven(row, chunk.bytes()),
            Some((Err(CodingError::NotCoded { .. }), _)) => {}
            Some((Err(_), true)) => self.likely(row, chunk.bytes()),
            Some((Err(_), false)) => self.doubtful(row, chunk.bytes()),
            None if chunk.is_under(commitment).is_ok() => self.proven(row, chunk.bytes()),
            None => self.doubtful(row, chunk.bytes()),
        }
    }

    /// A row that is right.
    pub fn proven(&mut self, row: Row, bytes: &[u8]) {
        if self.fits(row, bytes) {
            self.proven.entry(row).or_insert_with(|| bytes.to_vec());
        }
    }

    /// A row that is right unless somebody made it so that it looks right.
    pub fn likely(&mut self, row: Row, bytes: &[u8]) {
        if self.fits(row, bytes) {
            self.likely.entry(row).or_insert_with(|| bytes.to_vec());
        }
    }

    /// A row of which nobody knows.
    pub fn doubtful(&mut self, row: Row, bytes: &[u8]) {
        if self.fits(row, bytes) {
            let readings = self.doubtful.entry(row).or_default();
            if readings.len() < READINGS_MAX && !readings.iter().any(|reading| reading == bytes) {
                readings.push(bytes.to_vec());
            }
        }
    }

    fn fits(&self, row: Row, bytes: &[u8]) -> bool {
        usize::from(row.get()) < self.layout.rows() && bytes.len() == self.layout.row_bytes()
    }

    /// The batch, if it is within reach and what is trusted.
    ///
    /// Likely rows are believed first, which costs nothing if they are right; if that leads nowhere, they are in doubt as well.
    pub fn repair(&self, check: &Check, reach: Reach, engine: &impl Engine) -> Result<Repaired, RepairError> {
        let need = self.layout.data_rows();
        if self.rows() < need {
            return Err(RepairError::TooFew { need, have: self.rows() });
        }
        let mut tried = Vec::new();
        let believing = Search::new(self, true, check, engine).run(reach, &mut tried);
        match believing {
            Err(RepairError::Coding(_)) | Ok(_) => believing,
            Err(error) if self.likely.is_empty() => Err(error),
            Err(_) => Search::new(self, false, check, engine).run(reach, &mut tried),
        }
    }
}

/// The symbol of a row at a column.
fn symbol(row: &[u8], column: usize) -> Gf16 {
    let at = low(column);
    let byte = |at: usize| row.get(at).copied().unwrap_or_default();
    Gf16::new(u16::from_le_bytes([byte(at), byte(at + BLOCK_SYMBOLS)]))
}

fn set_symbol(row: &mut [u8], column: usize, value: Gf16) {
    let at = low(column);
    let [low, high] = value.get().to_le_bytes();
    for (at, byte) in [(at, low), (at + BLOCK_SYMBOLS, high)] {
        if let Some(slot) = row.get_mut(at) {
            *slot = byte;
        }
    }
}

/// Where the low byte of a column's symbol is.
const fn low(column: usize) -> usize {
    column / BLOCK_SYMBOLS * BLOCK_BYTES + column % BLOCK_SYMBOLS
}

/// A row in doubt.
struct Doubtful {
    row: Row,
    point: Gf16,
    /// As it was read first.
    bytes: Vec<u8>,
    /// Columns at which another reading says something else, ascending: there it says nothing.
    split: Vec<usize>,
    /// What vanishes at all known points, here; and its inverse.
    scale: Gf16,
    inverse: Gf16,
    /// What each known row adds here, in their order.
    terms: Vec<Gf16>,
    /// How often it was wrong so far.
    blame: u32,
}

impl Doubtful {
    fn says(&self, column: usize) -> Option<Gf16> {
        self.split.binary_search(&column).is_err().then(|| symbol(&self.bytes, column))
    }
}

/// One way to read what was read: which rows are known, and what the others are without them.
struct Search<'a, E> {
    layout: Layout,
    check: &'a Check,
    engine: &'a E,
    known: BTreeMap<Row, &'a [u8]>,
    doubtful: Vec<Doubtful>,
    /// The dimension of the code without what is known.
    dimension: usize,
    readings: &'a Readings,
}

impl<'a, E: Engine> Search<'a, E> {
    fn new(readings: &'a Readings, believing: bool, check: &'a Check, engine: &'a E) -> Search<'a, E> {
        let layout = readings.layout;
        let mut known: BTreeMap<Row, &[u8]> =
            readings.proven.iter().map(|(row, bytes)| (*row, bytes.as_slice())).collect();
        if believing {
            for (row, bytes) in &readings.likely {
                known.entry(*row).or_insert(bytes);
            }
        }
        let mut read: BTreeMap<Row, Vec<&[u8]>> = BTreeMap::new();
        let likely = readings.likely.iter().map(|(row, bytes)| (row, bytes.as_slice()));
        let others =
            readings.doubtful.iter().flat_map(|(row, all)| all.iter().map(move |bytes| (row, bytes.as_slice())));
        for (row, bytes) in likely.chain(others).filter(|(row, _)| !known.contains_key(row)) {
            read.entry(*row).or_default().push(bytes);
        }
        let point = |row: &Row| Gf16::new(layout.place(*row).unwrap_or_default() as u16);
        let absent = (layout.data_rows() as u16..1 << layout.data_height()).map(Gf16::new);
        let points: Vec<Gf16> = known.keys().map(point).chain(absent).collect();
        let dimension = (1usize << layout.data_height()).saturating_sub(points.len());
        let mut weights: Vec<Gf16> = points.iter().take(known.len()).map(|of| product(&points, *of)).collect();
        Gf16::invert_all(&mut weights);
        let doubtful = read.into_iter().map(|(row, all)| {
            let at = point(&row);
            let mut terms: Vec<Gf16> = points.iter().take(known.len()).map(|point| at - *point).collect();
            Gf16::invert_all(&mut terms);
            terms.iter_mut().zip(&weights).for_each(|(term, weight)| *term = *term * *weight);
            let scale = product(&points, at);
            let first = all.first().map_or_else(Vec::new, |first| first.to_vec());
            let columns = 0..layout.row_bytes() / 2;
            let differs = |column: &usize| all.iter().any(|other| symbol(other, *column) != symbol(&first, *column));
            let split = if all.len() > 1 { columns.filter(differs).collect() } else { Vec::new() };
            Doubtful { row, point: at, bytes: first, split, scale, inverse: scale.inverse(), terms, blame: 0 }
        });
        let doubtful = doubtful.collect();
        Search { layout, check, engine, known, doubtful, dimension, readings }
    }

    fn run(mut self, reach: Reach, tried: &mut Vec<Candidate>) -> Result<Repaired, RepairError> {
        if self.dimension == 0 {
            let known = self.known.iter().map(|(row, bytes)| (*row, *bytes)).take(self.layout.data_rows()).collect();
            return self.judge(known, tried)?.ok_or_else(|| none_right(tried));
        }
        match reach {
            Reach::Half => {
                let rows = self.correct_all()?;
                self.judge_rows(&rows, tried)?.ok_or_else(|| none_right(tried))
            }
            Reach::Lists { multiplicity } => {
                if let Some(found) = self.rows_that_are_wrong(multiplicity, tried)? {
                    return Ok(found);
                }
                self.columns_that_are_wrong(multiplicity, tried)
            }
        }
    }

    /// What the known rows add at a row in doubt.
    fn moved(&self, at: &Doubtful, column: usize) -> Gf16 {
        let terms = self.known.values().zip(&at.terms);
        terms.fold(Gf16::ZERO, |sum, (bytes, term)| sum + symbol(bytes, column) * *term)
    }

    /// A column as a word of the code without what is known, and which rows in doubt its symbols are of.
    fn word(&self, column: usize) -> (Vec<Symbol>, Vec<usize>) {
        let says = |(index, at): (usize, &Doubtful)| {
            let value = at.says(column)? * at.inverse + self.moved(at, column);
            Some((Symbol { point: at.point, value }, index))
        };
        self.doubtful.iter().enumerate().filter_map(says).unzip()
    }

    /// A column's symbol of every row in doubt, by a word that was found.
    fn values(&self, column: usize, word: &Corrected) -> Vec<Gf16> {
        let value = |at: &Doubtful| at.scale * (word.at(at.point) + self.moved(at, column));
        self.doubtful.iter().map(value).collect()
    }

    /// Every row in doubt as it must have been, column by column.
    fn correct_all(&mut self) -> Result<Vec<Vec<u8>>, RepairError> {
        let mut rows: Vec<Vec<u8>> = self.doubtful.iter().map(|at| at.bytes.clone()).collect();
        for block in 0..self.layout.row_bytes() / BLOCK_BYTES {
            let mut open: Vec<usize> = (block * BLOCK_SYMBOLS..(block + 1) * BLOCK_SYMBOLS).collect();
            let mut looked: Vec<usize> = Vec::new();
            while let Some(column) = open.first().copied() {
                // The word through those rows that were wrong least is most often the one that is meant, and then it shows by how near it is.
                let basis = self.basis();
                if basis != looked {
                    let guess = self.guess(&basis, block)?;
                    open.retain(|column| !self.is_near(&guess, *column, &mut rows));
                    looked = basis;
                    continue;
                }
                let (symbols, of) = self.word(column);
                let beyond = RepairError::Beyond { column, doubtful: symbols.len() };
                let word = correct(&symbols, self.dimension).ok_or(beyond)?;
                for (row, value) in rows.iter_mut().zip(self.values(column, &word)) {
                    set_symbol(row, column, value);
                }
                for wrong in word.wrong.iter().filter_map(|at| of.get(*at)) {
                    if let Some(at) = self.doubtful.get_mut(*wrong) {
                        at.blame = at.blame.saturating_add(1);
                    }
                }
                open.remove(0);
            }
        }
        Ok(rows)
    }

    /// The rows in doubt that were wrong least, as many as are needed.
    fn basis(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.doubtful.len()).collect();
        order.sort_by_key(|index| self.doubtful.get(*index).map(|at| (at.blame, at.split.len(), at.row)));
        order.truncate(self.dimension);
        order.sort_unstable();
        order
    }

    /// A block of every row in doubt, by the word through some of them.
    fn guess(&self, basis: &[usize], block: usize) -> Result<Vec<Vec<u8>>, RepairError> {
        let columns = block * BLOCK_BYTES..(block + 1) * BLOCK_BYTES;
        let cut = |bytes: &[u8]| bytes.get(columns.clone()).map(<[u8]>::to_vec).unwrap_or_default();
        let known = self.known.iter().map(|(row, bytes)| (*row, cut(bytes)));
        let some = basis.iter().filter_map(|index| self.doubtful.get(*index)).map(|at| (at.row, cut(&at.bytes)));
        let rows: BTreeMap<Row, Vec<u8>> = known.chain(some).collect();
        let rows: Vec<(Row, &[u8])> = rows.iter().map(|(row, bytes)| (*row, bytes.as_slice())).collect();
        let data = data_rows(&self.layout, &rows, self.engine)?;
        let coded = self.engine.encode(&self.layout, BLOCK_BYTES, &data)?;
        let all: Vec<&[u8]> = data.chunks_exact(BLOCK_BYTES).chain(coded.chunks_exact(BLOCK_BYTES)).collect();
        let of = |at: &Doubtful| all.get(usize::from(at.row.get())).map(|bytes| bytes.to_vec()).unwrap_or_default();
        Ok(self.doubtful.iter().map(of).collect())
    }

    /// Whether a guess is the one word within half the distance at a column; then it is taken.
    fn is_near(&self, guess: &[Vec<u8>], column: usize, rows: &mut [Vec<u8>]) -> bool {
        let (mut count, mut wrong) = (0, 0);
        for (at, guess) in self.doubtful.iter().zip(guess) {
            if let Some(said) = at.says(column) {
                count += 1;
                wrong += usize::from(said != symbol(guess, column % BLOCK_SYMBOLS));
            }
        }
        let is_near = count >= self.dimension && 2 * wrong <= count - self.dimension;
        if is_near {
            for (row, guess) in rows.iter_mut().zip(guess) {
                set_symbol(row, column, symbol(guess, column % BLOCK_SYMBOLS));
            }
        }
        is_near
    }

    /// Every word at a column.
    fn list(&self, column: usize, multiplicity: usize) -> Result<(lists::Candidates, Vec<usize>), RepairError> {
        let (symbols, of) = self.word(column);
        if symbols.len() < self.dimension {
            return Err(RepairError::TooFew { need: self.dimension, have: symbols.len() });
        }
        Ok((lists::decode(&symbols, self.dimension, multiplicity).map_err(RepairError::Lists)?, of))
    }

    /// Tries what a few columns say is wrong as wrong altogether, and what several of them say together: a row that is wrong may be right in one.
    fn rows_that_are_wrong(
        &self,
        multiplicity: usize,
        tried: &mut Vec<Candidate>,
    ) -> Result<Option<Repaired>, RepairError> {
        let (columns, most) = (self.layout.row_bytes() / 2, self.doubtful.len() - self.dimension);
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for column in (0..columns).step_by(columns.div_ceil(COLUMNS_FIRST)) {
            let (list, of) = self.list(column, multiplicity)?;
            for word in list.words() {
                let wrong: Vec<usize> = word.wrong.iter().filter_map(|at| of.get(*at)).copied().collect();
                add(&mut sets, wrong);
            }
        }
        let mut next = 0;
        while let Some(wrong) = sets.get(next).cloned() {
            let right = self.doubtful.iter().enumerate().filter(|(index, _)| !wrong.contains(index));
            let right = right.map(|(_, at)| (at.row, at.bytes.as_slice()));
            let known = self.known.iter().map(|(row, bytes)| (*row, *bytes));
            let rows: BTreeMap<Row, &[u8]> = known.chain(right.take(self.dimension)).collect();
            if let Some(found) = self.judge(rows, tried)? {
                return Ok(Some(found));
            }
            for other in sets.iter().take(next).cloned().collect::<Vec<_>>() {
                let union: BTreeSet<usize> = wrong.iter().chain(&other).copied().collect();
                if union.len() <= most {
                    add(&mut sets, union.into_iter().collect());
                }
            }
            next += 1;
        }
        Ok(None)
    }

    /// Tries every way to put the columns' words together.
    fn columns_that_are_wrong(&self, multiplicity: usize, tried: &mut Vec<Candidate>) -> Result<Repaired, RepairError> {
        let mut rows: Vec<Vec<u8>> = self.doubtful.iter().map(|at| at.bytes.clone()).collect();
        let set = |rows: &mut [Vec<u8>], column: usize, values: &[Gf16]| {
            rows.iter_mut().zip(values).for_each(|(row, value)| set_symbol(row, column, *value));
        };
        let (mut open, mut ways) = (Vec::new(), 1_usize);
        for column in 0..self.layout.row_bytes() / 2 {
            let (list, of) = self.list(column, multiplicity)?;
            let words: Vec<Vec<Gf16>> = list.words().iter().map(|word| self.values(column, word)).collect();
            match words.as_slice() {
                [] => return Err(RepairError::Beyond { column, doubtful: of.len() }),
                [word] => set(&mut rows, column, word),
                _ => {
                    ways = ways.saturating_mul(words.len());
                    open.push((column, words));
                }
            }
            if ways > CANDIDATES_MAX {
                return Err(RepairError::TooMany { max: CANDIDATES_MAX, tried: tried.clone() });
            }
        }
        for way in 0..ways {
            let mut rest = way;
            for (column, words) in &open {
                if let Some(word) = words.get(rest % words.len().max(1)) {
                    set(&mut rows, *column, word);
                }
                rest /= words.len().max(1);
            }
            if let Some(found) = self.judge_rows(&rows, tried)? {
                return Ok(found);
            }
        }
        Err(none_right(tried))
    }

    fn judge_rows(&self, rows: &[Vec<u8>], tried: &mut Vec<Candidate>) -> Result<Option<Repaired>, RepairError> {
        let corrected = self.doubtful.iter().zip(rows).map(|(at, bytes)| (at.row, bytes.as_slice()));
        let known = self.known.iter().map(|(row, bytes)| (*row, *bytes));
        self.judge(known.chain(corrected.take(self.dimension)).collect(), tried)
    }

    /// Restores a batch of enough rows and asks whether it is the one that is trusted.
    fn judge(&self, rows: BTreeMap<Row, &[u8]>, tried: &mut Vec<Candidate>) -> Result<Option<Repaired>, RepairError> {
        let rows: Vec<(Row, &[u8])> = rows.into_iter().collect();
        let data = data_rows(&self.layout, &rows, self.engine)?;
        let wrong = self.wrong(&data)?;
        let Ok(bytes) = unpad(&data) else {
            tried.push(Candidate { wrong, root: None, is_right: false });
            return Ok(None);
        };
        let root = Rows::of_batch(bytes).map_err(CodingError::Batch)?.root();
        let is_right = match self.check {
            Check::DataRoot(expected) => root == *expected,
            Check::Commitment(expected) => {
                Coded::new(bytes, self.layout.expansion(), self.engine)?.commitment() == *expected
            }
        };
        tried.push(Candidate { wrong: wrong.clone(), root: Some(root), is_right });
        if !is_right {
            return Ok(None);
        }
        Ok(Some(Repaired { bytes: bytes.to_vec(), wrong, tried: core::mem::take(tried) }))
    }

    /// Rows of which something else was read than what the data says.
    fn wrong(&self, data: &[u8]) -> Result<Vec<Row>, RepairError> {
        let length = self.layout.row_bytes();
        let coded = self.engine.encode(&self.layout, length, data)?;
        let Readings { proven, likely, doubtful, .. } = self.readings;
        let all = data.chunks_exact(length).chain(coded.chunks_exact(length));
        let differs = |(row, right): &(Row, &[u8])| {
            let of = |one: &BTreeMap<Row, Vec<u8>>| one.get(row).is_some_and(|bytes| bytes != right);
            let among = doubtful.get(row).is_some_and(|all| all.iter().any(|bytes| bytes != right));
            of(proven) || of(likely) || among
        };
        Ok((0..).map(Row::new).zip(all).filter(differs).map(|(row, _)| row).collect())
    }
}

/// Adds a set of rows, if it is new and there are not too many.
fn add(sets: &mut Vec<Vec<usize>>, set: Vec<usize>) {
    if sets.len() < CANDIDATES_MAX && !sets.contains(&set) {
        sets.push(set);
    }
}

fn none_right(tried: &[Candidate]) -> RepairError {
    RepairError::NoneRight { tried: tried.to_vec() }
}

/// The product of the distances of a point from all others.
fn product(points: &[Gf16], of: Gf16) -> Gf16 {
    let others = points.iter().filter(|point| **point != of);
    others.fold(Gf16::ONE, |product, point| product * (of - *point))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn symbols_are_where_columns_are() {
        let mut row = vec![0; 128];
        for column in 0..64 {
            set_symbol(&mut row, column, Gf16::new(0x100 * column as u16 + 7));
        }
        assert_eq!((row[0], row[32], row[33], row[64], row[96]), (7, 0, 1, 7, 32));
        (0..64).for_each(|column| assert_eq!(symbol(&row, column), Gf16::new(0x100 * column as u16 + 7)));
        assert_eq!(symbol(&row, 64), Gf16::ZERO, "no column there");
    }
}
