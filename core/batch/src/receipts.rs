//! What each command of a batch did (B-34).
//!
//! A leaf is the receipt's encoding without its sequence number, which the leaf's place says, and the command's events
//! after it. Without events that is 48 bytes at most: one block, and one more for the node above it.

use ashlar_types::{Decode, DecodeError, Encode, Event, Reader, Receipt, Sequence, Writer};

use crate::merkle::{Digest, Path, ProofError, RootBuilder, Tree, TreeHash, TreeKind};

/// Words of the sequence number with which the encoding of a receipt begins.
const SEQUENCE_WORDS: usize = 1;

/// Writes a receipt and its events into memory that is used again. The leaf is what follows the sequence number.
fn write<'a>(scratch: &'a mut Writer, receipt: &Receipt, events: &[Event]) -> &'a Writer {
    scratch.clear();
    receipt.encode(scratch);
    for event in events {
        event.encode(scratch);
    }
    scratch
}

/// The receipts of a batch as they come: leaf `i` is that of the batch's first sequence number plus `i`.
#[derive(Clone, Debug)]
pub struct ReceiptsRoot {
    builder: RootBuilder,
    scratch: Writer,
}

impl Default for ReceiptsRoot {
    fn default() -> Self {
        Self::new()
    }
}

impl ReceiptsRoot {
    /// None yet.
    pub fn new() -> ReceiptsRoot {
        ReceiptsRoot { builder: RootBuilder::new(TreeKind::RECEIPTS), scratch: Writer::new() }
    }

    /// Appends what the next command did. `false` if the tree is full, beyond what a batch can hold.
    pub fn push(&mut self, receipt: &Receipt, events: &[Event]) -> bool {
        self.builder.push_written(write(&mut self.scratch, receipt, events), SEQUENCE_WORDS)
    }

    /// The root so far.
    pub fn root(&self) -> Digest {
        self.builder.root()
    }
}

/// The tree over a batch's receipts, for their proofs; `None` if they are more than a tree holds.
pub fn receipts_tree<'a>(receipts: impl Iterator<Item = (&'a Receipt, &'a [Event])>) -> Option<Tree> {
    let hash = TreeHash::new(TreeKind::RECEIPTS);
    let mut scratch = Writer::new();
    let leaf = |(receipt, events)| hash.leaf_written(write(&mut scratch, receipt, events), SEQUENCE_WORDS);
    let leaves = receipts.map(leaf).collect();
    Tree::new(TreeKind::RECEIPTS, leaves)
}

/// That a command of a batch did what its receipt and events say, and nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptProof {
    path: Path,
}

impl ReceiptProof {
    /// Of the command at a place in the batch; `None` if there is none.
    pub fn of(tree: &Tree, place: u32) -> Option<ReceiptProof> {
        Some(ReceiptProof { path: tree.path(place)? })
    }

    /// What leads from the leaf to the root.
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// Whether they are those of a batch with this root whose first command has the number `first`.
    pub fn verify(&self, root: Digest, first: Sequence, receipt: &Receipt, events: &[Event]) -> Result<(), ProofError> {
        let got = first.get().saturating_add(self.path.index().into());
        if receipt.sequence.get() != got {
            return Err(ProofError::WrongIndex { expected: receipt.sequence.get(), got });
        }
        let hash = TreeHash::new(TreeKind::RECEIPTS);
        let mut scratch = Writer::new();
        self.path.verify(&hash, root, hash.leaf_written(write(&mut scratch, receipt, events), SEQUENCE_WORDS))
    }
}

impl Encode for ReceiptProof {
    fn encode(&self, writer: &mut Writer) {
        self.path.encode(writer);
    }
}

impl Decode for ReceiptProof {
    const BYTES_MAX: usize = Path::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(ReceiptProof { path: Path::decode(reader)? })
    }
}

const _: () = assert!(Receipt::BYTES_MAX - 8 * SEQUENCE_WORDS <= 55, "a receipt without events is one block");
