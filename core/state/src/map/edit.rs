//! Applying sorted changes to one arena.
//!
//! A finger holds the path to the last changed key. For the next key it climbs, hashing what it leaves for good, to
//! the deepest node whose leaves share the new key's prefix, and descends from there by the key's bits alone. The leaf it
//! meets agrees with the key at least as far as any other, so the first bit in which they differ is where a new
//! node belongs.
//!
//! 1. Keys ascend, so a node that was left is never entered again: each changed node is hashed once.
//! 2. Every node of the path has a position below the first difference between the last key and the next, so the
//!    next key shares its whole prefix.

use alloc::vec::Vec;
use core::marker::PhantomData;

use super::Change;
use super::arena::{Arena, Child, Node, Subtree};
use super::walk::WARMED;
use crate::hash::{Digest, NodeHash};
use crate::key::Key;
use crate::value::Value;

struct Step {
    node: u32,
    right: bool,
    changed: bool,
}

struct Finger<'a, H> {
    arena: &'a mut Arena,
    path: Vec<Step>,
    hash: PhantomData<fn() -> H>,
}

/// Applies changes whose keys ascend strictly.
pub(super) fn apply<H: NodeHash>(arena: &mut Arena, changes: &[Change]) {
    let mut finger = Finger::<H> { arena, path: Vec::with_capacity(64), hash: PhantomData };
    let mut last: Option<&Key> = None;
    for chunk in changes.chunks(WARMED) {
        if let Some(root) = finger.arena.root {
            finger.arena.warm(root.child, chunk.iter().map(|(key, _)| key));
        }
        for (key, value) in chunk {
            if let Some(last) = last {
                finger.climb(key.shared_bits(last));
            }
            finger.change(key, value.as_ref());
            last = Some(key);
        }
    }
    finger.climb(0);
    finger.leave_root();
}

impl<H: NodeHash> Finger<'_, H> {
    /// Leaves every node below `position`, except the first of the path.
    fn climb(&mut self, position: u8) {
        while let [.., above, step] = &mut self.path[..] {
            let node = self.arena.node(step.node);
            if node.position() <= position {
                return;
            }
            if step.changed {
                let digest = node.digest::<H>();
                let (parent, right) = (above.node, above.right);
                above.changed = true;
                self.arena.node_mut(parent).set(right, Subtree { child: Child::node(step.node), digest });
            }
            self.path.pop();
        }
        if let [step] = &self.path[..]
            && self.arena.node(step.node).position() > position
        {
            self.leave_root();
        }
    }

    fn leave_root(&mut self) {
        if let Some(step) = self.path.pop()
            && step.changed
        {
            let digest = self.arena.node(step.node).digest::<H>();
            self.arena.root = Some(Subtree { child: Child::node(step.node), digest });
        }
    }

    /// What hangs where the path ends.
    fn slot(&self) -> Option<Subtree> {
        match self.path.last() {
            Some(step) => Some(self.arena.node(step.node).side(step.right)),
            None => self.arena.root,
        }
    }

    fn fill_slot(&mut self, subtree: Subtree) {
        match self.path.last_mut() {
            Some(step) => {
                step.changed = true;
                self.arena.node_mut(step.node).set(step.right, subtree);
            }
            None => self.arena.root = Some(subtree),
        }
    }

    /// Follows the key's bits from the end of the path to a leaf.
    fn descend(&mut self, key: &Key) -> Option<Child> {
        let mut child = match self.path.last_mut() {
            Some(step) => {
                let node = self.arena.node(step.node);
                step.right = key.bit(node.position());
                node.child(step.right)
            }
            None => self.arena.root?.child,
        };
        while let Some(index) = child.as_node() {
            let node = self.arena.node(index);
            let right = key.bit(node.position());
            self.path.push(Step { node: index, right, changed: false });
            child = node.child(right);
        }
        Some(child)
    }

    fn change(&mut self, key: &Key, value: Option<&Value>) {
        let met = self.descend(key);
        let Some(leaf) = met else {
            if let Some(value) = value {
                let subtree = self.new_leaf(key, value);
                self.fill_slot(subtree);
            }
            return;
        };
        let (met_key, met_words) = self.arena.leaf(leaf);
        match (key.first_difference(&met_key), value) {
            (None, Some(value)) if met_words == value.words() => {}
            (None, Some(value)) => {
                let child = self.arena.rewrite_leaf(leaf, key, value.words());
                self.fill_slot(Subtree { child, digest: H::leaf(key, value.words()) });
            }
            (None, None) => self.remove(leaf),
            (Some(position), Some(value)) => self.insert(position, key, value),
            (Some(position), None) => self.climb(position),
        }
    }

    fn insert(&mut self, position: u8, key: &Key, value: &Value) {
        self.climb(position);
        let leaf = self.new_leaf(key, value);
        let Some(other) = self.slot() else { return };
        let right = key.bit(position);
        let (left, right_side) = if right { (other, leaf) } else { (leaf, other) };
        let child = self.arena.add_node(Node::new(position, left, right_side));
        if let Some(node) = child.as_node() {
            // The digest follows when the finger leaves the node.
            self.fill_slot(Subtree { child, digest: Digest::EMPTY });
            self.path.push(Step { node, right, changed: true });
        }
    }

    /// Removes the leaf at the end of the path; its sibling takes the place of their parent.
    fn remove(&mut self, leaf: Child) {
        self.arena.free_leaf(leaf);
        match self.path.pop() {
            None => self.arena.root = None,
            Some(step) => {
                let sibling = self.arena.node(step.node).side(!step.right);
                self.arena.free_node(step.node);
                self.fill_slot(sibling);
            }
        }
    }

    fn new_leaf(&mut self, key: &Key, value: &Value) -> Subtree {
        let child = self.arena.add_leaf(key, value.words());
        Subtree { child, digest: H::leaf(key, value.words()) }
    }
}
