//! Rows over a map: what a batch reads and writes, before it is applied.
//!
//! 1. The map is never changed; [`Overlay::into_changes`] returns what a batch came to.
//! 2. A leaf is looked up in the map once, when its row is first touched.
//! 3. Successors are found once and then kept as links between rows, so that walking a side of a book again and again
//!    costs a lookup only where no row has been before.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Bound;

use hashbrown::HashMap;

use crate::hash::NodeHash;
use crate::key::Key;
use crate::limits::{OVERLAY_ROWS_MAX, VALUE_WORDS_MAX};
use crate::map::{Change, Map};
use crate::rows::{Fault, Row, Rows};
use crate::value::Value;

/// [`Rows`] over a [`Map`], without the record that a witness needs.
#[derive(Debug)]
pub struct Overlay<'a, H> {
    map: &'a Map<H>,
    entries: Vec<Entry>,
    by_key: HashMap<Key, u32>,
    /// The ordered rows that are present now.
    present: BTreeMap<Key, u32>,
    fault: Option<Fault>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    words: [u64; VALUE_WORDS_MAX],
    len: u8,
    written: bool,
    link: Link,
    /// The row that may be linked to this one.
    previous: u32,
}

/// What is known about the successor of a present ordered row.
#[derive(Clone, Copy, Debug)]
enum Link {
    /// This row follows.
    To(u32),
    /// Nothing is present after the row up to the key of this one, and that key included unless it is the row itself.
    ClearTo(u32),
}

const NO_ROW: u32 = u32::MAX;

impl<'a, H: NodeHash> Overlay<'a, H> {
    /// An overlay that has touched nothing yet.
    pub fn new(map: &'a Map<H>) -> Self {
        let (entries, by_key, present) = (Vec::new(), HashMap::new(), BTreeMap::new());
        Self { map, entries, by_key, present, fault: None }
    }

    /// What the batch came to, in the form [`Map::apply`] takes. A leaf that was written may be as it was.
    pub fn into_changes(self) -> Vec<Change> {
        let mut changes: Vec<Change> = self
            .entries
            .iter()
            .filter(|entry| entry.written)
            .map(|entry| (entry.key, Value::new(entry.words()).ok()))
            .collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        changes
    }

    pub(crate) fn map(&self) -> &'a Map<H> {
        self.map
    }

    /// The keys of all rows, in the order of their numbers.
    pub(crate) fn touched(&self) -> impl Iterator<Item = Key> {
        self.entries.iter().map(|entry| entry.key)
    }

    fn entry(&self, row: Row) -> Option<&Entry> {
        self.entries.get(row.index())
    }

    fn fail(&mut self, fault: Fault) -> Row {
        self.fault.get_or_insert(fault);
        Row::NOWHERE
    }

    fn touch(&mut self, key: Key, words: Option<&[u64]>) -> Row {
        let id = self.entries.len() as u32;
        if id >= OVERLAY_ROWS_MAX {
            return self.fail(Fault::NoRow);
        }
        let mut entry = Entry {
            key,
            words: [0; VALUE_WORDS_MAX],
            len: 0,
            written: false,
            link: Link::ClearTo(id),
            previous: NO_ROW,
        };
        if let Some(words) = words {
            entry.set(words);
            if key.is_ordered() {
                self.present.insert(key, id);
            }
        }
        self.entries.push(entry);
        self.by_key.insert(key, id);
        Row(id)
    }

    fn set_link(&mut self, from: u32, link: Link) {
        if let Some(entry) = self.entries.get_mut(from as usize) {
            entry.link = link;
        }
        if let Link::To(next) = link
            && let Some(entry) = self.entries.get_mut(next as usize)
        {
            entry.previous = from;
        }
    }

    /// Places a leaf that was absent among the present ordered rows.
    fn link_in(&mut self, key: Key, id: u32) {
        let before = self.present.range(..key).next_back().map(|(_, id)| *id);
        self.present.insert(key, id);
        self.set_link(id, Link::ClearTo(id));
        let Some(before) = before else { return };
        let Some(link) = self.entry(Row(before)).map(|entry| entry.link) else { return };
        let reaches = match link {
            Link::To(_) => true,
            Link::ClearTo(clear) => self.entry(Row(clear)).is_some_and(|clear| clear.key >= key),
        };
        if reaches {
            self.set_link(id, link);
            self.set_link(before, Link::To(id));
        }
    }

    /// Takes an erased leaf out; whatever was known about its successor now holds for its predecessor.
    fn link_out(&mut self, key: Key, id: u32) {
        self.present.remove(&key);
        let Some((link, before)) = self.entry(Row(id)).map(|entry| (entry.link, entry.previous)) else { return };
        let linked = self.entry(Row(before)).is_some_and(|entry| matches!(entry.link, Link::To(next) if next == id));
        if linked {
            self.set_link(before, link);
        }
    }

    /// Finds the successor of `key` given that nothing is present after it up to `clear`.
    fn search(&mut self, key: Key, mut clear: Key) -> Row {
        let known = self.present.range((Bound::Excluded(key), Bound::Unbounded)).next().map(|(key, id)| (*key, *id));
        while let Some(from) = clear.successor() {
            match (self.map.first_at_or_after(&from), known) {
                (Some((next, _)), Some((known, id))) if known <= next => return Row(id),
                (None, Some((_, id))) => return Row(id),
                (None, None) => break,
                (Some((next, words)), _) => {
                    if !self.by_key.contains_key(&next) {
                        return self.touch(next, Some(words));
                    }
                    // Touched, and not among the present: erased.
                    clear = next;
                }
            }
        }
        self.fail(Fault::NoSuccessor { from: key })
    }
}

