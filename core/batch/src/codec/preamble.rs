use ashlar_types::limits::MARKETS_MAX;
use ashlar_types::{Reader, Sequence, Time, Writer};

use crate::error::BatchError;
use crate::limits::{BATCH_BYTES_MAX, COMMANDS_MAX, INPUTS_MAX, SHAPES_MAX};

/// How row 0 begins: what the bytes are, and what can be known of a batch without decoding it (B-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preamble {
    /// Bytes of the batch, without the zeros that fill its last row.
    pub length: usize,
    /// Inputs.
    pub inputs: usize,
    /// Commands of all inputs.
    pub commands: usize,
    /// Distinct signers.
    pub signers: usize,
    /// Distinct markets that the columns name.
    pub markets: usize,
    /// Distinct shapes of commands.
    pub shapes: usize,
    /// The number of the first command.
    pub first_sequence: Sequence,
    /// The time of the first input.
    pub first_time: Time,
}

impl Preamble {
    /// The version of everything here, rows and trees included.
    pub const VERSION: u8 = 1;
    /// Columns whose values stand behind a code of their width.
    pub const CODEC_COLUMNS: u8 = 1;
    /// The key id of data that is not encrypted.
    pub const KEY_NONE: u32 = 0;
    /// Its own bytes.
    pub const BYTES: usize = 42;

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u8(Self::VERSION);
        writer.u8(Self::CODEC_COLUMNS);
        writer.u16(0);
        writer.u32(Self::KEY_NONE);
        // Every count is within its limit, which fits its field.
        for count in [self.length, self.inputs, self.commands, self.signers] {
            writer.u32(count as u32);
        }
        writer.u16(self.markets as u16);
        writer.u16(self.shapes as u16);
        writer.u64(self.first_sequence.get());
        writer.u48(self.first_time.get());
    }

    /// The preamble of a batch whose first bytes, at least [`Preamble::BYTES`] of them, these are.
    pub fn peek(bytes: &[u8]) -> Result<Preamble, BatchError> {
        Self::decode(&mut Reader::new(bytes))
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Preamble, BatchError> {
        let got = reader.remaining();
        if got < Self::BYTES {
            return Err(BatchError::PreambleEnds { expected: Self::BYTES, got });
        }
        match reader.u8()? {
            Self::VERSION => {}
            got => return Err(BatchError::UnknownVersion { expected: Self::VERSION, got }),
        }
        match reader.u8()? {
            Self::CODEC_COLUMNS => {}
            got => return Err(BatchError::UnknownCodec { expected: Self::CODEC_COLUMNS, got }),
        }
        match reader.u16()? {
            0 => {}
            got => return Err(BatchError::Reserved { got: got.into() }),
        }
        match reader.u32()? {
            Self::KEY_NONE => {}
            key => return Err(BatchError::Encrypted { key }),
        }
        let preamble = Preamble {
            length: reader.u32()? as usize,
            inputs: reader.u32()? as usize,
            commands: reader.u32()? as usize,
            signers: reader.u32()? as usize,
            markets: reader.u16()?.into(),
            shapes: reader.u16()?.into(),
            first_sequence: Sequence::new(reader.u64()?),
            first_time: {
                let ms = reader.u48()?;
                Time::new(ms).ok_or(BatchError::Reserved { got: ms })?
            },
        };
        preamble.check()?;
        Ok(preamble)
    }

    /// The bounds of everything counted; encoder and decoder refuse the same.
    pub(super) fn check(&self) -> Result<(), BatchError> {
        if self.inputs == 0 {
            return Err(BatchError::Empty);
        }
        if self.length > BATCH_BYTES_MAX {
            return Err(BatchError::TooLong { max: BATCH_BYTES_MAX, got: self.length });
        }
        for (what, max, got) in [
            ("inputs", INPUTS_MAX, self.inputs),
            ("commands", COMMANDS_MAX, self.commands),
            ("signers", self.inputs, self.signers),
            ("markets", MARKETS_MAX.into(), self.markets),
            // A pair has two.
            ("shapes", SHAPES_MAX.min(2 * self.commands), self.shapes),
        ] {
            if got > max {
                return Err(BatchError::TooMany { what, max, got });
            }
        }
        if self.commands < self.inputs {
            return Err(BatchError::CommandCount { expected: self.commands, got: self.inputs });
        }
        match self.first_sequence.get().checked_add(self.commands as u64) {
            Some(_) => Ok(()),
            None => Err(BatchError::Sequence { first: self.first_sequence.get(), got: self.commands }),
        }
    }
}
