//! What names a proof: who makes it, of which program, and of what kind.

use std::fmt;

use crate::bytes::{Reader, Writer};
use crate::error::WireError;
use crate::limits::NAME_BYTES_MAX;

/// The name of a proof system, as `sp1`: one to sixteen small letters, digits or dashes. Text and not an enum, so that another
/// one is a folder of its own and no change here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendName {
    /// Zeros behind the letters.
    letters: [u8; NAME_BYTES_MAX],
}

impl BackendName {
    /// Plain execution, without a proof.
    pub const NATIVE: BackendName = BackendName::known(b"native");
    /// Succinct's SP1.
    pub const SP1: BackendName = BackendName::known(b"sp1");
    /// RISC Zero.
    pub const RISC_ZERO: BackendName = BackendName::known(b"risc0");
    /// OpenVM.
    pub const OPENVM: BackendName = BackendName::known(b"openvm");
    /// ZisK.
    pub const ZISK: BackendName = BackendName::known(b"zisk");

    const fn known(name: &[u8]) -> BackendName {
        let mut letters = [0; NAME_BYTES_MAX];
        let mut at = 0;
        while at < name.len() {
            letters[at] = name[at];
            at += 1;
        }
        BackendName { letters }
    }

    /// The name of these letters.
    pub fn new(name: &str) -> Result<BackendName, WireError> {
        let what = "a backend's name";
        if name.len() > NAME_BYTES_MAX {
            return Err(WireError::TooLong { what, max: NAME_BYTES_MAX, got: name.len() });
        }
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_letter) {
            return Err(WireError::Text { what });
        }
        Ok(BackendName::known(name.as_bytes()))
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        let end = self.letters.iter().position(|letter| *letter == 0).unwrap_or(NAME_BYTES_MAX);
        self.letters.get(..end).and_then(|letters| std::str::from_utf8(letters).ok()).unwrap_or_default()
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.section(self.as_str().as_bytes());
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<BackendName, WireError> {
        let what = "a backend's name";
        let bytes = reader.section(what, NAME_BYTES_MAX)?;
        BackendName::new(std::str::from_utf8(bytes).map_err(|_| WireError::Text { what })?)
    }
}

impl fmt::Display for BackendName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BackendName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a proof system calls a program: the hash of its verifying key, or its image id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ProgramHash(pub [u8; 32]);

impl fmt::Display for ProgramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ProgramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of proof that there are; each system makes some of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProofKind {
    /// Nothing but the public values, for whoever believes the executor.
    Execution = 0,
    /// SP1: a STARK for each shard.
    Core = 1,
    /// SP1: the shards' proofs in one.
    Compressed = 2,
    /// RISC Zero: a STARK for each segment.
    Composite = 3,
    /// RISC Zero: the segments' proofs in one.
    Succinct = 4,
    /// OpenVM: a STARK for each segment.
    App = 5,
    /// OpenVM and ZisK: all proofs in one.
    Stark = 6,
    /// 260 bytes for L1, relying on a ceremony.
    Groth16 = 7,
    /// A little more for L1, relying on a universal ceremony.
    Plonk = 8,
}

impl ProofKind {
    /// All of them, each at its own number.
    pub const ALL: [ProofKind; 9] = [
        Self::Execution,
        Self::Core,
        Self::Compressed,
        Self::Composite,
        Self::Succinct,
        Self::App,
        Self::Stark,
        Self::Groth16,
        Self::Plonk,
    ];

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<ProofKind, WireError> {
        let got = reader.u8("a kind of proof")?;
        Self::ALL.get(usize::from(got)).copied().ok_or(WireError::Unknown { what: "kind of proof", got: got.into() })
    }
}

impl TryFrom<u8> for ProofKind {
    type Error = WireError;

    fn try_from(number: u8) -> Result<ProofKind, WireError> {
        ProofKind::decode(&mut Reader::new(&[number]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_few_letters() {
        assert_eq!(BackendName::new("sp1"), Ok(BackendName::SP1));
        assert_eq!(BackendName::RISC_ZERO.to_string(), "risc0");
        for wrong in ["", "SP1", "a b", "a\0", "seventeen-letters", "sp\u{e9}"] {
            assert!(BackendName::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn kinds_stand_at_their_numbers() {
        for (number, kind) in (0..).zip(ProofKind::ALL) {
            assert_eq!((kind as u8, ProofKind::try_from(number)), (number, Ok(kind)));
        }
        assert!(ProofKind::try_from(9).is_err());
    }
}
