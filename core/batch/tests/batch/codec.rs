//! One batch, one string of bytes: from batches, and from bytes that nobody made on purpose.

use crate::arbitrary;
use crate::flow::{Flow, Mix};
use ashlar_batch::codec::{Decoder, Next, Preamble, decode_all, encode, iter};
use ashlar_batch::limits::{COMMANDS_MAX, QUOTES_MAX};
use ashlar_batch::{Batch, BatchError, Timed};
use ashlar_types::{
    AccountId, Command, Header, Input, KeyGrant, KeySlot, Lots, MarketId, Message, Price, Quote, Scopes, Sequence,
    Side, Signer, Time,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// What is accepted must be what its batch encodes to.
fn refused_or_canonical(bytes: &[u8]) -> bool {
    match decode_all(bytes) {
        Ok(batch) => encode(&batch).is_ok_and(|again| again == bytes),
        Err(_) => true,
    }
}

fn header() -> Header {
    let signer = Signer::Session { slot: KeySlot::new(0).unwrap(), epoch: 0 };
    Header { account: AccountId::new(7).unwrap(), signer, nonce: 1, not_after: Time::NEVER }
}

fn message(commands: Vec<Command>) -> Timed {
    Timed { time: Time::new(5).unwrap(), input: Input::Message(Message { header: header(), commands }) }
}

fn of(inputs: Vec<Timed>) -> Batch {
    Batch { first_sequence: Sequence::new(0), inputs }
}

proptest! {
    #[test]
    fn a_batch_comes_back(batch in arbitrary::batch(24)) {
        let bytes = encode(&batch).unwrap();
        prop_assert_eq!(decode_all(&bytes).unwrap(), batch.clone());
        let preamble = Preamble::peek(&bytes).unwrap();
        prop_assert_eq!(preamble.commands, batch.commands());
        let items: Vec<Timed> = iter(&bytes).unwrap().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(items, batch.inputs);
    }

    #[test]
    fn altered_bytes_are_refused_or_canonical(
        batch in arbitrary::batch(6),
        edits in vec((any::<Index>(), any::<u8>(), 0u8..4), 1..64),
    ) {
        let bytes = encode(&batch).unwrap();
        for (at, byte, kind) in edits {
            let mut edited = bytes.clone();
            let at = at.index(edited.len());
            match kind {
                0 => edited[at] = byte,
                1 => edited[at] ^= 1 << (byte % 8),
                2 => edited.insert(at, byte),
                _ => {
                    edited.remove(at);
                }
            }
            prop_assert!(refused_or_canonical(&edited));
            // The length is not what usually gives an edit away.
            let length = (edited.len() as u32).to_le_bytes();
            if let Some(field) = edited.get_mut(8..12) {
                field.copy_from_slice(&length);
            }
            prop_assert!(refused_or_canonical(&edited));
        }
    }

    #[test]
    fn random_bytes_never_panic(tail in vec(any::<u8>(), 0..400), counts in any::<[u8; 5]>()) {
        prop_assert!(refused_or_canonical(&tail));
        // Behind a plausible preamble they get further.
        let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 0];
        let length = (Preamble::BYTES + tail.len()) as u32;
        bytes.extend(length.to_le_bytes());
        for count in &counts[..3] {
            bytes.extend(u32::from(count % 8).to_le_bytes());
        }
        for count in &counts[3..] {
            bytes.extend(u16::from(count % 4).to_le_bytes());
        }
        bytes.extend([0; 14]);
        bytes.extend(&tail);
        prop_assert!(refused_or_canonical(&bytes));
    }
}

