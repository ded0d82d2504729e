//! The levels of one side: those in the window, and the others in an ordered map.
//!
//! 1. A level is in the window or in the map, never in both. One in the map may be at a price the window has reached
//!    meanwhile: it comes in when it is touched.
//! 2. No operation moves more than [`MOVES_MAX`] levels each way. The window follows the market a few levels at a time,
//!    and until it is there the map answers; what that costs is a search in the map, not a pause.
//! 3. Pages without levels cost nothing to leave behind, so a window whose side is empty jumps.

use alloc::collections::BTreeMap;

use super::links::{Links, Node};
use super::window::{PAGE_BITS, Window};

/// How many levels one operation moves into the window, and how many out of it.
const MOVES_MAX: usize = 8;
/// Pages the window keeps for prices better than the best.
const PAGES_AHEAD: u64 = 4;

/// One side.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Levels {
    window: Window,
    far: BTreeMap<u64, Node>,
    side: usize,
}

impl Levels {
    pub fn new(side: usize) -> Levels {
        Levels { side, window: Window::new(), far: BTreeMap::new() }
    }

    /// The first level: its price and its node.
    #[inline(always)]
    pub fn first(&mut self, links: &mut Links) -> Option<(u64, Node)> {
        if self.window.has_first() {
            let n = self.window.first();
            return Some((n, Links::level(self.side, n)));
        }
        self.first_slow(links)
    }

    #[cold]
    #[inline(never)]
    fn first_slow(&mut self, links: &mut Links) -> Option<(u64, Node)> {
        let n = *self.far.first_key_value()?.0;
        self.follow(links, n);
        self.first_from(0)
    }

    /// The first level at or after a price.
    pub fn first_from(&self, n: u64) -> Option<(u64, Node)> {
        let near = self.window.first_from(n);
        let far = self.far.range(n..).next();
        match (near, far) {
            (Some(near), Some((&far, &node))) if far < near => Some((far, node)),
            (None, Some((&far, &node))) => Some((far, node)),
            (Some(near), _) => Some((near, Links::level(self.side, near))),
            (None, None) => None,
        }
    }

    /// Names where the first level is looked for.
    #[inline(always)]
    pub fn name_top(&self, touch: &impl Fn(*const u8)) {
        self.window.name_top(touch);
    }

    /// Names what putting an order at a price reads.
    #[inline(always)]
    pub fn name(&self, links: &Links, n: u64, touch: &impl Fn(*const u8)) {
        self.window.name(n, touch);
        links.name(Links::level(self.side, n), touch);
    }

    /// The level of a price, if there is one.
    pub fn find(&self, n: u64) -> Option<Node> {
        if self.window.contains(n) && self.window.has(n) {
            return Some(Links::level(self.side, n));
        }
        self.far.get(&n).copied()
    }

    /// Puts an order at the back of its price.
    #[inline(always)]
    pub fn push(&mut self, links: &mut Links, n: u64, order: Node) {
        if self.window.decides(n) {
            let fresh = self.window.add(n);
            links.push(Links::level(self.side, n), order, fresh);
        } else {
            self.push_slow(links, n, order);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&mut self, links: &mut Links, n: u64, order: Node) {
        self.follow(links, n);
        if self.window.contains(n) {
            self.bring_in(links, n);
            let fresh = self.window.add(n);
            links.push(Links::level(self.side, n), order, fresh);
        } else {
            let mut fresh = false;
            let level = *self.far.entry(n).or_insert_with(|| {
                fresh = true;
                links.take_far()
            });
            links.push(level, order, fresh);
            self.note_others();
        }
    }

    /// Takes an order out; the node after it.
    #[inline(always)]
    pub fn unlink(&mut self, links: &mut Links, n: u64, order: Node) -> Node {
        let (next, prev) = links.unlink(order);
        let empty = next == prev;
        if empty & links.is_far(next) {
            self.drop_far(links, n);
        } else {
            self.window.drop_if(n, empty);
        }
        next
    }

    #[cold]
    #[inline(never)]
    fn drop_far(&mut self, links: &mut Links, n: u64) {
        if let Some(level) = self.far.remove(&n) {
            links.free_far(level);
        }
        self.note_others();
    }

    /// Moves the window towards where `n` and the first level are, as far as a bounded number of steps allows.
    fn follow(&mut self, links: &mut Links, n: u64) {
        let first = self.first_from(0).map_or(n, |(first, _)| first.min(n));
        let wanted = (first >> PAGE_BITS).saturating_sub(PAGES_AHEAD);
        let at = self.window.start() >> PAGE_BITS;
        if wanted < at {
            self.make_room(links, at - wanted);
        }
        let (ahead, behind) = self.window.empty_pages();
        let to = if self.window.is_empty() {
            wanted
        } else if wanted > at {
            at + ahead.min(wanted - at)
        } else {
            at - behind.min(at - wanted)
        };
        self.window.move_to(to << PAGE_BITS);
        self.let_in(links);
        self.note_others();
    }

    /// Empties the last pages of the window, level by level.
    fn make_room(&mut self, links: &mut Links, pages: u64) {
        for _ in 0..MOVES_MAX {
            if self.window.empty_pages().1 >= pages {
                return;
            }
            let Some(n) = self.window.first_of_last_page() else { return };
            let level = links.take_far();
            links.replace(Links::level(self.side, n), level);
            self.window.drop_if(n, true);
            self.far.insert(n, level);
        }
    }

    /// Moves the first levels of the map that have a place in the window into it.
    fn let_in(&mut self, links: &mut Links) {
        for _ in 0..MOVES_MAX {
            let Some((&n, _)) = self.far.range(self.window.start()..self.window.end()).next() else { return };
            self.bring_in(links, n);
        }
    }

    /// Moves one level into the window, if the map has it.
    fn bring_in(&mut self, links: &mut Links, n: u64) {
        if let Some(level) = self.far.remove(&n) {
            links.replace(level, Links::level(self.side, n));
            links.free_far(level);
            self.window.add(n);
        }
        self.note_others();
    }

    /// Notes whether the map has a level that the window alone would miss.
    fn note_others(&mut self) {
        let end = self.window.end();
        let others = self.far.first_key_value().is_some_and(|(&n, _)| n < end);
        self.window.set_others_first(others);
    }
}
