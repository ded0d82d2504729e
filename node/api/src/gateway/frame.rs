use ashlar_types::{Decode, DecodeError, Encode, Event, Reader, Receipt, Sequence, Writer};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::door::{Answered, Line, Refusal, Signature, Signed};
use crate::limits::{FRAME_BYTES_MAX, SENTENCE_BYTES_MAX};
use crate::schema::{ApiError, Code, ErrorView};

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 16;
const VERSION: u8 = 1;
/// Bytes of an answer before its lines.
const ANSWER_BYTES: usize = 52;

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A signed message.
    Submit = 1,
    /// Are you there?
    Ping = 2,
    /// What to hand in when the connection ends.
    LastWill = 3,
    /// A message was answered.
    Answered = 129,
    /// It was refused.
    Refused = 130,
    /// I am there.
    Pong = 131,
    /// It was done.
    Done = 132,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::Submit, Kind::Ping, Kind::LastWill, Kind::Answered, Kind::Refused, Kind::Pong, Kind::Done];
}

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// As the client named it.
    pub id: u64,
    /// What it holds.
    pub payload: Vec<u8>,
}

/// Why a frame cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection ended or broke.
    #[error("the connection ended: {0}")]
    Gone(#[from] std::io::Error),
    /// It is longer than any frame.
    #[error("a frame of {got} bytes; the longest has {FRAME_BYTES_MAX}")]
    TooLong {
        /// Its length.
        got: u32,
    },
    /// Its version, its kind or the bytes that are zero are not known.
    #[error("a frame of version {version} and kind {kind}; this gateway knows version 1 and the kinds of docs/api.md")]
    Unknown {
        /// The version.
        version: u8,
        /// The kind.
        kind: u8,
    },
}

impl Frame {
    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.payload.len());
        // A payload is built by the functions below and is never that long.
        bytes.extend(u32::try_from(self.payload.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend([self.kind as u8, VERSION, 0, 0]);
        bytes.extend(self.id.to_le_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    /// Reads the next one, at most so long.
    pub async fn read(from: &mut (impl AsyncRead + Unpin), longest: usize) -> Result<Frame, FrameError> {
        let mut header = [0; HEADER_BYTES];
        from.read_exact(&mut header).await?;
        let [l0, l1, l2, l3, kind, version, z0, z1, id @ ..] = header;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let known = Kind::ALL.into_iter().find(|known| *known as u8 == kind);
        let Some(known) = known.filter(|_| version == VERSION && [z0, z1] == [0, 0]) else {
            return Err(FrameError::Unknown { version, kind });
        };
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if bytes > longest {
            return Err(FrameError::TooLong { got: length });
        }
        let mut payload = vec![0; bytes];
        from.read_exact(&mut payload).await?;
        Ok(Frame { kind: known, id: u64::from_le_bytes(id), payload })
    }
}

/// The payload of a message.
pub fn put_submit(signed: &Signed) -> Vec<u8> {
    let signature = signed.signature().as_bytes();
    let mut payload = Vec::with_capacity(1 + signature.len() + signed.bytes().len());
    payload.push(u8::try_from(signature.len()).unwrap_or(u8::MAX));
    payload.extend(signature);
    payload.extend(signed.bytes());
    payload
}

/// The message of a payload.
pub fn read_submit(payload: &[u8]) -> Result<Signed, ApiError> {
    let parts = payload.split_first().and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)));
    let read = parts.and_then(|(signature, message)| Some((Signature::from_bytes(signature)?, message)));
    let (signature, message) = read.ok_or_else(|| {
        ApiError::new(Code::Malformed, "the payload does not begin with a signature of 64 or 65 bytes; see docs/api.md")
    })?;
    Ok(Signed::decode(message.to_vec(), signature)?)
}

/// The payload of an answer.
pub fn put_answer(answered: &Answered) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u64(answered.place.epoch);
    answered.place.first.encode(&mut writer);
    writer.bytes(&answered.place.hash);
    writer.u32(u32::try_from(answered.lines.len()).unwrap_or(u32::MAX));
    for line in &answered.lines {
        match line {
            Line::Event(event) => {
                writer.u8(0);
                event.encode(&mut writer);
            }
            Line::Receipt(receipt) => {
                writer.u8(1);
                receipt.encode(&mut writer);
            }
        }
    }
    writer.into_bytes()
}

/// What a gateway answers to a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GatewayAnswer {
    /// The term of the sequencer.
    pub epoch: u64,
    /// The number of the first command.
    pub first: Sequence,
    /// The message's link in the chain of receipts.
    pub hash: [u8; 32],
    /// Events and receipts.
    pub lines: Vec<Line>,
}

/// The answer of a payload.
pub fn read_answer(payload: &[u8]) -> Result<GatewayAnswer, DecodeError> {
    let mut reader = Reader::new(payload);
    let epoch = reader.u64()?;
    let first = Sequence::decode(&mut reader)?;
    let hash = <[u8; 32]>::decode(&mut reader)?;
    let count = reader.u32()?;
    // A line takes two bytes at least, so a short payload never reserves a long list.
    let room = payload.len().saturating_sub(ANSWER_BYTES) / 2;
    let mut lines = Vec::with_capacity(room.min(usize::try_from(count).unwrap_or(usize::MAX)));
    for _ in 0..count {
        let offset = reader.offset();
        lines.push(match reader.u8()? {
            0 => Line::Event(Event::decode(&mut reader)?),
            1 => Line::Receipt(Receipt::decode(&mut reader)?),
            got => return Err(DecodeError::UnknownTag { what: "line", got, offset }),
        });
    }
    reader.finish()?;
    Ok(GatewayAnswer { epoch, first, hash, lines })
}

/// The payload of a refusal.
pub fn put_refusal(error: &ErrorView) -> Vec<u8> {
    let mut payload = Vec::with_capacity(6 + error.message.len());
    payload.extend(error.code.number().to_le_bytes());
    payload.extend(error.retry_ms.unwrap_or(0).to_le_bytes());
    payload.extend(error.message.bytes().take(SENTENCE_BYTES_MAX));
    payload
}

/// Code, milliseconds to wait and sentence of a refusal.
pub fn read_refusal(payload: &[u8]) -> Option<(u16, u32, String)> {
    let [c0, c1, r0, r1, r2, r3, sentence @ ..] = payload else { return None };
    let sentence = String::from_utf8_lossy(sentence).into_owned();
    Some((u16::from_le_bytes([*c0, *c1]), u32::from_le_bytes([*r0, *r1, *r2, *r3]), sentence))
}

impl From<&Refusal> for Frame {
    fn from(refusal: &Refusal) -> Frame {
        Frame { kind: Kind::Refused, id: 0, payload: put_refusal(&ApiError::from(refusal.clone()).0) }
    }
}
