use ashlar_replica::Epoch;
use ashlar_types::sign::{SchnorrSigned, SessionSecret, SignatureError, verify};
use ashlar_types::{Domain, ExchangeId, Sequence};

use super::link::{ChainHash, Link};
use crate::limits::RECEIPT_LINKS_MAX;

/// The end of the chain at some moment, signed by the node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignedHead {
    /// In which order of everything.
    pub epoch: Epoch,
    /// The number of the first command of the last link.
    pub last: Sequence,
    /// The chain up to that link.
    pub head: ChainHash,
    /// By the node's key, over [`SignedHead::digest`].
    pub signature: [u8; 64],
}

impl SignedHead {
    /// What the node signs (SPEC Q-4).
    pub fn digest(exchange: &ExchangeId, epoch: Epoch, last: Sequence, head: &ChainHash) -> [u8; 32] {
        let (epoch, last) = (epoch.get().to_be_bytes(), last.get().to_be_bytes());
        Domain::DOOR_SIGNATURE.hash(&[&exchange.0, &epoch, &last, &head.0])
    }

    /// Whether the node of this key signed it.
    pub fn check(&self, exchange: &ExchangeId, node: &[u8; 32]) -> Result<(), ReceiptError> {
        let digest = Self::digest(exchange, self.epoch, self.last, &self.head);
        let signed = SchnorrSigned { public: *node, message: &digest, signature: self.signature };
        verify(&signed).map_err(ReceiptError::Signature)
    }
}

/// The key by which a node signs what it ordered.
#[derive(Clone, Debug)]
pub struct NodeKey {
    secret: SessionSecret,
    public: [u8; 32],
}

impl NodeKey {
    /// The key of these 32 bytes.
    pub fn new(secret: &[u8; 32]) -> Result<NodeKey, SignatureError> {
        let secret = SessionSecret::new(secret)?;
        Ok(NodeKey { public: secret.public(), secret })
    }

    /// What whoever checks its receipts has to know.
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Signs the end of the chain.
    pub fn sign(
        &self,
        exchange: &ExchangeId,
        epoch: Epoch,
        last: Sequence,
        head: ChainHash,
    ) -> Result<SignedHead, SignatureError> {
        let digest = SignedHead::digest(exchange, epoch, last, &head);
        let signature = self.secret.sign(&digest, &[0; 32])?;
        Ok(SignedHead { epoch, last, head, signature })
    }

    /// A number for a moment that nobody knows who does not have the key: what is sampled is chosen by it (SPEC Y-7).
    pub(crate) fn draw(&self, exchange: &ExchangeId, now_ms: u64) -> Result<u64, SignatureError> {
        let digest = Domain::SAMPLES.hash(&[&exchange.0, &now_ms.to_be_bytes()]);
        let signature = self.secret.sign(&digest, &[0; 32])?;
        let [.., a, b, c, d, e, f, g, h] = signature;
        Ok(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// That an input has a certain place: its link, the chain before it, the links after it up to an end that is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SequenceReceipt {
    /// The chain before it.
    pub previous: ChainHash,
    /// The place.
    pub link: Link,
    /// What followed, up to the signed end.
    pub later: Vec<Link>,
    /// The signed end.
    pub signed: SignedHead,
}

/// Why a sequence receipt shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not the node's signature.
    #[error("the end of the chain is not signed by this node: {0}")]
    Signature(SignatureError),
    /// More links than one group commit can have.
    #[error("the receipt has {got} later links; a group has at most {max}")]
    TooManyLinks {
        /// How many.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// The links do not join.
    #[error("a link begins at {got} where the one before ends at {expected}")]
    Gap {
        /// Where it should begin.
        expected: u64,
        /// Where it begins.
        got: u64,
    },
    /// A link of another epoch than the end.
    #[error("a link is of epoch {got}, the signed end of {expected}")]
    Epoch {
        /// The end's.
        expected: u64,
        /// The link's.
        got: u64,
    },
    /// The links do not lead to the signed end.
    #[error("the links lead to another end than the one that is signed")]
    Head,
    /// Two receipts that do not contradict each other.
    #[error("the two receipts agree, or are about different places")]
    NoContradiction,
    /// What they name rests on different L1 blocks, of which one may be gone.
    #[error("the receipts rest on different L1 blocks; one of them may be no part of L1 any more")]
    DifferentL1,
}

impl SequenceReceipt {
    /// Whether the node of this key promised this place (SPEC Q-5).
    pub fn check(&self, exchange: &ExchangeId, node: &[u8; 32]) -> Result<(), ReceiptError> {
        if self.later.len() > RECEIPT_LINKS_MAX {
            return Err(ReceiptError::TooManyLinks { got: self.later.len(), max: RECEIPT_LINKS_MAX });
        }
        let mut head = self.link.after(exchange, &self.previous);
        let mut last = &self.link;
        for link in &self.later {
            if link.sequence != last.next_sequence() {
                return Err(ReceiptError::Gap { expected: last.next_sequence().get(), got: link.sequence.get() });
            }
            (head, last) = (link.after(exchange, &head), link);
        }
        if last.sequence != self.signed.last {
            return Err(ReceiptError::Gap { expected: self.signed.last.get(), got: last.sequence.get() });
        }
        let epoch = self.signed.epoch;
        if let Some(other) = [&self.link].into_iter().chain(&self.later).find(|link| link.epoch != epoch) {
            return Err(ReceiptError::Epoch { expected: epoch.get(), got: other.epoch.get() });
        }
        if head != self.signed.head {
            return Err(ReceiptError::Head);
        }
        self.signed.check(exchange, node)
    }
}

/// Shows that a node gave one place to two inputs: both receipts hold, they are of the same epoch and L1 block, their ranges meet, and they differ (SPEC Q-6).
pub fn check_equivocation(
    exchange: &ExchangeId,
    node: &[u8; 32],
    one: &SequenceReceipt,
    other: &SequenceReceipt,
) -> Result<(), ReceiptError> {
    one.check(exchange, node)?;
    other.check(exchange, node)?;
    let (a, b) = (&one.link, &other.link);
    let meet = a.sequence < b.next_sequence() && b.sequence < a.next_sequence();
    if a.epoch != b.epoch || !meet || (a == b && one.previous == other.previous) {
        return Err(ReceiptError::NoContradiction);
    }
    if a.l1_block != b.l1_block { Err(ReceiptError::DifferentL1) } else { Ok(()) }
}
