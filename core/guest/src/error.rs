//! Why a batch is not proven.

use core::fmt;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchError, JoinError, LinkError};
use ashlar_state::{Fault, WitnessError};
use ashlar_types::sign::SignatureError;
use ashlar_types::{AccountId, AssetId};

use crate::lists::ListError;
use crate::packed::PackedError;

/// A number that both the header and the state keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counter {
    /// The number of the next command.
    Sequence,
    /// The time of the last command.
    Time,
    /// The next inbox entry.
    Inbox,
    /// The next withdrawal.
    Withdrawals,
}

macro_rules! guest_errors {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $ty:ty),+ $(,)? })? => $text:literal),+ $(,)?) => {
        /// Why a batch is not proven. There is one variant for each check of docs/spec/guest.md.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum GuestError { $($(#[$doc])* $name $({ $($(#[$field_doc])* $field: $ty),+ })?),+ }

        impl fmt::Display for GuestError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name $({ $($field),+ })? => write!(f, $text)),+ }
            }
        }
    };
}

guest_errors! {
    /// The words that were given are not packed inputs.
    Packed {
        /// Why.
        error: PackedError,
    } => "the packed inputs: {error}",
    /// The header is of a version from before the rules that this program has.
    Version {
        /// The first one that this program proves.
        expected: u32,
        /// The header's.
        got: u32,
    } => "a header of version {got}, and this program proves version {expected} and later ones; take the program of that version",
    /// The header is of another exchange than the deployment.
    Exchange {
        /// The deployment's id.
        expected: [u8; 32],
        /// The header's.
        got: [u8; 32],
    } => "the header is of exchange {got:02x?}, the deployment is {expected:02x?}",
    /// The header does not follow its parent.
    Link {
        /// Why.
        error: LinkError,
    } => "the header does not follow its parent: {error}",
    /// The batch bytes are not those of a batch.
    Batch {
        /// Why.
        error: BatchError,
    } => "the batch bytes: {error}",
    /// The batch bytes begin at another command than their header.
    FirstSequence {
        /// The header's.
        expected: u64,
        /// The batch's.
        got: u64,
    } => "the batch bytes begin at command {got}, the header at {expected}",
    /// The batch bytes begin at another time than their header.
    FirstTime {
        /// The header's.
        expected: u64,
        /// The batch's.
        got: u64,
    } => "the batch bytes begin at time {got}, the header at {expected}",
    /// A field of the header is not what the batch comes to.
    Header {
        /// Which field, by its name in the specification.
        field: &'static str,
        /// What the batch comes to.
        expected: [u8; 32],
        /// What the header says.
        got: [u8; 32],
    } => "the header's {field} is {got:02x?}, the batch comes to {expected:02x?}",

    /// The witness is not well formed, or does not prove two roots.
    Witness {
        /// Why.
        error: WitnessError,
    } => "the witness: {error}",
    /// Execution asked the witness for something it does not show.
    Fault {
        /// The input at which it was noticed.
        input: usize,
        /// What.
        fault: Fault,
    } => "the witness, at input {input}: {fault}",
    /// The witness is of another state than the one the parent left.
    StateBefore {
        /// What the parent left.
        expected: Digest,
        /// What the witness is of.
        got: Digest,
    } => "the witness is of state {got:?}, the parent left {expected:?}",
    /// A number that the state keeps is not the parent's.
    Counter {
        /// Which.
        counter: Counter,
        /// The parent's.
        expected: u64,
        /// The state's.
        got: u64,
    } => "the state's {counter:?} stands at {got}, the parent's at {expected}",

    /// The lists of orders cannot be read.
    Lists {
        /// Why.
        error: ListError,
    } => "the lists of orders: {error}",
    /// A list does not have each order of its account, and none but those.
    Incomplete {
        /// The input that asked for it.
        input: usize,
        /// Whose list.
        account: AccountId,
    } => "input {input} was given a list that is not that of all orders of {account:?}",

    /// A message names a key that does not exist: nothing could have signed it (U-4).
    NoSigner {
        /// The input.
        input: usize,
        /// The account that it names.
        account: AccountId,
    } => "input {input} names a signer of {account:?} that does not exist; leave it out of the batch",
    /// There are more or fewer signatures than messages.
    SignatureBytes {
        /// The bytes that the messages need; if some are missing, up to the first message without one.
        expected: usize,
        /// The bytes there are.
        got: usize,
    } => "{got} bytes of signatures where the messages need {expected}",
    /// A signature is not well formed, or not the owner's wallet's.
    Signature {
        /// The input that it is for.
        input: usize,
        /// Why.
        error: SignatureError,
    } => "the signature of input {input}: {error}",
    /// At least one session key's signature does not fit.
    SessionSignatures {
        /// How many were checked at once.
        checked: usize,
    } => "one or more of {checked} session signatures do not fit; find out which and leave it out",

    /// An inbox entry is not the next one.
    InboxIndex {
        /// The next.
        expected: u64,
        /// The entry's.
        got: u64,
    } => "inbox entry {got} stands where {expected} is next",
    /// An inbox entry was not consumed: it is from after its input, or from before the entry ahead of it.
    InboxTime {
        /// Which entry.
        index: u64,
        /// The time it gives itself.
        got: u64,
    } => "inbox entry {index} of time {got} is later than its input, or earlier than the entry before",

    /// A withdrawal does not have the next index.
    Withdrawal {
        /// The next.
        expected: u64,
        /// What it has.
        got: u64,
    } => "withdrawal {got} was made where {expected} is next",
    /// More receipts or withdrawals than their tree holds.
    TreeFull => "more receipts or withdrawals than a tree holds; split the batch",
    /// The balances of an asset changed by something else than what the exchange owes of it.
    Conservation {
        /// Which asset.
        asset: AssetId,
        /// By how much the total owed changed.
        expected: i128,
        /// By how much the balances changed, free and reserved together.
        got: i128,
    } => "the balances of {asset:?} changed by {got}, the total owed by {expected}",

    /// No batch at all was given.
    NoBatches => "no batch was given; a proof is of at least one",
    /// A batch does not join the ones before it.
    Join {
        /// Why.
        error: JoinError,
    } => "the batches do not join: {error}",
}

impl core::error::Error for GuestError {}

macro_rules! wraps {
    ($($of:ty => $variant:ident),+) => {
        $(impl From<$of> for GuestError {
            fn from(error: $of) -> GuestError {
                GuestError::$variant { error }
            }
        })+
    };
}

wraps!(LinkError => Link, BatchError => Batch, WitnessError => Witness, ListError => Lists, JoinError => Join,
       PackedError => Packed);
