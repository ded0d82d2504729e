//! The table that a guest executes over.

use alloc::vec::Vec;

use super::error::{Section, WitnessError};
use super::{LEAF, OPAQUE, WitnessView};
use crate::key::Key;
use crate::limits::VALUE_WORDS_MAX;
use crate::rows::{Fault, Row, Rows};

/// [`Rows`] from a witness. See `docs/spec/witness.md` for what it checks now and what [`Table::prove`] checks later.
#[derive(Debug)]
pub struct Table<'a> {
    pub(super) keys: &'a [[u64; 3]],
    pub(super) lens: &'a [u8],
    pub(super) words: &'a [u64],
    pub(super) ops: &'a [u8],
    pub(super) digests: &'a [[u32; 7]],
    pub(super) hints: &'a [u32],
    pub(super) hints_used: usize,
    /// One for each row, and the ends of the list.
    states: Vec<State>,
    /// Values that were written.
    fresh: Vec<u64>,
    pub(super) fault: Option<Fault>,
}

/// A row now.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Where the value is: in the witness, or among the written ones.
    at: u32,
    len: u8,
    /// How many written words the row has room for; 0 until it is written.
    room: u8,
    /// Opaque subtrees before this row: rows with the same count have nothing hidden between them (W-7).
    hidden: u32,
    /// The present ordered rows form a ring through the ends.
    next: u32,
    previous: u32,
}

impl<'a> Table<'a> {
    /// Takes the sections of a witness; keys must ascend strictly (W-1).
    pub fn new(view: WitnessView<'a>) -> Result<Self, WitnessError> {
        let (keys, keys_rest) = view.keys.as_chunks::<3>();
        let (digests, digests_rest) = view.digests.as_chunks::<7>();
        let ragged = |section, got| Err(WitnessError::Ragged { section, got });
        if !keys_rest.is_empty() {
            return ragged(Section::Keys, view.keys.len());
        }
        if !digests_rest.is_empty() {
            return ragged(Section::Digests, view.digests.len());
        }
        let count = |section, expected, got| Err(WitnessError::Count { section, expected, got });
        if view.lens.len() != keys.len() || keys.len() > u32::MAX as usize - 1 {
            return count(Section::Lens, keys.len(), view.lens.len());
        }
        if let Some(before) = keys.array_windows().position(|[a, b]| a >= b) {
            return Err(WitnessError::KeyOrder { row: before + 1 });
        }
        let mut table = Self {
            keys,
            lens: view.lens,
            words: view.words,
            ops: view.ops,
            digests,
            hints: view.hints,
            hints_used: 0,
            states: Vec::with_capacity(keys.len() + 1),
            fresh: Vec::new(),
            fault: None,
        };
        let words = table.place_rows()?;
        if words != view.words.len() {
            return count(Section::Words, words, view.words.len());
        }
        if table.states.len() != keys.len() {
            return count(Section::Ops, keys.len(), table.states.len());
        }
        table.close_ring();
        Ok(table)
    }

    /// Makes the state of each row as its operation comes up. Returns how many words the rows claim.
    fn place_rows(&mut self) -> Result<usize, WitnessError> {
        let (mut hidden, mut at) = (0u32, 0usize);
        let mut lens = self.lens.iter();
        for op in self.ops {
            match *op {
                OPAQUE => hidden = hidden.wrapping_add(1),
                LEAF => {
                    let row = self.states.len();
                    let Some(len) = lens.next().copied() else {
                        return Err(WitnessError::Count { section: Section::Ops, expected: row, got: row + 1 });
                    };
                    if usize::from(len) > VALUE_WORDS_MAX {
                        return Err(WitnessError::ValueLength { row, got: len });
                    }
                    self.states.push(State { at: at as u32, len, hidden, ..State::default() });
                    at += usize::from(len);
                }
                _ => {}
            }
        }
        Ok(at)
    }

    fn close_ring(&mut self) {
        let ends = self.ends();
        self.states.push(State { next: ends, previous: ends, ..State::default() });
        let first_ordered = self.keys.partition_point(|key| !Key::new(*key).is_ordered());
        let mut last = ends;
        for row in first_ordered as u32..ends {
            if self.state(row).is_some_and(|state| state.len != 0) {
                self.join(last, row);
                last = row;
            }
        }
        self.join(last, ends);
    }

    fn ends(&self) -> u32 {
        self.keys.len() as u32
    }

    fn state(&self, row: u32) -> Option<&State> {
        self.states.get(row as usize)
    }

    fn key_of(&self, row: u32) -> Option<Key> {
        self.keys.get(row as usize).map(|key| Key::new(*key))
    }

