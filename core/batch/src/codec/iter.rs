use alloc::vec::Vec;

use ashlar_types::{Input, Message};

use super::decode::{Decoder, Next};
use crate::content::{Batch, Timed};
use crate::error::BatchError;

/// The inputs of a batch one by one; after an error, nothing more.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    decoder: Option<Decoder<'a>>,
}

/// Reads a batch input by input. The bytes are those of a batch only if no item was an error, to the end.
pub fn iter(bytes: &[u8]) -> Result<Inputs<'_>, BatchError> {
    Ok(Inputs { decoder: Some(Decoder::new(bytes)?) })
}

/// The batch of these bytes.
pub fn decode_all(bytes: &[u8]) -> Result<Batch, BatchError> {
    let decoder = Decoder::new(bytes)?;
    let first_sequence = decoder.preamble().first_sequence;
    let inputs = Inputs { decoder: Some(decoder) }.collect::<Result<_, _>>()?;
    Ok(Batch { first_sequence, inputs })
}

impl Iterator for Inputs<'_> {
    type Item = Result<Timed, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.decoder.as_mut().and_then(|decoder| timed(decoder).transpose());
        if !matches!(item, Some(Ok(_))) {
            self.decoder = None;
        }
        item
    }
}

fn timed(decoder: &mut Decoder<'_>) -> Result<Option<Timed>, BatchError> {
    let (time, header, count) = match decoder.next_input()? {
        None => return Ok(None),
        Some(Next::Other { timed, .. }) => return Ok(Some(timed)),
        Some(Next::Message { time, header, commands, .. }) => (time, header, commands),
    };
    let mut commands = Vec::with_capacity(count);
    while let Some(command) = decoder.next_command()? {
        commands.push(command);
    }
    Ok(Some(Timed { time, input: Input::Message(Message { header, commands }) }))
}
