use alloc::vec::Vec;

use ashlar_types::limits::MESSAGE_BYTES_MAX;
use ashlar_types::{Command, Decode, Encode, Header, Input, MarketId, Message, Time, Writer, from_bytes, to_bytes};

use super::bytes;
use super::preamble::Preamble;
use super::predict::fold;
use super::shape::Shape;
use super::survey::{Survey, signer_key};
use crate::column::{Column, Form, pack};
use crate::content::{Batch, Timed};
use crate::error::BatchError;
use crate::limits::{BATCH_BYTES_MAX, INPUTS_MAX};

/// The one string of bytes of a batch.
pub fn encode(batch: &Batch) -> Result<Vec<u8>, BatchError> {
    let Some(first) = batch.inputs.first() else { return Err(BatchError::Empty) };
    if batch.inputs.len() > INPUTS_MAX {
        return Err(BatchError::TooMany { what: "inputs", max: INPUTS_MAX, got: batch.inputs.len() });
    }
    let survey = Survey::of(batch)?;
    let mut preamble = Preamble {
        length: 0,
        inputs: batch.inputs.len(),
        commands: batch.commands(),
        signers: survey.signers.len(),
        markets: survey.markets.len(),
        shapes: survey.shapes.len(),
        first_sequence: batch.first_sequence,
        first_time: first.time,
    };
    preamble.check()?;

    let mut encoder = Encoder::new(survey);
    encoder.dictionaries();
    let mut previous = None;
    for timed in &batch.inputs {
        encoder.input(timed, previous)?;
        previous = Some(timed.time);
    }
    encoder.assemble(&mut preamble)
}

/// The columns as they fill.
pub(super) struct Encoder {
    pub(super) survey: Survey,
    columns: [Vec<u64>; Column::COUNT],
    plain: Writer,
    span: Option<u64>,
}

impl Encoder {
    fn new(survey: Survey) -> Encoder {
        Encoder { survey, columns: [const { Vec::new() }; Column::COUNT], plain: Writer::new(), span: None }
    }

    #[inline]
    pub(super) fn put(&mut self, column: Column, value: u64) {
        self.columns[column as usize].push(value);
    }

    fn dictionaries(&mut self) {
        let mut last = 0;
        for signer in &self.survey.signers {
            let key = signer_key(signer.account, signer.signer);
            let account = key >> 36;
            self.columns[Column::Accounts as usize].push(account - last);
            self.columns[Column::Slots as usize].push(key >> 32 & 0xf);
            self.columns[Column::Epochs as usize].push(key & 0xffff_ffff);
            last = account;
        }
        let mut next = 0;
        for market in &self.survey.markets {
            let id = u64::from(market.market.get());
            self.columns[Column::Markets as usize].push(id - next);
            self.columns[Column::Units as usize].push(market.unit);
            next = id + 1;
        }
        let mut next = 0;
        for shape in &self.survey.shapes {
            self.columns[Column::Shapes as usize].push(u64::from(*shape) - next);
            next = u64::from(*shape) + 1;
        }
    }

    fn input(&mut self, timed: &Timed, previous: Option<Time>) -> Result<(), BatchError> {
        if let Some(previous) = previous {
            let (previous, got) = (previous.get(), timed.time.get());
            let passed = got.checked_sub(previous).ok_or(BatchError::TimeBack { previous, got })?;
            self.put(Column::Times, passed);
        }
        if let Input::Message(message) = &timed.input {
            return self.message(message, timed.time);
        }
        self.put(Column::Speakers, 0);
        self.plain::<Input>(&timed.input)?;
        Ok(())
    }

    fn message(&mut self, message: &Message, time: Time) -> Result<(), BatchError> {
        let signer = self.survey.signer_slot(&message.header);
        self.put(Column::Speakers, 1 + signer as u64);
        self.header(signer, &message.header, time);
        // There is one at least: the survey refused a message without any.
        self.put(Column::Counts, message.commands.len().saturating_sub(1) as u64);
        let mut length = bytes::of_header(&message.header);
        for command in &message.commands {
            length += self.command(signer, command, time)?;
        }
        if length > MESSAGE_BYTES_MAX {
            return Err(BatchError::MessageBytes { max: MESSAGE_BYTES_MAX, got: length });
        }
        Ok(())
    }

    fn header(&mut self, signer: usize, header: &Header, time: Time) {
        let Some(state) = self.survey.signers.get_mut(signer) else { return };
        let nonce = state.nonce.replace(header.nonce.wrapping_add(1));
        let span = if header.not_after == Time::NEVER {
            0
        } else {
            let span = header.not_after.get().wrapping_sub(time.get());
            let expected = state.span.or(self.span).unwrap_or(0);
            state.span = Some(span);
            self.span = Some(span);
            fold(span, expected).saturating_add(1)
        };
        match nonce {
            None => self.put(Column::FirstNonces, header.nonce),
            Some(expected) => self.put(Column::Nonces, fold(header.nonce, expected)),
        }
        self.put(Column::Spans, span);
    }

    /// Writes a command and says how long it is in its own encoding.
    fn command(&mut self, signer: usize, command: &Command, time: Time) -> Result<usize, BatchError> {
        let shape = Shape::of(command);
        self.shape(shape);
        match bytes::of_command(command) {
            Some(length) => {
                self.columnar(signer, command, shape, time);
                Ok(length)
            }
            None => self.plain(command),
        }
    }

    pub(super) fn shape(&mut self, shape: Shape) {
        let slot = self.survey.shape_slot(shape.bits());
        self.put(Column::CommandShapes, slot as u64);
    }

    /// Names a market, and gives its place in the dictionary.
    pub(super) fn market(&mut self, market: MarketId) -> usize {
        let slot = self.survey.market_slot(market);
        self.put(Column::CommandMarkets, slot as u64);
        slot
    }

    /// Writes a value in its own encoding, unless no decoder would read it back.
    fn plain<T: Encode + Decode>(&mut self, value: &T) -> Result<usize, BatchError> {
        let bytes = to_bytes(value);
        from_bytes::<T>(&bytes)?;
        self.plain.bytes(&bytes);
        Ok(bytes.len())
    }

    fn assemble(self, preamble: &mut Preamble) -> Result<Vec<u8>, BatchError> {
        let plain = self.plain.into_bytes();
        let mut packed = Vec::new();
        let mut directory = Writer::new();
        for values in &self.columns {
            let form = Form::of(values);
            form.encode(&mut directory);
            let length = pack(values, &form, &mut packed);
            if form.has_bytes() {
                put_length(&mut directory, length);
            }
        }
        put_length(&mut directory, plain.len());

        preamble.length = Preamble::BYTES + directory.len() + packed.len() + plain.len();
        if preamble.length > BATCH_BYTES_MAX {
            return Err(BatchError::TooLong { max: BATCH_BYTES_MAX, got: preamble.length });
        }
        let mut writer = Writer::with_capacity(preamble.length);
        preamble.encode(&mut writer);
        writer.bytes(&directory.into_bytes());
        writer.bytes(&packed);
        writer.bytes(&plain);
        Ok(writer.into_bytes())
    }
}

/// Three bytes. A longer one does not stay: the batch is then longer than a batch may be.
fn put_length(writer: &mut Writer, length: usize) {
    let [a, b, c, _] = (length.min(0xff_ffff) as u32).to_le_bytes();
    writer.bytes(&[a, b, c]);
}