    fn join(&mut self, left: u32, right: u32) {
        if let Some(state) = self.states.get_mut(left as usize) {
            state.next = right;
        }
        if let Some(state) = self.states.get_mut(right as usize) {
            state.previous = left;
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    fn take_hint(&mut self) -> Option<u32> {
        let hint = self.hints.get(self.hints_used).copied();
        match hint {
            Some(_) => self.hints_used += 1,
            None => self.fail(Fault::HintMissing { hints: self.hints.len() as u32 }),
        }
        hint
    }

    /// Takes a hint for the present ordered row just before this absent one (W-6). Returns it and its successor.
    fn take_predecessor(&mut self, row: u32) -> Option<(u32, u32)> {
        let hint = self.take_hint()?;
        let ends = self.ends();
        let next = match self.state(hint) {
            Some(state) if hint == ends => Some(state.next),
            // Only a present ordered row is in the ring.
            Some(state) if hint < row && state.len != 0 && self.key_of(hint)?.is_ordered() => Some(state.next),
            _ => None,
        };
        match next {
            Some(next) if next > row => Some((hint, next)),
            _ => {
                self.fail(Fault::HintPredecessor { key: self.key_of(row)?, got: hint });
                None
            }
        }
    }

    /// The value of a row now, and whether it was written.
    pub(super) fn current(&self, row: usize) -> (&[u64], bool) {
        let Some(state) = self.states.get(row) else { return (&[], false) };
        let written = state.room != 0;
        let words = if written { &self.fresh[..] } else { self.words };
        let at = state.at as usize;
        (words.get(at..at + usize::from(state.len)).unwrap_or_default(), written || state.len == 0)
    }
}

impl Rows for Table<'_> {
    fn row(&mut self, key: &Key) -> Row {
        let Some(hint) = self.take_hint() else { return Row::NOWHERE };
        match self.key_of(hint) {
            Some(got) if got == *key => Row(hint),
            Some(got) => {
                self.fail(Fault::HintKey { expected: *key, got });
                Row::NOWHERE
            }
            None => {
                self.fail(Fault::HintRange { got: hint, rows: self.ends() });
                Row::NOWHERE
            }
        }
    }

    fn key(&self, row: Row) -> Key {
        self.key_of(row.0).unwrap_or(Key::MAX)
    }

    fn is_present(&self, row: Row) -> bool {
        self.state(row.0).is_some_and(|state| state.len != 0)
    }

    fn words(&self, row: Row) -> &[u64] {
        self.current(row.index()).0
    }

    fn write(&mut self, row: Row, words: &[u64]) {
        let Some(key) = self.key_of(row.0) else { return self.fail(Fault::NoRow) };
        if words.is_empty() || words.len() > VALUE_WORDS_MAX {
            return self.fail(Fault::ValueLength { key, got: words.len() });
        }
        if key.is_ordered() && !self.is_present(row) {
            let Some((before, next)) = self.take_predecessor(row.0) else { return };
            self.join(before, row.0);
            self.join(row.0, next);
        }
        let Some(state) = self.states.get_mut(row.index()) else { return };
        let len = words.len() as u8;
        state.len = len;
        if state.room < len {
            (state.room, state.at) = (len, self.fresh.len() as u32);
            self.fresh.extend_from_slice(words);
        } else if let Some(slots) = self.fresh.get_mut(state.at as usize..state.at as usize + words.len()) {
            slots.copy_from_slice(words);
        }
    }

    fn erase(&mut self, row: Row) {
        let Some(key) = self.key_of(row.0) else { return self.fail(Fault::NoRow) };
        let Some(state) = self.states.get_mut(row.index()) else { return };
        if state.len == 0 {
            return;
        }
        state.len = 0;
        let (previous, next) = (state.previous, state.next);
        if key.is_ordered() {
            self.join(previous, next);
        }
    }

    fn after(&mut self, row: Row) -> Row {
        let (Some(key), Some(state)) = (self.key_of(row.0), self.state(row.0).copied()) else {
            self.fail(Fault::NoRow);
            return Row::NOWHERE;
        };
        if !key.is_ordered() {
            self.fail(Fault::Unordered { from: key });
            return Row::NOWHERE;
        }
        let next = if state.len != 0 { Some(state.next) } else { self.take_predecessor(row.0).map(|(_, next)| next) };
        let Some(next) = next else { return Row::NOWHERE };
        match (self.key_of(next), self.state(next)) {
            (Some(_), Some(found)) if found.hidden == state.hidden => Row(next),
            (Some(to), _) => {
                self.fail(Fault::Hidden { from: key, to });
                Row::NOWHERE
            }
            (None, _) => {
                self.fail(Fault::NoSuccessor { from: key });
                Row::NOWHERE
            }
        }
    }

    fn fault(&self) -> Option<Fault> {
        self.fault
    }
}
