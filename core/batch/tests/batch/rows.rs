//! Rows, the data root, and what a code adds beside it.

use ashlar_batch::codec::encode;
use ashlar_batch::limits::{BATCH_BYTES_MAX, ROW_BYTES_MAX, ROWS_MAX};
use ashlar_batch::merkle::{Digest, ProofError, Tree, TreeHash, TreeKind};
use ashlar_batch::{BatchError, RowProof, Rows, Signatures, coded_root, data_root, row_bytes, unpad};
use ashlar_types::{from_bytes, to_bytes};
use proptest::prelude::*;

use crate::flow::{Flow, Mix};

fn bytes() -> Vec<u8> {
    encode(&Flow::new(Mix::SINGLE).batch(300)).unwrap()
}

#[test]
fn rows_are_as_long_as_their_number_asks() {
    for (length, row, rows) in [
        (1, 256, 1),
        (256, 256, 1),
        (257, 256, 2),
        (1 << 16, 256, 256),
        ((1 << 16) + 1, 512, 129),
        (BATCH_BYTES_MAX, ROW_BYTES_MAX, ROWS_MAX),
    ] {
        assert_eq!(row_bytes(length), row, "{length} bytes");
        assert_eq!(length.div_ceil(row), rows);
    }
    let long = vec![0; BATCH_BYTES_MAX + 1];
    let error = BatchError::TooLong { max: BATCH_BYTES_MAX, got: BATCH_BYTES_MAX + 1 };
    assert_eq!(Rows::of_batch(&long).unwrap_err(), error);
}

#[test]
fn every_row_is_proven() {
    let bytes = bytes();
    let rows = Rows::of_batch(&bytes).unwrap();
    let (root, tree) = (rows.root(), rows.tree().unwrap());
    assert_eq!(tree.root(), root);
    assert_eq!(data_root(&bytes).unwrap(), root);
    for index in 0..rows.count() {
        let row = rows.row(index).unwrap();
        let proof = RowProof::of(&tree, index as u32).unwrap();
        proof.verify(root, &row).unwrap();
        assert_eq!(from_bytes::<RowProof>(&to_bytes(&proof)).unwrap(), proof);
        let short = &row[..row.len() - 1];
        assert_eq!(proof.verify(root, short), Err(ProofError::RowBytes { got: row.len() - 1 }));
        let doubled = [row.clone(), row].concat();
        assert!(proof.verify(root, &doubled).is_err());
    }
    assert_eq!(rows.row(rows.count()), None);
}

#[test]
fn the_batch_is_found_within_its_rows() {
    let bytes = bytes();
    let padded = Rows::of_batch(&bytes).unwrap().to_padded();
    assert_eq!(unpad(&padded), Ok(bytes.as_slice()));
    assert_eq!(data_root(&padded).unwrap(), data_root(&bytes).unwrap(), "filling is not written down, and hashed");

    let mut dirty = padded.clone();
    *dirty.last_mut().unwrap() = 1;
    assert_eq!(unpad(&dirty), Err(BatchError::Padding { offset: padded.len() - 1, got: 1 }));
    let missing = &padded[..padded.len() - 256];
    assert_eq!(unpad(missing), Err(BatchError::Rows { expected: padded.len(), got: padded.len() - 256 }));
}

/// A code writes its rows behind the data's: the data root is the leftmost subtree of the tree over all of them.
#[test]
fn the_data_is_one_subtree_of_the_coded_data() {
    let hash = TreeHash::new(TreeKind::DATA);
    for count in [1usize, 2, 3, 5, 8, 13] {
        let data: Vec<u8> = (0..256 * count).map(|i| (i / 256 + i) as u8).collect();
        let rows = Rows::of_batch(&data).unwrap();
        let room = count.next_power_of_two();
        for doublings in 1..=2u32 {
            let mut leaves: Vec<Digest> = data.chunks(256).map(|row| hash.leaf(row)).collect();
            leaves.resize(room, Digest::EMPTY);
            let parity = (room..room << doublings).map(|i| hash.leaf(&[i as u8; 256]));
            leaves.extend(parity);
            let all = Tree::new(TreeKind::DATA, leaves).unwrap();
            let path = all.path(0).unwrap();
            let siblings = &path.siblings()[rows.height()..];
            assert_eq!(siblings.len(), doublings as usize);
            assert_eq!(coded_root(rows.root(), rows.height(), siblings), Some(all.root()));
            assert_ne!(coded_root(rows.root(), rows.height() + 1, siblings), Some(all.root()));
            // A row proof under the commitment is the one under the data root, with those siblings.
            RowProof::of(&all, 0).unwrap().verify(all.root(), &rows.row(0).unwrap()).unwrap();
        }
    }
    assert_eq!(coded_root(Digest::EMPTY, 0, &[Digest::EMPTY; 4]), None);
}

#[test]
fn signatures_are_as_many_as_messages() {
    let mut section = Signatures::new();
    assert_eq!(section.root(), Digest::EMPTY);
    for i in 0..9u8 {
        section.push(&[i; 64]).unwrap();
    }
    assert_eq!(section.len(), 9);
    assert_eq!(section.iter().nth(3), Some(&[3; 64]));
    assert_eq!(Signatures::from_bytes(9, section.as_bytes()).unwrap(), section);
    let error = BatchError::Signatures { expected: 640, got: 576 };
    assert_eq!(Signatures::from_bytes(10, section.as_bytes()), Err(error));
    assert_eq!(section.rows().unwrap().root(), section.root());
    assert_ne!(section.root(), data_root(section.as_bytes()).unwrap(), "another domain");
}

proptest! {
    #[test]
    fn any_altered_row_proof_fails(at: prop::sample::Index, row_bit: prop::sample::Index, bit: prop::sample::Index) {
        let bytes = bytes();
        let rows = Rows::of_batch(&bytes).unwrap();
        let (root, tree) = (rows.root(), rows.tree().unwrap());
        let index = at.index(rows.count());
        let row = rows.row(index).unwrap();
        let proof = RowProof::of(&tree, index as u32).unwrap();

        let mut altered = row.clone();
        altered[row_bit.index(8 * row.len()) / 8] ^= 1 << (row_bit.index(8 * row.len()) % 8);
        let is_wrong_root = matches!(proof.verify(root, &altered), Err(ProofError::WrongRoot { .. }));
        prop_assert!(is_wrong_root);

        let mut encoded = to_bytes(&proof);
        let bit = bit.index(8 * encoded.len());
        encoded[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = from_bytes::<RowProof>(&encoded) {
            prop_assert!(other.verify(root, &row).is_err());
        }
    }
}
