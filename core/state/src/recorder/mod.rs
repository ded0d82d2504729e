//! Recording a batch on the node: the same answers as in the guest, and the witness that makes them so.
//!
//! 1. While commands run, only what cannot be found out later is written down: which row was asked for, and when an ordered
//!    leaf came or went.
//! 2. [`Recorder::finish`] then walks the map once along the touched keys, which yields the rows, the operations and the opaque
//!    digests, and replays the notes, which yields the hints.

mod capture;
mod present;

use alloc::vec::Vec;

use crate::hash::NodeHash;
use crate::key::Key;
use crate::map::{Change, Map};
use crate::overlay::Overlay;
use crate::rows::{Fault, Row, Rows};
use crate::witness::Witness;

use capture::Capture;
use present::PresentRows;

/// [`Rows`] over a [`Map`] that remembers what a witness needs.
#[derive(Debug)]
pub struct Recorder<'a, H> {
    overlay: Overlay<'a, H>,
    /// Row numbers of the overlay, a [`Note`] in the two upper bits of each.
    notes: Vec<u32>,
}

/// What happened to a row.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Note {
    /// It was asked for by key: a hint.
    Asked = 0,
    /// An ordered leaf came: a hint for its predecessor.
    Came = 1,
    /// An ordered leaf went.
    Went = 2,
    /// The successor of an absent leaf was asked for: a hint for its predecessor.
    Passed = 3,
}

const NOTE_SHIFT: u32 = 30;
const ROW_MASK: u32 = (1 << NOTE_SHIFT) - 1;
const _: () = assert!(crate::limits::OVERLAY_ROWS_MAX <= ROW_MASK + 1);

impl<'a, H: NodeHash> Recorder<'a, H> {
    /// A recorder that has touched nothing yet.
    pub fn new(map: &'a Map<H>) -> Self {
        Self { overlay: Overlay::new(map), notes: Vec::new() }
    }

    /// What the batch came to, in the form [`Map::apply`] takes, and its witness.
    ///
    /// After a fault the witness is worthless: ask [`Rows::fault`] first.
    pub fn finish(self) -> (Vec<Change>, Witness) {
        let mut capture = Capture::new(self.overlay.map(), self.overlay.touched());
        capture.run();
        let Capture { mut witness, number_of, .. } = capture;
        witness.hints = hints(&witness, &number_of, &self.notes);
        (self.overlay.into_changes(), witness)
    }

    fn note(&mut self, note: Note, row: Row) {
        if row != Row::NOWHERE {
            self.notes.push((note as u32) << NOTE_SHIFT | row.0);
        }
    }
}

/// Replays the notes over the final rows.
fn hints(witness: &Witness, number_of: &[u32], notes: &[u32]) -> Vec<u32> {
    let rows = witness.lens.len() as u32;
    let mut present = PresentRows::new(rows);
    let (keys, _) = witness.keys.as_chunks::<3>();
    for (number, (key, len)) in keys.iter().zip(&witness.lens).enumerate() {
        if *len != 0 && Key::new(*key).is_ordered() {
            present.insert(number as u32);
        }
    }
    let mut hints = Vec::with_capacity(notes.len());
    for note in notes {
        let Some(number) = number_of.get((note & ROW_MASK) as usize).copied() else { continue };
        match note >> NOTE_SHIFT {
            came if came == Note::Came as u32 => {
                hints.push(present.before(number).unwrap_or(rows));
                present.insert(number);
            }
            went if went == Note::Went as u32 => present.remove(number),
            passed if passed == Note::Passed as u32 => hints.push(present.before(number).unwrap_or(rows)),
            _ => hints.push(number),
        }
    }
    hints
}

impl<H: NodeHash> Rows for Recorder<'_, H> {
    fn row(&mut self, key: &Key) -> Row {
        let row = self.overlay.row(key);
        self.note(Note::Asked, row);
        row
    }

    fn key(&self, row: Row) -> Key {
        self.overlay.key(row)
    }

    fn is_present(&self, row: Row) -> bool {
        self.overlay.is_present(row)
    }

    fn words(&self, row: Row) -> &[u64] {
        self.overlay.words(row)
    }

    fn write(&mut self, row: Row, words: &[u64]) {
        let was_absent = !self.is_present(row);
        self.overlay.write(row, words);
        if was_absent && self.is_present(row) && self.key(row).is_ordered() {
            self.note(Note::Came, row);
        }
    }

    fn erase(&mut self, row: Row) {
        if self.is_present(row) && self.key(row).is_ordered() {
            self.note(Note::Went, row);
        }
        self.overlay.erase(row);
    }

    fn after(&mut self, row: Row) -> Row {
        if !self.is_present(row) && self.key(row).is_ordered() {
            self.note(Note::Passed, row);
        }
        self.overlay.after(row)
    }

    fn fault(&self) -> Option<Fault> {
        self.overlay.fault()
    }
}
