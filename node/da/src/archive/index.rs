//! The index over everything archived: a tree of any branching, which grows at its right edge, so that each entry is proven against one
//! root that everybody can keep.
//!
//! 1. A node over fewer children than it could have is another node than with more: their count is part of what is hashed, as are its
//!    level, and under the root the branching and the count of entries. So there is one root for each sequence of entries and branching.
//! 2. Whole nodes never change again. A root is computed from at most one node that is not whole on each level.

use ashlar_types::{Decode, DecodeError, Domain, Encode, Reader, Writer};

/// A node of the index.
pub type Node = [u8; 32];

/// Entries that an index can have.
pub const ENTRIES_MAX: u64 = 1 << 48;

/// Children of a node that has all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Branching(u16);

impl Branching {
    /// Of this many; `None` below 2 or above 256.
    pub const fn new(children: u16) -> Option<Branching> {
        if children >= 2 && children <= 256 { Some(Branching(children)) } else { None }
    }

    /// How many.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Levels of nodes above so many entries.
    pub const fn height(self, count: u64) -> u32 {
        let (mut height, mut width) = (0, 1_u64);
        while width < count {
            width = width.saturating_mul(self.0 as u64);
            height += 1;
        }
        height
    }

    /// Entries below a whole node of a level; at most what a number holds.
    const fn span(self, level: u32) -> u64 {
        (self.0 as u64).saturating_pow(level)
    }

    /// Nodes of a level over so many entries.
    const fn nodes(self, level: u32, count: u64) -> u64 {
        count.div_ceil(self.span(level))
    }
}

/// The leaf of an entry's encoding.
pub fn leaf(entry: &[u8]) -> Node {
    Domain::ARCHIVE.hash(&[&[0], entry])
}

fn node(level: u32, children: &[Node]) -> Node {
    let (level, count) = (level as u8, children.len() as u16);
    Domain::ARCHIVE.hash(&[&[1, level], &count.to_le_bytes(), children.as_flattened()])
}

fn root_of(branching: Branching, count: u64, top: &Node) -> Node {
    Domain::ARCHIVE.hash(&[&[2], &branching.0.to_le_bytes(), &count.to_le_bytes(), top])
}

/// Where whole nodes are kept.
pub trait Nodes {
    /// Why it failed.
    type Error;

    /// A whole node.
    fn node(&self, level: u32, index: u64) -> Result<Node, Self::Error>;
}

/// The nodes that become whole with one more leaf, which is the entry of number `count`, the leaf itself first.
pub fn completed<N: Nodes>(
    nodes: &N,
    branching: Branching,
    count: u64,
    leaf: Node,
) -> Result<Vec<(u32, u64, Node)>, N::Error> {
    let mut whole = vec![(0, count, leaf)];
    let mut last = (count, leaf);
    for level in 1.. {
        let (index, child) = last;
        let children = u64::from(branching.0);
        if index % children != children - 1 {
            break;
        }
        let mut group =
            (index + 1 - children..index).map(|at| nodes.node(level - 1, at)).collect::<Result<Vec<_>, _>>()?;
        group.push(child);
        last = (index / children, node(level, &group));
        whole.push((level, last.0, last.1));
    }
    Ok(whole)
}

/// A node over the entries there are, whole or not.
fn at<N: Nodes>(nodes: &N, branching: Branching, count: u64, level: u32, index: u64) -> Result<Node, N::Error> {
    if (index + 1).saturating_mul(branching.span(level)) <= count {
        return nodes.node(level, index);
    }
    Ok(node(level, &group(nodes, branching, count, level - 1, index)?))
}

/// The children on a level below the node of this index.
fn group<N: Nodes>(nodes: &N, branching: Branching, count: u64, level: u32, index: u64) -> Result<Vec<Node>, N::Error> {
    let children = u64::from(branching.0);
    let end = ((index + 1).saturating_mul(children)).min(branching.nodes(level, count));
    (index * children..end).map(|child| at(nodes, branching, count, level, child)).collect()
}

/// The root over so many entries; with none, that of an empty index.
pub fn root<N: Nodes>(nodes: &N, branching: Branching, count: u64) -> Result<Node, N::Error> {
    let top = if count == 0 { [0; 32] } else { at(nodes, branching, count, branching.height(count), 0)? };
    Ok(root_of(branching, count, &top))
}

