use alloc::vec::Vec;

use ashlar_types::limits::{MESSAGE_BYTES_MAX, MESSAGE_COMMANDS_MAX};
use ashlar_types::{AccountId, Command, Decode, DecodeError, Header, Input, MarketId, Reader, Sequence, Time};

use super::bytes;
use super::preamble::Preamble;
use super::predict::{MarketState, SignerState, unfold};
use super::shape::{Op, Shape};
use super::survey::{signer_key, signer_of};
use crate::column::{Column, ColumnReader, Form};
use crate::content::Timed;
use crate::error::BatchError;
use crate::limits::BATCH_BYTES_MAX;

/// Reads a batch front to back. Only when [`Decoder::next_input`] has said that there is nothing more are the bytes
/// accepted: a few of the checks can only be made then.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    preamble: Preamble,
    columns: [ColumnReader<'a>; Column::COUNT],
    plain: Reader<'a>,
    pub(super) signers: Vec<SignerState>,
    pub(super) markets: Vec<MarketState>,
    shapes: Vec<(Shape, bool)>,
    span: Option<u64>,
    now: Time,
    inputs: usize,
    commands: usize,
    pub(super) quotes: usize,
    message: Open,
}

/// The message whose commands are being read.
#[derive(Clone, Copy, Default, Debug)]
struct Open {
    signer: usize,
    commands_left: usize,
    bytes: usize,
}

/// What comes next in a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// A message; its commands follow one by one.
    Message {
        /// The number of its first command.
        sequence: Sequence,
        /// When it was ordered.
        time: Time,
        /// Who speaks, once, until when.
        header: Header,
        /// How many commands follow.
        commands: usize,
    },
    /// An inbox entry or a command of the operator.
    Other {
        /// Its number.
        sequence: Sequence,
        /// When, and what.
        timed: Timed,
    },
}