#[test]
fn every_single_bit_of_a_flow_counts() {
    let batch = Flow::new(Mix::SINGLE).batch(60);
    let bytes = encode(&batch).unwrap();
    let mut accepted = 0;
    for bit in 0..8 * bytes.len() {
        let mut edited = bytes.clone();
        edited[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = decode_all(&edited) {
            assert_ne!(other, batch, "bit {bit} says nothing");
            assert_eq!(encode(&other).unwrap(), edited, "bit {bit} leads to a second form");
            accepted += 1;
        }
    }
    assert!(accepted > 0, "some bits are plain values");
}

#[test]
fn commands_can_be_read_one_by_one() {
    let batch = Flow::new(Mix { bulk: 9, ..Mix::SINGLE }).batch(500);
    let bytes = encode(&batch).unwrap();
    let mut decoder = Decoder::new(&bytes).unwrap();
    let mut number = batch.first_sequence.get();
    for timed in &batch.inputs {
        match (decoder.next_input().unwrap().unwrap(), &timed.input) {
            (Next::Other { sequence, timed: other }, _) => {
                assert_eq!((sequence.get(), &other), (number, timed));
            }
            (Next::Message { sequence, time, header, commands }, Input::Message(message)) => {
                assert_eq!((sequence.get(), time), (number, timed.time));
                assert_eq!((header, commands), (message.header, message.commands.len()));
                // Only the first few are looked at: the decoder finds its way past the others.
                for expected in message.commands.iter().take(number as usize % 10) {
                    assert_eq!(decoder.next_command().unwrap().as_ref(), Some(expected));
                }
            }
            (next, input) => panic!("{next:?} for {input:?}"),
        }
        number += timed.input.commands() as u64;
    }
    assert_eq!(decoder.next_input().unwrap(), None);
}

#[test]
fn limits_hold() {
    assert_eq!(encode(&of(vec![])), Err(BatchError::Empty));
    let refused = |commands| encode(&of(vec![message(commands)])).unwrap_err();
    assert_eq!(refused(vec![]), BatchError::MessageCommands { max: 256, got: 0 });
    assert_eq!(refused(vec![Command::OpenSubAccount; 257]), BatchError::MessageCommands { max: 256, got: 257 });
    let grant = KeyGrant { slot: KeySlot::new(0).unwrap(), public: [0; 32], scopes: Scopes(16), expires: Time::NEVER };
    assert!(matches!(refused(vec![Command::RegisterKey(grant)]), BatchError::Plain { .. }));
    assert!(matches!(refused(vec![Command::Sweep(vec![])]), BatchError::Plain { .. }));
    let market = MarketId::new(0).unwrap();
    assert_eq!(refused(vec![Command::MassQuote { market, quotes: vec![] }]), BatchError::Quotes { max: 32, got: 0 });

    let late = Timed { time: Time::new(4).unwrap(), ..message(vec![Command::OpenSubAccount]) };
    let back = of(vec![message(vec![Command::OpenSubAccount]), late]);
    assert_eq!(encode(&back), Err(BatchError::TimeBack { previous: 5, got: 4 }));

    let last = Batch { first_sequence: Sequence::new(u64::MAX), inputs: vec![message(vec![Command::OpenSubAccount])] };
    assert_eq!(encode(&last), Err(BatchError::Sequence { first: u64::MAX, got: 1 }));
}

/// The commands of a batch that repeats itself take almost no bytes: the limits on counts bound what they unfold into.
#[test]
fn few_bytes_unfold_within_the_limits() {
    let quote = Quote {
        replaces: None,
        side: Side::Buy,
        price: Price::MIN,
        lots: Lots::ZERO,
        client: ashlar_types::ClientId(0),
    };
    let quotes = Command::MassQuote { market: MarketId::new(0).unwrap(), quotes: vec![quote; 32] };
    let repeated = |command: &Command, count: usize| {
        let mut inputs = Vec::new();
        for nonce in 0..count as u64 / 64 {
            let header = Header { nonce, ..header() };
            let commands = vec![command.clone(); 64];
            inputs.push(Timed { time: Time::ZERO, input: Input::Message(Message { header, commands }) });
        }
        of(inputs)
    };
    let order = ashlar_types::NewOrder::limit(MarketId::new(0).unwrap(), Side::Buy, Price::MIN, Lots::ZERO);
    let full = repeated(&Command::Place(order), COMMANDS_MAX);
    let bytes = encode(&full).unwrap();
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert_eq!(decode_all(&bytes).unwrap(), full);

    let over = repeated(&Command::Place(order), COMMANDS_MAX + 64);
    let error = BatchError::TooMany { what: "commands", max: COMMANDS_MAX, got: COMMANDS_MAX + 64 };
    assert_eq!(encode(&over), Err(error));
    let over = repeated(&quotes, QUOTES_MAX / 32 + 64);
    assert!(matches!(encode(&over), Err(BatchError::TooMany { what: "quotes", .. })));

    // Counts that lie are refused before anything is allocated for them.
    for (field, count) in [(12, u32::MAX), (16, u32::MAX), (20, u32::MAX), (12, 1 << 17)] {
        let mut lying = bytes.clone();
        lying[field..field + 4].copy_from_slice(&count.to_le_bytes());
        assert!(decode_all(&lying).is_err());
    }
}

#[test]
fn what_a_preamble_may_not_say() {
    let bytes = encode(&of(vec![message(vec![Command::OpenSubAccount])])).unwrap();
    let with = |at: usize, byte: u8| {
        let mut edited = bytes.clone();
        edited[at] = byte;
        decode_all(&edited).unwrap_err()
    };
    assert_eq!(with(0, 2), BatchError::UnknownVersion { expected: 1, got: 2 });
    assert_eq!(with(1, 0), BatchError::UnknownCodec { expected: 1, got: 0 });
    assert_eq!(with(2, 3), BatchError::Reserved { got: 3 });
    assert_eq!(with(4, 9), BatchError::Encrypted { key: 9 });
    assert_eq!(with(12, 0), BatchError::Empty);
    let length = bytes.len();
    assert_eq!(decode_all(&bytes[..length - 1]), Err(BatchError::Length { expected: length, got: length - 1 }));
    assert_eq!(decode_all(&bytes[..9]), Err(BatchError::PreambleEnds { expected: 42, got: 9 }));
}

#[test]
fn a_message_that_could_not_be_sent_is_in_no_batch() {
    let quote = Quote {
        replaces: None,
        side: Side::Buy,
        price: Price::MIN,
        lots: Lots::ZERO,
        client: ashlar_types::ClientId(0),
    };
    let quotes = Command::MassQuote { market: MarketId::new(0).unwrap(), quotes: vec![quote; 32] };
    let batch = of(vec![message(vec![quotes; 256])]);
    assert!(matches!(encode(&batch), Err(BatchError::MessageBytes { max: 65_536, .. })));
}
