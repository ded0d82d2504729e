//! Which orders, or triggers, of one market an account has: a chain through their slots.
//!
//! 1. Joining and leaving touch the head of the chain, the order's links and those of its neighbours, and nothing else.
//! 2. A chain has at most as many nodes as its account has orders here, so walking one is bounded (SPEC C-12).

use alloc::vec;
use alloc::vec::Vec;

/// A slot plus one, or none: zero.
pub type Node = u32;

/// The neighbours of the nodes of one book, by node. What stands at node zero means nothing: it takes the writes to a neighbour
/// that is not there, so that nothing has to ask whether there is one.
#[derive(Debug)]
pub struct Chain(Vec<[Node; 2]>);

const NEXT: usize = 0;
const BEFORE: usize = 1;

impl Chain {
    /// Links for so many slots; zeroed, so that what no one has touched needs no memory.
    pub fn new(slots: u32) -> Chain {
        Chain(vec![[0; 2]; slots as usize + 1])
    }

    /// Puts a slot before what was the head; the new head.
    #[inline(always)]
    pub fn join(&mut self, slot: u32, head: Node) -> Node {
        let node = slot.wrapping_add(1);
        if let Some(links) = self.0.get_mut(node as usize) {
            *links = [head, 0];
        }
        self.set(head, BEFORE, node);
        node
    }

    /// Takes a slot out of its chain; the head, which may be another one now.
    #[inline(always)]
    pub fn leave(&mut self, slot: u32, head: Node) -> Node {
        let [next, before] = self.neighbours(slot);
        self.set(next, BEFORE, before);
        self.set(before, NEXT, next);
        if before == 0 { next } else { head }
    }

    #[inline(always)]
    fn set(&mut self, node: Node, which: usize, to: Node) {
        if let Some(links) = self.0.get_mut(node as usize) {
            links[which] = to;
        }
    }

    /// The slots from a head on, as many as there are but no more than `most`.
    pub fn slots(&self, head: Node, most: u32) -> impl Iterator<Item = u32> + '_ {
        let mut node = head;
        (0..most).map_while(move |_| {
            let slot = node.checked_sub(1)?;
            node = self.neighbours(slot)[NEXT];
            Some(slot)
        })
    }

    #[inline(always)]
    fn neighbours(&self, slot: u32) -> [Node; 2] {
        self.0.get(slot.wrapping_add(1) as usize).copied().unwrap_or_default()
    }

    /// Names the links of a slot.
    #[inline(always)]
    pub fn name(&self, slot: u32, touch: &impl Fn(*const u8)) {
        self.name_node(slot.wrapping_add(1), touch);
    }

    /// Names the links of the neighbours of a slot.
    #[inline(always)]
    pub fn name_neighbours(&self, slot: u32, touch: &impl Fn(*const u8)) {
        for node in self.neighbours(slot) {
            self.name_node(node, touch);
        }
    }

    #[inline(always)]
    fn name_node(&self, node: Node, touch: &impl Fn(*const u8)) {
        if let Some(links) = self.0.get(node as usize) {
            touch(core::ptr::from_ref(links).cast());
        }
    }
}
