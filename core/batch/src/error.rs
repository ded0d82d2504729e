use core::fmt;

use ashlar_types::{DecodeError, MarketId};

use crate::column::Column;

macro_rules! batch_errors {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $ty:ty),+ $(,)? })? => $text:literal),+ $(,)?) => {
        /// Why a batch has no bytes, or bytes are not those of a batch.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum BatchError { $($(#[$doc])* $name $({ $($(#[$field_doc])* $field: $ty),+ })?),+ }

        impl fmt::Display for BatchError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name $({ $($field),+ })? => write!(f, $text)),+ }
            }
        }
    };
}

batch_errors! {
    /// There are no inputs.
    Empty => "the batch has no inputs; make none until there is one",
    /// More of something than a batch holds.
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
        /// How many there are, or were when it was noticed.
        got: usize,
    } => "{got} {what} are more than the {max} of a batch; split it",
    /// More bytes than a batch has.
    TooLong {
        /// The limit.
        max: usize,
        /// The bytes there are.
        got: usize,
    } => "{got} bytes are more than the {max} of a batch; split it",
    /// A message with no commands or too many.
    MessageCommands {
        /// The most it may have.
        max: usize,
        /// How many it has.
        got: usize,
    } => "a message of {got} commands; it has 1 to {max}",
    /// A message whose own encoding is longer than messages are.
    MessageBytes {
        /// The limit.
        max: usize,
        /// The bytes it would take.
        got: usize,
    } => "a message of {got} bytes in its own encoding, where {max} are allowed",
    /// A mass quote with no quotes or too many.
    Quotes {
        /// The most it may have.
        max: usize,
        /// How many it has.
        got: usize,
    } => "a mass quote of {got} quotes; it has 1 to {max}",
    /// An input is earlier than the one before it.
    TimeBack {
        /// When the one before was.
        previous: u64,
        /// When this one is.
        got: u64,
    } => "an input of time {got} follows one of time {previous}; time never goes back",
    /// The sequence numbers of the batch would pass the last there is.
    Sequence {
        /// The first of them.
        first: u64,
        /// How many commands there are.
        got: usize,
    } => "{got} commands from sequence {first} pass the end of all numbers",

    /// The bytes end inside the preamble.
    PreambleEnds {
        /// The bytes it has.
        expected: usize,
        /// The bytes there are.
        got: usize,
    } => "a batch begins with {expected} bytes of preamble and only {got} are there",
    /// A version this decoder does not know.
    UnknownVersion {
        /// The version it knows.
        expected: u8,
        /// The version it met.
        got: u8,
    } => "the batch is of version {got} and this decoder reads {expected}; use a matching release",
    /// A codec this decoder does not know.
    UnknownCodec {
        /// The codec it knows.
        expected: u8,
        /// The codec it met.
        got: u8,
    } => "the batch is in codec {got} and this decoder reads {expected}; use a matching release",
    /// The batch is encrypted.
    Encrypted {
        /// Under which key.
        key: u32,
    } => "the batch is encrypted under key {key}; decrypt it first",
    /// Bits that are kept for later are set.
    Reserved {
        /// What is there instead of zero.
        got: u64,
    } => "reserved bits are {got:#x} and not zero",
    /// The preamble counts another number of bytes than were given.
    Length {
        /// The bytes by the preamble.
        expected: usize,
        /// The bytes given.
        got: usize,
    } => "the preamble counts {expected} bytes and {got} were given",
    /// What follows the batch in its last row is not zero.
    Padding {
        /// Where.
        offset: usize,
        /// The byte there.
        got: u8,
    } => "byte {offset}, after the end of the batch, is {got} and not zero",
    /// The rows are not those that a batch of this length has.
    Rows {
        /// Bytes of the rows it has.
        expected: usize,
        /// The bytes given.
        got: usize,
    } => "the rows of this batch are {expected} bytes and {got} were given",
    /// The bytes end inside the directory.
    DirectoryEnds {
        /// At which column.
        column: Column,
    } => "the bytes end at the directory's entry for {column:?}",
    /// The columns are longer than the bytes.
    ColumnsEnd {
        /// The column that has none or too few left.
        column: Column,
        /// The bytes it should have.
        expected: usize,
        /// The bytes that are left.
        got: usize,
    } => "{column:?} should have {expected} bytes and {got} are left",

    /// A width that no values have, or that is not the widest of the column as it should be.
    Width {
        /// Which column.
        column: Column,
        /// The width in the directory.
        got: u8,
    } => "the widest values of {column:?} cannot be of {got} bits",
    /// A code that is longer than codes are.
    CodeLength {
        /// Of which column.
        column: Column,
        /// The limit.
        max: u8,
        /// Its bits.
        got: u8,
    } => "a code of {got} bits in {column:?}; codes have {max} at most",
    /// Codes that leave bits without a meaning, or with two.
    Codes {
        /// Of which column.
        column: Column,
        /// The places of the table that all codes together fill.
        expected: u32,
        /// The places that these would.
        got: u32,
    } => "the codes of {column:?} fill {got} places of a table of {expected}",
    /// The half byte after a column's last code is not zero.
    CodePadding {
        /// Of which column.
        column: Column,
        /// What is there.
        got: u8,
    } => "{got} follows the last code of {column:?}, which should be zero",
    /// Codes, or the want of them, that do not follow from the values.
    Form {
        /// Of which column.
        column: Column,
    } => "the codes of {column:?} are not those that its values ask for",
    /// A column ends before its values do.
    ColumnEnds {
        /// Which column.
        column: Column,
    } => "{column:?} ends before its values do",
    /// Bytes follow a column's values.
    ColumnGoesOn {
        /// Which column.
        column: Column,
        /// How many.
        got: usize,
    } => "{got} bytes follow the values of {column:?}",
    /// Bits after a column's values are set.
    ColumnPadding {
        /// Which column.
        column: Column,
        /// The bits.
        got: u64,
    } => "the bits after the values of {column:?} are {got:#x} and not zero",
    /// A value that nothing stands for.
    Value {
        /// Which column.
        column: Column,
        /// What it came to.
        got: u64,
    } => "{got} has no meaning in {column:?}",
    /// A dictionary is not in strictly ascending order.
    Unsorted {
        /// Which.
        what: &'static str,
        /// The entry at fault.
        index: usize,
    } => "entry {index} of the {what} is not above the one before",
    /// A dictionary holds what no input needs.
    Unused {
        /// Which.
        what: &'static str,
        /// How many entries there are.
        expected: usize,
        /// How many were used.
        got: usize,
    } => "of {expected} {what} only {got} are used",
    /// A market's unit of size is not the greatest common divisor of its sizes.
    Unit {
        /// Which market.
        market: MarketId,
        /// The unit given.
        got: u64,
        /// The greatest common divisor of the sizes in that unit, which should be one.
        divisor: u64,
    } => "sizes of market {market:?} are in units of {got} and still share the divisor {divisor}",
    /// Something is written that is only written when it is there.
    Omissible {
        /// What.
        what: &'static str,
    } => "{what} is written where leaving it out says the same",
    /// A command or input stands in its plain encoding although the columns can hold it.
    PlainForm {
        /// Where in the plain bytes.
        offset: usize,
    } => "what stands at byte {offset} of the plain bytes belongs into the columns",
    /// The plain bytes are no encoding of what they should be.
    Plain {
        /// Why.
        error: DecodeError,
    } => "in the plain bytes, {error}",
    /// The inputs hold another number of commands than the preamble says.
    CommandCount {
        /// The commands by the preamble.
        expected: usize,
        /// The commands there were when it was noticed.
        got: usize,
    } => "the preamble counts {expected} commands and there are {got}",
    /// The number of signatures is not that of the messages.
    Signatures {
        /// Bytes or signatures expected.
        expected: usize,
        /// What was given.
        got: usize,
    } => "{got} bytes of signatures where the messages of the batch have {expected}",
}

impl core::error::Error for BatchError {}

impl From<DecodeError> for BatchError {
    fn from(error: DecodeError) -> BatchError {
        BatchError::Plain { error }
    }
}
