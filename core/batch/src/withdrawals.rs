//! What may be claimed on L1 once a batch is final (B-33).

use ashlar_types::{Address, Amount, AssetId, Decode, DecodeError, Encode, Reader, WithdrawalIndex, Writer};

use crate::merkle::{Digest, Path, ProofError, RootBuilder, Tree, TreeHash, TreeKind};

/// One claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Withdrawal {
    /// Its index over the life of the exchange: what L1 marks as paid.
    pub index: WithdrawalIndex,
    /// Who is paid.
    pub to: Address,
    /// Of what.
    pub asset: AssetId,
    /// How much, in the exchange's units.
    pub amount: Amount,
}

impl Withdrawal {
    /// Bytes of a leaf: one block with its padding.
    pub const LEAF_BYTES: usize = 38;

    /// `abi.encodePacked(uint64 index, address to, uint16 asset, uint64 amount)`.
    pub fn leaf(&self) -> [u8; Self::LEAF_BYTES] {
        let mut leaf = [0; Self::LEAF_BYTES];
        leaf[..8].copy_from_slice(&self.index.get().to_be_bytes());
        leaf[8..28].copy_from_slice(&self.to.0);
        leaf[28..30].copy_from_slice(&self.asset.get().to_be_bytes());
        leaf[30..].copy_from_slice(&self.amount.get().to_be_bytes());
        leaf
    }
}

/// The withdrawals of a batch as they are made: leaf `i` is the one whose index is the batch's first plus `i`.
#[derive(Clone, Debug)]
pub struct WithdrawalsRoot {
    builder: RootBuilder,
}

impl Default for WithdrawalsRoot {
    fn default() -> Self {
        Self::new()
    }
}

impl WithdrawalsRoot {
    /// None yet.
    pub fn new() -> WithdrawalsRoot {
        WithdrawalsRoot { builder: RootBuilder::new(TreeKind::WITHDRAWALS) }
    }

    /// Appends one: two compressions. `false` if the tree is full, beyond what a batch can make.
    pub fn push(&mut self, withdrawal: &Withdrawal) -> bool {
        self.builder.push(&withdrawal.leaf())
    }

    /// The root so far; the empty digest without any.
    pub fn root(&self) -> Digest {
        self.builder.root()
    }
}

/// The tree over a batch's withdrawals, for their proofs; `None` if they are more than a tree holds.
pub fn withdrawals_tree(withdrawals: &[Withdrawal]) -> Option<Tree> {
    let hash = TreeHash::new(TreeKind::WITHDRAWALS);
    Tree::new(TreeKind::WITHDRAWALS, withdrawals.iter().map(|of| hash.leaf(&of.leaf())).collect())
}

/// That a withdrawal was made in a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithdrawalProof {
    path: Path,
}

impl WithdrawalProof {
    /// Of the withdrawal at a place in the batch; `None` if there is none.
    pub fn of(tree: &Tree, place: u32) -> Option<WithdrawalProof> {
        Some(WithdrawalProof { path: tree.path(place)? })
    }

    /// What L1 is given beside the withdrawal.
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the withdrawal is in a batch with this root whose first withdrawal has the index `first`.
    pub fn verify(&self, root: Digest, first: WithdrawalIndex, withdrawal: &Withdrawal) -> Result<(), ProofError> {
        let got = first.get().saturating_add(self.path.index().into());
        if withdrawal.index.get() != got {
            return Err(ProofError::WrongIndex { expected: withdrawal.index.get(), got });
        }
        let hash = TreeHash::new(TreeKind::WITHDRAWALS);
        self.path.verify(&hash, root, hash.leaf(&withdrawal.leaf()))
    }
}

impl Encode for WithdrawalProof {
    fn encode(&self, writer: &mut Writer) {
        self.path.encode(writer);
    }
}

impl Decode for WithdrawalProof {
    const BYTES_MAX: usize = Path::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(WithdrawalProof { path: Path::decode(reader)? })
    }
}
