//! The concrete choices among what Plonky3 offers.

use p3_blake3::Blake3;
use p3_commit::{ExtensionMmcs, Mmcs};
use p3_dft::Radix2DitParallel;
use p3_field::PrimeField32;
use p3_field::extension::QuinticTrinomialExtensionField;
use p3_fri::TwoAdicFriFolding;
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CompressionFunctionFromHasher, CryptographicHasher, SerializingHasher};

/// The field of the data.
pub type Val = KoalaBear;
/// The field of what is drawn at random: 155 bits.
pub type Challenge = QuinticTrinomialExtensionField<KoalaBear>;

/// Bytes of a digest.
pub(crate) const DIGEST_BYTES: usize = 32;
/// A digest.
pub(crate) type Hash = [u8; DIGEST_BYTES];

/// BLAKE3 of elements as they are in memory, which is what Plonky3 hashes too: a byte at a time, where many rows are hashed, and that takes longer than the
/// hashes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaves;

impl CryptographicHasher<Val, Hash> for Leaves {
    const LANES: usize = <Blake3 as CryptographicHasher<u8, Hash>>::LANES;

    fn hash_iter<I: IntoIterator<Item = Val>>(&self, elements: I) -> Hash {
        SerializingHasher::new(Blake3).hash_iter(elements)
    }

    fn hash_many(&self, elements: &[Val], hashes: &mut [Hash]) {
        let mut bytes = alloc::vec![0; size_of_val(elements)];
        for (to, element) in bytes.as_chunks_mut().0.iter_mut().zip(elements) {
            *to = element.to_unique_u32().to_le_bytes();
        }
        Blake3.hash_many(&bytes, hashes);
    }
}

type Nodes = CompressionFunctionFromHasher<Blake3, 2, DIGEST_BYTES>;
/// Trees over rows of the data's field.
pub(crate) type Rows = MerkleTreeMmcs<Val, u8, Leaves, Nodes, 2, DIGEST_BYTES>;
/// Trees over rows of the larger field.
pub(crate) type Folds = ExtensionMmcs<Val, Challenge, Rows>;
pub(crate) type RowTree = <Rows as Mmcs<Val>>::ProverData<RowMajorMatrix<Val>>;
pub(crate) type FoldTree = <Folds as Mmcs<Challenge>>::ProverData<RowMajorMatrix<Challenge>>;
pub(crate) type Root = <Rows as Mmcs<Val>>::Commitment;

pub(crate) type Transform = Radix2DitParallel<Val>;
pub(crate) type Folding = TwoAdicFriFolding<(), ()>;
pub(crate) const FOLDING: Folding = TwoAdicFriFolding(core::marker::PhantomData);

pub(crate) const fn rows() -> Rows {
    Rows::new(Leaves, Nodes::new(Blake3), 0)
}

pub(crate) const fn folds() -> Folds {
    Folds::new(rows())
}

/// The one digest of a root.
pub(crate) fn digest(root: &Root) -> Hash {
    root.roots().first().copied().unwrap_or_default()
}

pub(crate) fn root(hash: Hash) -> Root {
    Root::new(alloc::vec![hash])
}
