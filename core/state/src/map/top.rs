//! The nodes above the shards, rebuilt after every batch: there are few of them.

use alloc::vec::Vec;

use super::arena::{Child, Node, Subtree};
use super::shard::Shard;
use crate::hash::NodeHash;
use crate::limits::KEY_BITS;

/// The top of the trie. What would be a leaf is the number of a shard that is not empty.
#[derive(Debug, Default)]
pub(super) struct Top {
    nodes: Vec<Node>,
    pub(super) root: Option<Subtree>,
}

impl Top {
    /// Folds the shards, in key order, into the nodes that join them.
    pub(super) fn build<H: NodeHash>(shards: &[Shard]) -> Self {
        let mut top = Self::default();
        let mut stack: Vec<(u8, Option<Subtree>)> = Vec::with_capacity(usize::from(KEY_BITS) + 1);
        for (number, shard) in shards.iter().enumerate() {
            let mut depth = shard.depth;
            let mut subtree = shard.arena.root.map(|root| Subtree { child: Child::leaf(number as u32, 1), ..root });
            while let Some((left_depth, left)) = stack.pop_if(|(left_depth, _)| *left_depth == depth) {
                depth = left_depth - 1;
                subtree = match (left, subtree) {
                    (Some(left), Some(right)) => Some(top.join::<H>(depth, left, right)),
                    (left, right) => left.or(right),
                };
            }
            stack.push((depth, subtree));
        }
        top.root = stack.pop().and_then(|(_, subtree)| subtree);
        top
    }

    pub(super) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    fn join<H: NodeHash>(&mut self, position: u8, left: Subtree, right: Subtree) -> Subtree {
        let node = Node::new(position, left, right);
        self.nodes.push(node);
        Subtree { child: Child::node(self.nodes.len() as u32 - 1), digest: node.digest::<H>() }
    }
}
