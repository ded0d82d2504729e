//! A batch that is built: its header, everything that proves it, and what each of its commands did.

use ashlar_batch::{BatchHeader, Withdrawal, receipts_tree, withdrawals_tree};
use ashlar_guest::{GuestInput, PackedError, unpack_inputs, words_from_bytes, words_to_bytes};
use ashlar_types::sign::{Curve, Native};
use ashlar_types::{Decode, DecodeError, Encode, Event, Reader, Receipt, Sequence, Writer};

/// The first byte of the only stored form there is.
const VERSION: u8 = 1;

/// What a command did.
pub type Done = (Receipt, Vec<Event>);

/// A built batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    header: BatchHeader,
    words: Vec<u64>,
    done: Vec<Done>,
}

/// Why stored bytes are no built batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SealedError {
    /// Not whole, as after a crash in the middle of writing.
    #[error("it is not whole")]
    Torn,
    /// Of another form.
    #[error("it is of version {got}, and this program reads {VERSION}")]
    Version {
        /// Which.
        got: u8,
    },
    /// The evidence.
    #[error("its evidence cannot be read: {0}")]
    Packed(#[from] PackedError),
    /// The receipts.
    #[error("its receipts cannot be read: {0}")]
    Receipts(#[from] DecodeError),
    /// The evidence is of no or several batches.
    #[error("its evidence is of {got} batches, not one")]
    Count {
        /// How many.
        got: usize,
    },
}

impl Sealed {
    /// From the packed evidence of one batch, and what its commands did.
    pub fn new(words: Vec<u64>, done: Vec<Done>) -> Result<Sealed, SealedError> {
        let inputs = unpack_inputs(&words)?;
        let [input] = inputs.as_slice() else { return Err(SealedError::Count { got: inputs.len() }) };
        Ok(Sealed { header: input.header, words, done })
    }

    /// Its header.
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// What a guest is given, packed.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// What a guest is given.
    pub fn input(&self) -> Result<GuestInput<'_>, SealedError> {
        unpack_inputs(&self.words)?.pop().ok_or(SealedError::Count { got: 0 })
    }

    /// What each command did.
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// Which of its commands this is.
    pub fn place_of(&self, sequence: Sequence) -> Option<usize> {
        let place = usize::try_from(sequence.get().checked_sub(self.header.first_sequence.get())?).ok()?;
        (place < self.done.len()).then_some(place)
    }

    /// The tree over what its commands did.
    pub fn receipts(&self) -> Option<ashlar_batch::merkle::Tree> {
        receipts_tree(self.done.iter().map(|(receipt, events)| (receipt, events.as_slice())))
    }

    /// The withdrawals it made, each with the command that made it.
    pub fn withdrawals(&self) -> Vec<(Sequence, Withdrawal)> {
        let of = |(receipt, events): &Done| {
            let sequence = receipt.sequence;
            let made = events.iter().filter_map(move |event| match *event {
                Event::Withdrawn { index, to, asset, amount } => {
                    Some((sequence, Withdrawal { index, to, asset, amount }))
                }
                _ => None,
            });
            made.collect::<Vec<_>>()
        };
        self.done.iter().flat_map(of).collect()
    }

    /// The tree over those withdrawals.
    pub fn withdrawals_tree(&self) -> Option<ashlar_batch::merkle::Tree> {
        let made: Vec<_> = self.withdrawals().into_iter().map(|(_, withdrawal)| withdrawal).collect();
        withdrawals_tree(&made)
    }

    /// To be stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let evidence = words_to_bytes(&self.words);
        let mut writer = Writer::new();
        writer.u64(evidence.len() as u64);
        writer.bytes(&evidence);
        writer.u64(self.done.len() as u64);
        for (receipt, events) in &self.done {
            receipt.encode(&mut writer);
            writer.u32(u32::try_from(events.len()).unwrap_or(u32::MAX));
            events.iter().for_each(|event| event.encode(&mut writer));
        }
        let body = writer.into_bytes();
        let mut bytes = Vec::with_capacity(body.len() + 41);
        bytes.push(VERSION);
        bytes.extend((body.len() as u64).to_be_bytes());
        bytes.extend(sum_of(&body));
        bytes.extend(body);
        bytes
    }

    /// From what was stored. Bytes after it are what a longer one left there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sealed, SealedError> {
        let body = body_of(bytes)?;
        let mut reader = Reader::new(body);
        let length = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
        let words = words_from_bytes(reader.slice(length)?)?;
        let count = reader.u64()?;
        let mut done = Vec::new();
        for _ in 0..count {
            let receipt = Receipt::decode(&mut reader)?;
            let events = reader.u32()?;
            let mut all = Vec::new();
            for _ in 0..events {
                all.push(Event::decode(&mut reader)?);
            }
            done.push((receipt, all));
        }
        reader.finish()?;
        Sealed::new(words, done)
    }
}

fn sum_of(body: &[u8]) -> [u8; 32] {
    Native.sha256(&[b'b'; 64], &[body])
}

fn body_of(bytes: &[u8]) -> Result<&[u8], SealedError> {
    let (version, rest) = bytes.split_first().ok_or(SealedError::Torn)?;
    if *version != VERSION {
        return Err(if *version == 0 { SealedError::Torn } else { SealedError::Version { got: *version } });
    }
    let (length, rest) = rest.split_first_chunk::<8>().ok_or(SealedError::Torn)?;
    let (sum, rest) = rest.split_first_chunk::<32>().ok_or(SealedError::Torn)?;
    let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let body = rest.get(..length).ok_or(SealedError::Torn)?;
    if sum_of(body) == *sum { Ok(body) } else { Err(SealedError::Torn) }
}