/// That an entry is in an index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexProof {
    /// Children of a whole node.
    pub branching: Branching,
    /// Entries in all.
    pub count: u64,
    /// Which of them it is.
    pub position: u64,
    /// On each level, the lowest first, the other children of the node above.
    pub siblings: Vec<Vec<Node>>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IndexProofError {
    /// Its numbers are those of no index.
    #[error("entry {position} of {count} is in no index")]
    Position {
        /// Which entry.
        position: u64,
        /// Of how many.
        count: u64,
    },
    /// It has another number of levels, or of siblings on one, than an index of its size.
    #[error("level {level} of the proof has {got} siblings; there are {expected}")]
    Siblings {
        /// Which level; the number of levels if it is beyond them.
        level: usize,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// It leads to another root.
    #[error("the proof leads to another root than that of the archive")]
    Root,
}

/// Proves an entry against the root over so many.
pub fn prove<N: Nodes>(nodes: &N, branching: Branching, count: u64, position: u64) -> Result<IndexProof, N::Error> {
    let mut siblings = Vec::new();
    for level in 0..branching.height(count) {
        let index = position / branching.span(level);
        let mut others = group(nodes, branching, count, level, index / u64::from(branching.0))?;
        others.remove((index % u64::from(branching.0)) as usize);
        siblings.push(others);
    }
    Ok(IndexProof { branching, count, position, siblings })
}

impl IndexProof {
    /// Whether the entry of this encoding is where the proof says, under this root.
    pub fn verify(&self, root: &Node, entry: &[u8]) -> Result<(), IndexProofError> {
        let IndexProof { branching, count, position, .. } = *self;
        if position >= count || count > ENTRIES_MAX {
            return Err(IndexProofError::Position { position, count });
        }
        let height = branching.height(count) as usize;
        if self.siblings.len() != height {
            return Err(IndexProofError::Siblings { level: height, expected: 0, got: self.siblings.len() });
        }
        let mut above = leaf(entry);
        for (level, others) in (0u32..).zip(&self.siblings) {
            let (index, children) = (position / branching.span(level), u64::from(branching.0));
            let first = index / children * children;
            let expected = (children.min(branching.nodes(level, count) - first) - 1) as usize;
            if others.len() != expected {
                return Err(IndexProofError::Siblings { level: level as usize, expected, got: others.len() });
            }
            let mut group = others.clone();
            group.insert((index - first) as usize, above);
            above = node(level + 1, &group);
        }
        if root_of(branching, count, &above) == *root { Ok(()) } else { Err(IndexProofError::Root) }
    }
}

impl Encode for IndexProof {
    fn encode(&self, writer: &mut Writer) {
        writer.u16(self.branching.0);
        writer.u64(self.count);
        writer.u64(self.position);
        writer.u8(self.siblings.len() as u8);
        for others in &self.siblings {
            writer.u8(others.len() as u8);
            writer.bytes(others.as_flattened());
        }
    }
}

impl Decode for IndexProof {
    const BYTES_MAX: usize = 2 + 8 + 8 + 1 + 48 * (1 + 255 * 32);

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let children = reader.u16()?;
        let wrong = DecodeError::OutOfRange { what: "branching", got: children.into(), offset };
        let branching = Branching::new(children).ok_or(wrong)?;
        let (count, position) = (reader.u64()?, reader.u64()?);
        let offset = reader.offset();
        let levels = reader.u8()?;
        if levels > 48 {
            return Err(DecodeError::TooMany { what: "levels", max: 48, got: levels.into(), offset });
        }
        let others =
            |reader: &mut Reader<'_>| (0..reader.u8()?).map(|_| reader.array()).collect::<Result<Vec<Node>, _>>();
        let siblings = (0..levels).map(|_| others(reader)).collect::<Result<_, _>>()?;
        Ok(IndexProof { branching, count, position, siblings })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ashlar_types::{from_bytes, to_bytes};

    use super::*;

    #[derive(Default)]
    struct Kept(HashMap<(u32, u64), Node>);

    impl Nodes for Kept {
        type Error = (u32, u64);

        fn node(&self, level: u32, index: u64) -> Result<Node, (u32, u64)> {
            self.0.get(&(level, index)).copied().ok_or((level, index))
        }
    }

    /// Hashed again from all leaves: what the incremental one must equal.
    fn naive(branching: Branching, entries: &[Vec<u8>]) -> Node {
        let mut level: Vec<Node> = entries.iter().map(|entry| leaf(entry)).collect();
        let mut height = 0;
        while level.len() > 1 {
            height += 1;
            level = level.chunks(branching.get().into()).map(|children| node(height, children)).collect();
        }
        root_of(branching, entries.len() as u64, level.first().unwrap_or(&[0; 32]))
    }

    #[test]
    fn every_entry_is_proven_at_every_size_and_branching_and_nothing_else_is() {
        for children in [2, 3, 16, 256] {
            let branching = Branching::new(children).unwrap();
            let (mut kept, mut entries) = (Kept::default(), Vec::new());
            for count in 0..300_u64 {
                let root = root(&kept, branching, count).unwrap();
                assert_eq!(root, naive(branching, &entries), "{count} entries, branching {children}");
                for position in (0..count).filter(|position| count < 40 || (position * 7 + count) % 31 == 0) {
                    let proof = prove(&kept, branching, count, position).unwrap();
                    let entry = &entries[position as usize];
                    proof.verify(&root, entry).unwrap();
                    assert_eq!(from_bytes::<IndexProof>(&to_bytes(&proof)).unwrap(), proof);
                    assert_eq!(proof.verify(&root, b"another"), Err(IndexProofError::Root));
                    let elsewhere = IndexProof { position: (position + 1) % count, ..proof.clone() };
                    assert!(count == 1 || elsewhere.verify(&root, entry).is_err());
                    assert!(IndexProof { count: count + 1, ..proof.clone() }.verify(&root, entry).is_err());
                    assert!(IndexProof { position: count, ..proof }.verify(&root, entry).is_err());
                }
                let entry = count.to_le_bytes().to_vec();
                for (level, index, node) in completed(&kept, branching, count, leaf(&entry)).unwrap() {
                    assert!(kept.0.insert((level, index), node).is_none(), "a whole node never changes");
                }
                entries.push(entry);
            }
        }
        assert!([0, 1, 257].iter().all(|children| Branching::new(*children).is_none()));
    }
}