impl Entry {
    fn words(&self) -> &[u64] {
        self.words.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn set(&mut self, words: &[u64]) {
        if let Some(slots) = self.words.get_mut(..words.len()) {
            slots.copy_from_slice(words);
            self.len = words.len() as u8;
        }
    }
}

impl<H: NodeHash> Rows for Overlay<'_, H> {
    fn row(&mut self, key: &Key) -> Row {
        match self.by_key.get(key) {
            Some(id) => Row(*id),
            None => self.touch(*key, self.map.get(key)),
        }
    }

    fn key(&self, row: Row) -> Key {
        self.entry(row).map_or(Key::MAX, |entry| entry.key)
    }

    fn is_present(&self, row: Row) -> bool {
        self.entry(row).is_some_and(|entry| entry.len != 0)
    }

    fn words(&self, row: Row) -> &[u64] {
        self.entry(row).map_or(&[], Entry::words)
    }

    fn write(&mut self, row: Row, words: &[u64]) {
        let Some(entry) = self.entries.get_mut(row.index()) else {
            self.fail(Fault::NoRow);
            return;
        };
        let (key, was_absent) = (entry.key, entry.len == 0);
        if words.is_empty() || words.len() > VALUE_WORDS_MAX {
            self.fail(Fault::ValueLength { key, got: words.len() });
            return;
        }
        entry.set(words);
        entry.written = true;
        if was_absent && key.is_ordered() {
            self.link_in(key, row.0);
        }
    }

    fn erase(&mut self, row: Row) {
        let Some(entry) = self.entries.get_mut(row.index()) else {
            self.fail(Fault::NoRow);
            return;
        };
        if entry.len == 0 {
            return;
        }
        (entry.len, entry.written) = (0, true);
        let key = entry.key;
        if key.is_ordered() {
            self.link_out(key, row.0);
        }
    }

    fn after(&mut self, row: Row) -> Row {
        let Some(entry) = self.entry(row) else { return self.fail(Fault::NoRow) };
        let (key, is_present) = (entry.key, entry.len != 0);
        if !key.is_ordered() {
            return self.fail(Fault::Unordered { from: key });
        }
        let clear = match entry.link {
            Link::To(next) if is_present => return Row(next),
            Link::ClearTo(clear) if is_present => self.key(Row(clear)),
            _ => key,
        };
        let next = self.search(key, clear);
        if is_present && next != Row::NOWHERE {
            self.set_link(row.0, Link::To(next.0));
        }
        next
    }

    fn fault(&self) -> Option<Fault> {
        self.fault
    }
}
