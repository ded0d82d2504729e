//! Which order comes after which: one array of links for the orders and the levels they queue at.
//!
//! 1. A node is a level of a window, an order, or a level beside the window, in this order of numbers.
//! 2. A level and its orders form a ring. The level stands between its last order and its first, so putting in and
//!    taking out never ask whether a queue is empty.
//! 3. Nothing is written when the array is made, so an idle market costs address space and no memory.

use alloc::vec;
use alloc::vec::Vec;

use super::window::{WINDOW, position};

/// A place in the array of links.
pub(super) type Node = u32;

/// No node.
pub(super) const NOWHERE: Node = Node::MAX;

/// The node of the first order.
const ORDERS: Node = 2 * WINDOW as Node;

const NEXT: usize = 0;
const PREV: usize = 1;

/// The links, and the nodes of levels beside the window that are free.
#[derive(Debug)]
pub(super) struct Links {
    /// Zeroed, so that the pages of it that no one has touched need no memory.
    links: Vec<[Node; 2]>,
    /// The first node of a level beside the window.
    far: Node,
    far_used: Node,
    far_free: Node,
}

impl Links {
    pub fn new(orders_max: u32) -> Links {
        let far = ORDERS + orders_max;
        let nodes = far as usize + orders_max as usize;
        Links { links: vec![[0; 2]; nodes], far, far_used: far, far_free: NOWHERE }
    }

    /// The node of a window's level.
    #[inline(always)]
    pub fn level(side: usize, n: u64) -> Node {
        ((side % 2) * WINDOW as usize + position(n)) as Node
    }

    /// The node of an order.
    #[inline(always)]
    pub fn order(slot: u32) -> Node {
        slot.wrapping_add(ORDERS)
    }

    /// Names the links of a node.
    #[inline(always)]
    pub fn name(&self, node: Node, touch: &impl Fn(*const u8)) {
        if let Some(links) = self.links.get(node as usize) {
            touch(core::ptr::from_ref(links).cast());
        }
    }

    /// The slot of a node; out of the range of slots if it is a level.
    #[inline(always)]
    pub fn slot(node: Node) -> u32 {
        node.wrapping_sub(ORDERS)
    }

    /// Whether a node is a level beside the window.
    #[inline(always)]
    pub fn is_far(&self, node: Node) -> bool {
        node >= self.far
    }

    #[inline(always)]
    pub fn next(&self, node: Node) -> Node {
        self.links[node as usize][NEXT]
    }

    #[inline(always)]
    pub fn prev(&self, node: Node) -> Node {
        self.links[node as usize][PREV]
    }

    #[inline(always)]
    pub fn set_next(&mut self, node: Node, next: Node) {
        self.links[node as usize][NEXT] = next;
    }

    /// Puts a node behind the last one of a level. What a `fresh` level's own links say is not looked at.
    #[inline(always)]
    pub fn push(&mut self, level: Node, node: Node, fresh: bool) {
        let last = if fresh { level } else { self.prev(level) };
        self.links[level as usize][PREV] = node;
        self.links[last as usize][NEXT] = node;
        self.links[node as usize] = [level, last];
    }

    /// Takes a node out of its ring; its neighbours, after and before.
    #[inline(always)]
    pub fn unlink(&mut self, node: Node) -> (Node, Node) {
        let [next, prev] = self.links[node as usize];
        self.links[prev as usize][NEXT] = next;
        self.links[next as usize][PREV] = prev;
        (next, prev)
    }

    /// Lets one level take the place of another in its ring.
    pub fn replace(&mut self, from: Node, to: Node) {
        let [first, last] = self.links[from as usize];
        self.links[to as usize] = [first, last];
        self.links[first as usize][PREV] = to;
        self.links[last as usize][NEXT] = to;
    }

    /// A node for a level beside the window. There are as many as orders, and each such level has an order.
    pub fn take_far(&mut self) -> Node {
        let node = self.far_free;
        if node != NOWHERE {
            self.far_free = self.next(node);
            return node;
        }
        let node = self.far_used.min(self.links.len() as Node - 1);
        self.far_used = node + 1;
        node
    }

    /// Gives such a node back.
    pub fn free_far(&mut self, node: Node) {
        self.set_next(node, self.far_free);
        self.far_free = node;
    }

    /// Writes to every link of the windows and of the first `orders` orders once.
    pub fn touch(&mut self, orders: u32) {
        let end = (ORDERS + orders) as usize;
        for (node, link) in self.links.iter_mut().enumerate().take(end) {
            *link = [node as Node; 2];
        }
    }
}
