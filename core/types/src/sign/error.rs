use core::fmt;

use crate::ids::Address;

/// Why a signature is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureError {
    /// The session key is not the x coordinate of a point of the curve.
    PublicKeyNotOnCurve,
    /// The first half of the signature is not the x coordinate of a point of the curve.
    CommitmentNotOnCurve,
    /// The second half of the signature is not below the order of the group.
    ScalarTooLarge,
    /// The signature is well formed and not one of this message by this key.
    Mismatch,
    /// An ECDSA half is zero or not below the order of the group.
    EcdsaRange,
    /// The `s` of an ECDSA signature is in the upper half; its negative is the accepted form.
    HighS,
    /// The last byte of a wallet's signature is none of 0, 1, 27, 28.
    UnknownRecovery {
        /// The byte.
        got: u8,
    },
    /// No key could have made this wallet signature.
    Unrecoverable,
    /// The wallet's signature is by someone else.
    WrongOwner {
        /// The owner.
        expected: Address,
        /// Who signed, or whose signature this would be if the message were another.
        got: Address,
    },
    /// The message names a session key as its signer where the owner's wallet was expected, or the reverse.
    WrongScheme,
    /// A command that moves funds or grants power stands beside others in one wallet message, where it cannot be read.
    MustStandAlone {
        /// Which of the message's commands.
        command: usize,
    },
    /// The bytes are no secret key: zero, or not below the order of the group.
    BadSecret,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicKeyNotOnCurve => f.write_str("the session key is no point of the curve; register another"),
            Self::CommitmentNotOnCurve => {
                f.write_str("the first half of the signature is no point of the curve; sign again")
            }
            Self::ScalarTooLarge => f.write_str("the second half of the signature is out of range; sign again"),
            Self::Mismatch => f.write_str(
                "the signature does not fit the message and the key; check exchange id, key epoch and encoding",
            ),
            Self::EcdsaRange => f.write_str("a half of the wallet's signature is out of range; sign again"),
            Self::HighS => f.write_str("the wallet's signature has a high s; send its low form"),
            Self::UnknownRecovery { got } => {
                write!(f, "the wallet's signature ends in {got}; send 0, 1, 27 or 28")
            }
            Self::Unrecoverable => f.write_str("no key could have made the wallet's signature; sign again"),
            Self::WrongOwner { expected, got } => write!(
                f,
                "the wallet's signature is by {:02x?} and the owner is {:02x?}; check what was signed, and by whom",
                got.0, expected.0
            ),
            Self::WrongScheme => f.write_str("the message's header names another kind of signer; correct the header"),
            Self::MustStandAlone { command } => write!(
                f,
                "command {command} moves funds or grants power and a wallet must be able to show it; send it alone"
            ),
            Self::BadSecret => f.write_str("the bytes are no secret key; draw others"),
        }
    }
}

impl core::error::Error for SignatureError {}

/// Why a batch of signatures is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchError {
    /// One of them is no signature at all.
    Malformed {
        /// Which.
        index: usize,
        /// Why.
        error: SignatureError,
    },
    /// At least one of them does not fit; `find_invalid` tells which.
    Mismatch,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { index, error } => write!(f, "signature {index}: {error}"),
            Self::Mismatch => f.write_str("a signature of the batch does not fit; find out which and leave it out"),
        }
    }
}

impl core::error::Error for BatchError {}
