extern crate std;

use alloc::vec::Vec;

use ashlar_types::{Domain, from_bytes, to_bytes};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Digest, Path, ProofError, RootBuilder, Tree, TreeHash, TreeKind, height};

/// The rule as the specification says it, with the plain hash function and nothing saved.
fn naive(kind: (Domain, Domain), leaves: &[Vec<u8>]) -> Digest {
    fn keep(hash: [u8; 32]) -> [u8; 27] {
        *hash.first_chunk().unwrap()
    }
    let (leaf, node) = kind;
    let mut level: Vec<[u8; 27]> = leaves.iter().map(|bytes| keep(leaf.hash(&[leaf.bytes(), bytes]))).collect();
    level.resize(leaves.len().next_power_of_two(), [0; 27]);
    for above in 1.. {
        if level.len() == 1 {
            break;
        }
        let join = |pair: &[[u8; 27]]| match pair {
            [[0, ..], [0, ..]] if pair.iter().flatten().all(|byte| *byte == 0) => [0; 27],
            pair => keep(node.hash(&[node.bytes(), &pair[0], &[above], &pair[1]])),
        };
        level = level.chunks(2).map(join).collect();
    }
    from_bytes(&level[0]).unwrap()
}

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|i| alloc::vec![i as u8; i % 130]).collect()
}

fn tree(kind: TreeKind, leaves: &[Vec<u8>]) -> Tree {
    let hash = TreeHash::new(kind);
    Tree::new(kind, leaves.iter().map(|bytes| hash.leaf(bytes)).collect()).unwrap()
}

#[test]
fn three_ways_to_one_root() {
    for count in 0..70 {
        let leaves = leaves(count);
        let mut builder = RootBuilder::new(TreeKind::RECEIPTS);
        leaves.iter().for_each(|leaf| assert!(builder.push(leaf)));
        let expected = naive((Domain::RECEIPT_LEAF, Domain::RECEIPT_NODE), &leaves);
        assert_eq!(builder.root(), expected, "{count} leaves, one by one");
        assert_eq!(tree(TreeKind::RECEIPTS, &leaves).root(), expected, "{count} leaves, in memory");
        assert_eq!(count == 0, expected == Digest::EMPTY);
    }
}

#[test]
fn every_leaf_is_proven_in_its_place_only() {
    let hash = TreeHash::new(TreeKind::DATA);
    for count in 1..34 {
        let leaves = leaves(count);
        let tree = tree(TreeKind::DATA, &leaves);
        for (index, leaf) in leaves.iter().enumerate() {
            let path = tree.path(index as u32).unwrap();
            assert_eq!(path.siblings().len(), height(count));
            path.verify(&hash, tree.root(), hash.leaf(leaf)).unwrap();
            for other in (0..count as u32).filter(|other| *other != index as u32) {
                let moved = Path::new(other, path.siblings().to_vec());
                assert!(matches!(moved.verify(&hash, tree.root(), hash.leaf(leaf)), Err(ProofError::WrongRoot { .. })));
            }
            let shorter = Path::new(0, path.siblings().get(1..).unwrap_or(&[]).to_vec());
            if !path.siblings().is_empty() {
                assert!(shorter.verify(&hash, tree.root(), hash.leaf(leaf)).is_err());
            }
        }
        assert_eq!(tree.path(count as u32), None, "an absent leaf has no path");
    }
}

#[test]
fn a_tree_of_another_kind_has_another_root() {
    let leaves = leaves(3);
    let kinds = [TreeKind::DATA, TreeKind::SIGNATURES, TreeKind::RECEIPTS, TreeKind::WITHDRAWALS];
    let roots: Vec<Digest> = kinds.iter().map(|kind| tree(*kind, &leaves).root()).collect();
    for (i, root) in roots.iter().enumerate() {
        assert!(!roots[..i].contains(root));
    }
}

#[test]
fn a_path_beyond_its_tree_is_an_error() {
    let hash = TreeHash::new(TreeKind::DATA);
    let path = Path::new(2, alloc::vec![Digest::EMPTY]);
    let leaf = hash.leaf(b"row");
    assert_eq!(path.root(&hash, leaf), Err(ProofError::IndexBeyondTree { room: 2, got: 2 }));
    let path = Path::new(0, alloc::vec![Digest::EMPTY; 21]);
    assert_eq!(path.root(&hash, leaf), Err(ProofError::TooHigh { max: 20, got: 21 }));
}

proptest! {
    #[test]
    fn any_altered_proof_fails(count in 1usize..40, at: prop::sample::Index, bit: prop::sample::Index) {
        let leaves = leaves(count);
        let hash = TreeHash::new(TreeKind::WITHDRAWALS);
        let tree = tree(TreeKind::WITHDRAWALS, &leaves);
        let index = at.index(count);
        let path = tree.path(index as u32).unwrap();
        let bytes = to_bytes(&path);
        prop_assert_eq!(&from_bytes::<Path>(&bytes).unwrap(), &path);
        let mut altered = bytes.clone();
        let bit = bit.index(8 * bytes.len());
        altered[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = from_bytes::<Path>(&altered) {
            prop_assert!(other.verify(&hash, tree.root(), hash.leaf(&leaves[index])).is_err());
        }
    }

    #[test]
    fn a_path_has_one_encoding(bytes in vec(any::<u8>(), 0..600)) {
        if let Ok(path) = from_bytes::<Path>(&bytes) {
            prop_assert_eq!(to_bytes(&path), bytes);
        }
    }

    #[test]
    fn a_word_has_one_digest(word: [u8; 32]) {
        prop_assert_eq!(Digest::from_word(&word).is_some(), word[27..] == [0; 5]);
        let mut word = word;
        word[27..].fill(0);
        let digest = Digest::from_word(&word).unwrap();
        prop_assert_eq!(digest.to_word(), word);
        prop_assert_eq!(to_bytes(&digest), &word[..27]);
        prop_assert_eq!(Digest::from_words(*digest.words()), Some(digest));
    }
}
