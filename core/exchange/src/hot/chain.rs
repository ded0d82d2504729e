//! Which orders and triggers an account has, as a chain through the arrays of the markets.
//!
//! 1. Joining and leaving touch the account's own line, the order's links and those of its neighbours, and nothing else.
//! 2. A chain has at most as many nodes as its account has orders, so walking one is bounded (SPEC C-12).

use alloc::vec;
use alloc::vec::Vec;

use ashlar_types::MarketId;

/// A node, or none: zero. Bit 63 says that it waits, then the market, then the slot plus one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Node(u64);

impl Node {
    pub const NONE: Node = Node(0);

    #[inline(always)]
    pub fn new(waiting: bool, market: MarketId, slot: u32) -> Node {
        Node((waiting as u64) << 63 | (market.get() as u64) << 32 | (slot as u64 + 1))
    }

    #[inline(always)]
    pub fn is_some(self) -> bool {
        self.0 != 0
    }

    #[inline(always)]
    pub fn is_waiting(self) -> bool {
        self.0 >> 63 == 1
    }

    #[inline(always)]
    pub fn market(self) -> MarketId {
        MarketId::new((self.0 >> 32) as u16 & 0x7FFF).unwrap_or_default()
    }

    #[inline(always)]
    pub fn slot(self) -> u32 {
        (self.0 as u32).wrapping_sub(1)
    }
}

/// The neighbours of the nodes of one book, by slot.
#[derive(Debug)]
pub struct Chain(Vec<[u64; 2]>);

const NEXT: usize = 0;
const BEFORE: usize = 1;

impl Chain {
    /// Links for so many slots; zeroed, so that what no one has touched needs no memory.
    pub fn new(slots: u32) -> Chain {
        Chain(vec![[0; 2]; slots as usize])
    }

    #[inline(always)]
    pub fn set(&mut self, node: Node, next: Node, before: Node) {
        if let Some(links) = self.0.get_mut(node.slot() as usize) {
            *links = [next.0, before.0];
        }
    }

    #[inline(always)]
    pub fn links(&self, node: Node) -> (Node, Node) {
        self.0.get(node.slot() as usize).map_or((Node::NONE, Node::NONE), |l| (Node(l[NEXT]), Node(l[BEFORE])))
    }

    /// The neighbours of a slot.
    #[inline(always)]
    pub fn neighbours(&self, slot: u32) -> [Node; 2] {
        self.0.get(slot as usize).map_or([Node::NONE; 2], |links| links.map(Node))
    }

    /// Names the links of a slot.
    #[inline(always)]
    pub fn name(&self, slot: u32, touch: &impl Fn(*const u8)) {
        if let Some(links) = self.0.get(slot as usize) {
            touch(core::ptr::from_ref(links).cast());
        }
    }

    #[inline(always)]
    pub fn set_next(&mut self, node: Node, next: Node) {
        if let Some(links) = self.0.get_mut(node.slot() as usize) {
            links[NEXT] = next.0;
        }
    }

    #[inline(always)]
    pub fn set_before(&mut self, node: Node, before: Node) {
        if let Some(links) = self.0.get_mut(node.slot() as usize) {
            links[BEFORE] = before.0;
        }
    }
}