impl<'a> Decoder<'a> {
    /// Over exactly the bytes of a batch, without what fills the last row.
    pub fn new(bytes: &'a [u8]) -> Result<Decoder<'a>, BatchError> {
        if bytes.len() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLong { max: BATCH_BYTES_MAX, got: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let preamble = Preamble::decode(&mut reader)?;
        if preamble.length != bytes.len() {
            return Err(BatchError::Length { expected: preamble.length, got: bytes.len() });
        }
        let (columns, plain) = columns(&mut reader)?;
        let mut decoder = Decoder {
            preamble,
            columns,
            plain: Reader::new(plain),
            signers: Vec::new(),
            markets: Vec::new(),
            shapes: Vec::new(),
            span: None,
            now: preamble.first_time,
            inputs: 0,
            commands: 0,
            quotes: 0,
            message: Open::default(),
        };
        decoder.signers()?;
        decoder.markets()?;
        decoder.shapes()?;
        Ok(decoder)
    }

    /// What row 0 says of the batch.
    pub const fn preamble(&self) -> &Preamble {
        &self.preamble
    }

    #[inline(always)]
    pub(super) fn take(&mut self, column: Column) -> Result<u64, BatchError> {
        take(&mut self.columns, column)
    }

    /// The next input, or nothing once all of them were read and the bytes hold nothing else. Commands of the message
    /// before that were not asked for are passed over.
    pub fn next_input(&mut self) -> Result<Option<Next>, BatchError> {
        while self.next_command()?.is_some() {}
        if self.inputs == self.preamble.inputs {
            self.finish()?;
            return Ok(None);
        }
        if self.inputs > 0 {
            let passed = self.take(Column::Times)?;
            let ms = self.now.get().saturating_add(passed);
            self.now = Time::new(ms).ok_or(BatchError::Value { column: Column::Times, got: passed })?;
        }
        self.inputs += 1;
        let speaker = self.take(Column::Speakers)?;
        let Some(signer) = speaker.checked_sub(1) else { return self.other().map(Some) };
        let header = self.header(signer as usize)?;
        let commands = (self.take(Column::Counts)? as usize).saturating_add(1);
        if commands > MESSAGE_COMMANDS_MAX {
            return Err(BatchError::MessageCommands { max: MESSAGE_COMMANDS_MAX, got: commands });
        }
        let sequence = self.count_commands(commands)?;
        self.message = Open { signer: signer as usize, commands_left: commands, bytes: bytes::of_header(&header) };
        Ok(Some(Next::Message { sequence, time: self.now, header, commands }))
    }

    /// The next command of the message that [`Decoder::next_input`] gave, or nothing after the last one.
    #[inline]
    pub fn next_command(&mut self) -> Result<Option<Command>, BatchError> {
        if self.message.commands_left == 0 {
            return Ok(None);
        }
        self.message.commands_left -= 1;
        let shape = self.shape()?;
        let command = match shape.op {
            Op::Plain => self.plain_command()?,
            _ => {
                let command = self.columnar(self.message.signer, shape, self.now)?;
                self.message.bytes += bytes::of_command(&command).unwrap_or(0);
                command
            }
        };
        if self.message.bytes > MESSAGE_BYTES_MAX {
            return Err(BatchError::MessageBytes { max: MESSAGE_BYTES_MAX, got: self.message.bytes });
        }
        Ok(Some(command))
    }

    #[inline]
    pub(super) fn shape(&mut self) -> Result<Shape, BatchError> {
        let got = self.take(Column::CommandShapes)?;
        let slot = self.shapes.get_mut(got as usize);
        let (shape, used) = slot.ok_or(BatchError::Value { column: Column::CommandShapes, got })?;
        *used = true;
        Ok(*shape)
    }

    /// Counts the commands of an input, and gives the number of the first.
    fn count_commands(&mut self, more: usize) -> Result<Sequence, BatchError> {
        // The preamble made sure that the sum is in range.
        let sequence = self.preamble.first_sequence.get().saturating_add(self.commands as u64);
        self.commands += more;
        if self.commands > self.preamble.commands {
            return Err(BatchError::CommandCount { expected: self.preamble.commands, got: self.commands });
        }
        Ok(Sequence::new(sequence))
    }

    fn header(&mut self, signer: usize) -> Result<Header, BatchError> {
        let span = self.take(Column::Spans)?;
        let Some(state) = self.signers.get_mut(signer) else {
            return Err(BatchError::Value { column: Column::Speakers, got: signer as u64 });
        };
        let nonce = match state.nonce {
            None => take(&mut self.columns, Column::FirstNonces)?,
            Some(expected) => unfold(take(&mut self.columns, Column::Nonces)?, expected),
        };
        state.nonce = Some(nonce.wrapping_add(1));
        let not_after = match span.checked_sub(1) {
            None => Time::NEVER,
            Some(folded) => {
                let span = unfold(folded, state.span.or(self.span).unwrap_or(0));
                state.span = Some(span);
                self.span = Some(span);
                let ms = self.now.get().wrapping_add(span);
                let not_after = Time::new(ms).ok_or(BatchError::Value { column: Column::Spans, got: ms })?;
                if not_after == Time::NEVER {
                    return Err(BatchError::Omissible { what: "the end of a message that never ends" });
                }
                not_after
            }
        };
        Ok(Header { account: state.account, signer: state.signer, nonce, not_after })
    }

    fn other(&mut self) -> Result<Next, BatchError> {
        let offset = self.plain.offset();
        let input = Input::decode(&mut self.plain)?;
        if matches!(input, Input::Message(_)) {
            return Err(BatchError::PlainForm { offset });
        }
        let sequence = self.count_commands(1)?;
        Ok(Next::Other { sequence, timed: Timed { time: self.now, input } })
    }

    fn plain_command(&mut self) -> Result<Command, BatchError> {
        let offset = self.plain.offset();
        let command = Command::decode(&mut self.plain)?;
        if bytes::of_command(&command).is_some() {
            return Err(BatchError::PlainForm { offset });
        }
        self.message.bytes += self.plain.offset() - offset;
        Ok(command)
    }

    fn signers(&mut self) -> Result<(), BatchError> {
        let mut account = 0u64;
        let mut last = None;
        for index in 0..self.preamble.signers {
            account = account.saturating_add(self.take(Column::Accounts)?);
            let id = u32::try_from(account).ok().and_then(AccountId::new);
            let id = id.ok_or(BatchError::Value { column: Column::Accounts, got: account })?;
            let (slot, epoch) = (self.take(Column::Slots)?, self.take(Column::Epochs)?);
            let signer = signer_of(slot, epoch).ok_or(BatchError::Value { column: Column::Slots, got: slot })?;
            let key = Some(signer_key(id, signer));
            if last >= key {
                return Err(BatchError::Unsorted { what: "signers", index });
            }
            last = key;
            self.signers.push(SignerState::new(id, signer));
        }
        Ok(())
    }

    fn markets(&mut self) -> Result<(), BatchError> {
        let mut next = 0u64;
        for _ in 0..self.preamble.markets {
            let id = next.saturating_add(self.take(Column::Markets)?);
            let market = u16::try_from(id).ok().and_then(MarketId::new);
            let market = market.ok_or(BatchError::Value { column: Column::Markets, got: id })?;
            next = id.saturating_add(1);
            let unit = self.take(Column::Units)?;
            self.markets.push(MarketState::new(market, unit));
        }
        Ok(())
    }

    fn shapes(&mut self) -> Result<(), BatchError> {
        let mut next = 0u64;
        for _ in 0..self.preamble.shapes {
            let bits = next.saturating_add(self.take(Column::Shapes)?);
            let shape = Shape::from_bits(bits).ok_or(BatchError::Value { column: Column::Shapes, got: bits })?;
            next = bits.saturating_add(1);
            self.shapes.push((shape, false));
        }
        Ok(())
    }

    /// Everything that can only be said at the end.
    fn finish(&self) -> Result<(), BatchError> {
        if self.commands != self.preamble.commands {
            return Err(BatchError::CommandCount { expected: self.preamble.commands, got: self.commands });
        }
        for (what, expected, got) in [
            ("signers", self.signers.len(), self.signers.iter().filter(|signer| signer.nonce.is_some()).count()),
            ("markets", self.markets.len(), self.markets.iter().filter(|market| market.used).count()),
            ("shapes", self.shapes.len(), self.shapes.iter().filter(|(_, used)| *used).count()),
        ] {
            if got != expected {
                return Err(BatchError::Unused { what, expected, got });
            }
        }
        for &MarketState { market, unit, divisor, .. } in &self.markets {
            if divisor != u64::from(unit != 0) {
                return Err(BatchError::Unit { market, got: unit, divisor });
            }
        }
        self.columns.iter().try_for_each(ColumnReader::finish)?;
        self.plain.clone().finish()?;
        Ok(())
    }
}

/// Beside the decoder's other fields, so that a state can be held meanwhile.
#[inline(always)]
fn take(columns: &mut [ColumnReader<'_>; Column::COUNT], column: Column) -> Result<u64, BatchError> {
    let reader = &mut columns[column as usize];
    match reader.take() {
        Some(value) => Ok(value),
        None => Err(reader.fault()),
    }
}

/// The directory, and each column over its own bytes.
fn columns<'a>(reader: &mut Reader<'a>) -> Result<([ColumnReader<'a>; Column::COUNT], &'a [u8]), BatchError> {
    let mut forms = [(Form::One(0), 0); Column::COUNT];
    let last = *Column::ALL.last().unwrap_or(&Column::Accounts);
    for (column, (form, length)) in Column::ALL.iter().zip(&mut forms) {
        *form = Form::decode(*column, reader)?;
        if form.has_bytes() {
            *length = take_length(reader).map_err(|_| BatchError::DirectoryEnds { column: *column })?;
        }
    }
    let plain = take_length(reader).map_err(|_| BatchError::DirectoryEnds { column: last })?;

    let mut contents = [&[][..]; Column::COUNT];
    for ((column, (_, length)), content) in Column::ALL.iter().zip(&forms).zip(&mut contents) {
        let got = reader.remaining();
        let bytes = reader.slice(*length);
        *content = bytes.map_err(|_| BatchError::ColumnsEnd { column: *column, expected: *length, got })?;
    }
    let got = reader.remaining();
    if got != plain {
        return Err(BatchError::ColumnsEnd { column: last, expected: plain, got });
    }
    let columns = core::array::from_fn(|i| ColumnReader::new(Column::ALL[i], forms[i].0, contents[i]));
    Ok((columns, reader.slice(plain)?))
}

fn take_length(reader: &mut Reader<'_>) -> Result<usize, DecodeError> {
    let [a, b, c] = reader.array()?;
    Ok(u32::from_le_bytes([a, b, c, 0]) as usize)
}
