//! A message on its way in, and what comes back.

use std::net::IpAddr;

use ashlar_types::sign::SignatureError;
use ashlar_types::{Decode, DecodeError, Header, Message, Reason, Sequence, Signer, from_bytes, to_bytes};

use super::feed::Line;

/// A signature, by the scheme that the message's header names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signature {
    /// BIP-340 by a session key.
    Session([u8; 64]),
    /// EIP-712 by the owner's wallet: `r`, `s`, `v`.
    Owner([u8; 65]),
}

impl Signature {
    /// The signature of these bytes: 64 are a session key's, 65 a wallet's.
    pub fn from_bytes(bytes: &[u8]) -> Option<Signature> {
        match bytes.len() {
            64 => bytes.try_into().ok().map(Signature::Session),
            65 => bytes.try_into().ok().map(Signature::Owner),
            _ => None,
        }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Signature::Session(bytes) => bytes,
            Signature::Owner(bytes) => bytes,
        }
    }
}

/// A message with the bytes that were signed. The two always agree, and the signature is of the scheme that the header names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    message: Message,
    bytes: Vec<u8>,
    signature: Signature,
}

impl Signed {
    /// From canonical bytes, without a version.
    pub fn decode(bytes: Vec<u8>, signature: Signature) -> Result<Signed, Refusal> {
        const { assert!(Message::BYTES_MAX <= crate::limits::BODY_BYTES_MAX) };
        let message = from_bytes::<Message>(&bytes)?;
        Signed::matching(message, bytes, signature)
    }

    /// From a message in words.
    pub fn new(message: Message, signature: Signature) -> Result<Signed, Refusal> {
        let bytes = to_bytes(&message);
        // What was put together from words may be more than a message can hold; a decoder knows.
        Signed::decode(bytes, signature)
    }

    fn matching(message: Message, bytes: Vec<u8>, signature: Signature) -> Result<Signed, Refusal> {
        match (message.header.signer, signature) {
            (Signer::Session { .. }, Signature::Session(_)) | (Signer::Owner, Signature::Owner(_)) => {
                Ok(Signed { message, bytes, signature })
            }
            _ => Err(Refusal::Signature(SignatureError::WrongScheme)),
        }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Who speaks, once, and until when.
    pub fn header(&self) -> &Header {
        &self.message.header
    }

    /// The canonical bytes that were signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The parts.
    pub fn into_parts(self) -> (Message, Vec<u8>, Signature) {
        (self.message, self.bytes, self.signature)
    }
}

/// Where a message came from, for limits by address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The peer's address.
    pub ip: IpAddr,
}

/// What a message was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// Events and receipts of the message's commands, in their order.
    pub lines: Vec<Line>,
    /// Its place in the order of everything, as the sequencer signs for it.
    pub place: SequenceReceipt,
    /// What is left of the sender's allowance.
    pub allowance: Option<Allowance>,
}

/// What is left of a sender's allowance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Commands that may be sent at once.
    pub limit: u32,
    /// Commands left now.
    pub remaining: u32,
    /// When the full allowance is there again, in milliseconds from now.
    pub reset_ms: u32,
}

/// The link that a message is in the chain of receipts at the door.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SequenceReceipt {
    /// The term of the sequencer that gave it.
    pub epoch: u64,
    /// The number of the message's first command.
    pub first: Sequence,
    /// The hash of the input.
    pub command_hash: [u8; 32],
    /// The link before.
    pub previous: [u8; 32],
    /// The hash of the last L1 block of which the inbox was consumed.
    pub l1_block: [u8; 32],
    /// This link.
    pub hash: [u8; 32],
    /// The signed end of the group it was committed with.
    pub seal: GroupSeal,
}

/// What the sequencer signs once per group commit: the last link of the group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupSeal {
    /// The number of the first command of the group's last message.
    pub last: Sequence,
    /// That message's link.
    pub hash: [u8; 32],
    /// The sequencer's BIP-340 signature of the link.
    pub signature: [u8; 64],
}

/// Why a message was not let in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no message.
    #[error("the message cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// The signature is not one of this message by the key that its header names.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// The exchange would refuse the message whole, for this reason.
    #[error("the exchange would refuse the message whole: {0:?}; correct its header and sign again")]
    Inadmissible(Reason),
    /// Another message used this nonce.
    #[error("nonce {nonce} was used by another message, answered at {first}; use a higher one", first = .first.get())]
    NonceTaken {
        /// The nonce.
        nonce: u64,
        /// Where the other message stands.
        first: Sequence,
    },
    /// More than the sender may send.
    #[error("more commands than this key or address may send; wait {retry_ms} ms")]
    RateLimited {
        /// When to ask again.
        retry_ms: u32,
    },
    /// The exchange has more to do than it can.
    #[error("the exchange has more to do than it can; wait {retry_ms} ms and send the same message again")]
    Overloaded {
        /// When to ask again.
        retry_ms: u32,
    },
    /// Nothing is accepted at the moment.
    #[error("nothing is accepted: {why}")]
    Closed {
        /// Why: paused, following another node, a kill switch, stopping.
        why: String,
    },
    /// The message may or may not have been executed; sending it again is safe and tells.
    #[error("the answer was lost: {why}; send the same message again to learn what became of it")]
    Lost {
        /// What happened.
        why: String,
    },
}
