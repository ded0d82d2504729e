//! Making proofs from a map.

use alloc::vec::Vec;

use super::{LookupProof, ProofPath, ProofStep, SuccessorProof};
use crate::hash::NodeHash;
use crate::key::Key;
use crate::map::{Map, Place, View};
use crate::value::Value;

/// A turn on the way down.
struct Turn {
    position: u8,
    right: bool,
    sibling: Place,
}

impl<H: NodeHash> Map<H> {
    /// Proves what the map has at `key`.
    pub fn prove(&self, key: &Key) -> LookupProof {
        let path = self.root_place().and_then(|root| {
            let (leaf, turns) = self.way(root, |position| key.bit(position));
            path(leaf, &turns)
        });
        LookupProof { path }
    }

    /// Proves which leaf is the first at or after `key`.
    pub fn prove_first_at_or_after(&self, key: &Key) -> SuccessorProof {
        self.root_place().and_then(|root| self.prove_in(root, key)).unwrap_or(SuccessorProof::Empty)
    }

    fn prove_in(&self, root: Place, key: &Key) -> Option<SuccessorProof> {
        let Some((first, _)) = self.first_at_or_after(key) else {
            let (leaf, turns) = self.way(root, |_| true);
            return path(leaf, &turns).map(SuccessorProof::AfterLast);
        };
        let (right_leaf, turns) = self.way(root, |position| first.bit(position));
        let Some(fork) = turns.iter().rposition(|turn| turn.right) else {
            return path(right_leaf, &turns).map(SuccessorProof::UpToFirst);
        };
        let (shared, rest) = turns.split_at_checked(fork)?;
        let (fork, below) = rest.split_first()?;
        let (left_leaf, left_turns) = self.way(fork.sibling, |_| true);
        let (left, right) = (path(left_leaf, &left_turns)?, path(right_leaf, below)?);
        Some(SuccessorProof::Between { left, right, shared: steps(shared) })
    }

    fn way(&self, mut place: Place, turns_right: impl Fn(u8) -> bool) -> ((Key, &[u64]), Vec<Turn>) {
        let mut turns = Vec::new();
        loop {
            match self.view(place) {
                View::Leaf { key, words } => return ((key, words), turns),
                View::Node { position, left, right } => {
                    let goes_right = turns_right(position);
                    let (next, sibling) = if goes_right { (right, left) } else { (left, right) };
                    turns.push(Turn { position, right: goes_right, sibling });
                    place = next;
                }
            }
        }
    }
}

fn path((key, words): (Key, &[u64]), turns: &[Turn]) -> Option<ProofPath> {
    Some(ProofPath { key, value: Value::new(words).ok()?, steps: steps(turns) })
}

/// From the leaf upward.
fn steps(turns: &[Turn]) -> Vec<ProofStep> {
    turns.iter().rev().map(|turn| ProofStep { position: turn.position, sibling: turn.sibling.digest }).collect()
}
