//! The encoding is canonical: one value, one string of bytes, whatever bytes a decoder is given.

mod generate;

use core::fmt::Debug;

use ashlar_types::*;
use proptest::prelude::*;

/// Both directions on a value: it comes back, and no other length of its bytes is accepted.
fn returns<T: Encode + Decode + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let bytes = to_bytes(value);
    prop_assert!(bytes.len() <= T::BYTES_MAX, "{} of {} bytes", bytes.len(), T::BYTES_MAX);
    prop_assert_eq!(&from_bytes::<T>(&bytes).unwrap(), value);
    for cut in [0, bytes.len() / 2, bytes.len() - 1] {
        prop_assert!(from_bytes::<T>(&bytes[..cut]).is_err(), "cut to {cut}");
    }
    let mut longer = bytes;
    longer.push(0);
    prop_assert!(from_bytes::<T>(&longer).is_err(), "one byte more");
    Ok(())
}

/// Whatever bytes are accepted are the bytes their value is written as.
fn canonical<T: Encode + Decode + PartialEq + Debug>(bytes: &[u8]) -> Result<bool, TestCaseError> {
    match from_bytes::<T>(bytes) {
        Ok(value) => {
            prop_assert_eq!(to_bytes(&value), bytes);
            Ok(true)
        }
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            Ok(false)
        }
    }
}

/// Places, kinds of change, and bytes, among which tags and counts are likely.
fn edits() -> impl Strategy<Value = Vec<(u16, u8, u8)>> {
    let byte = prop_oneof![any::<u8>(), 0..8u8];
    proptest::collection::vec((any::<u16>(), any::<u8>(), byte), 1..4)
}

fn mutate(bytes: &mut Vec<u8>, edits: &[(u16, u8, u8)]) {
    for &(place, kind, byte) in edits {
        let place = usize::from(place) % (bytes.len() + 1);
        match kind % 4 {
            0 if place < bytes.len() => bytes[place] = byte,
            1 if place < bytes.len() => bytes[place] ^= 1 << (byte % 8),
            2 => bytes.insert(place, byte),
            _ => bytes.truncate(place),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn inputs_return(value in generate::input()) {
        returns(&value)?;
    }

    #[test]
    fn receipts_and_events_return(receipt in generate::receipt(), event in generate::event()) {
        returns(&receipt)?;
        returns(&event)?;
        prop_assert_eq!(from_record::<Receipt>(&to_record(&receipt)).unwrap(), receipt);
        prop_assert_eq!(from_record::<Event>(&to_record(&event)).unwrap(), event);
    }

    #[test]
    fn records_return(input in generate::input(), message in generate::message()) {
        prop_assert_eq!(from_record::<Input>(&to_record(&input)).unwrap(), input);
        prop_assert_eq!(from_record::<Message>(&to_record(&message)).unwrap(), message);
    }

    #[test]
    fn order_of_bytes_is_order_of_keys(a in generate::order_id(), b in generate::order_id()) {
        returns(&a)?;
        prop_assert_eq!(to_bytes(&a).cmp(&to_bytes(&b)), a.to_u128().cmp(&b.to_u128()));
    }

    #[test]
    fn mutated_bytes_are_canonical_or_refused(
        value in generate::input(),
        edits in edits(),
    ) {
        let mut bytes = to_bytes(&value);
        mutate(&mut bytes, &edits);
        canonical::<Input>(&bytes)?;
    }

    #[test]
    fn mutated_receipts_and_events_are_canonical_or_refused(
        receipt in generate::receipt(),
        event in generate::event(),
        edits in edits(),
    ) {
        let (mut receipt, mut event) = (to_bytes(&receipt), to_bytes(&event));
        mutate(&mut receipt, &edits);
        mutate(&mut event, &edits);
        canonical::<Receipt>(&receipt)?;
        canonical::<Event>(&event)?;
    }

    #[test]
    fn random_bytes_are_canonical_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), tag in 0u8..16) {
        canonical::<Input>(&bytes)?;
        canonical::<Message>(&bytes)?;
        canonical::<Receipt>(&bytes)?;
        canonical::<Event>(&bytes)?;
        let mut tagged = bytes;
        tagged.insert(0, tag);
        canonical::<Command>(&tagged)?;
        canonical::<InboxEntry>(&tagged)?;
        canonical::<ParamChange>(&tagged)?;
    }
}

fn message_of(commands: Vec<Command>) -> Message {
    let header =
        Header { account: AccountId::new(1).unwrap(), signer: Signer::Owner, nonce: 0, not_after: Time::NEVER };
    Message { header, commands }
}

/// Bytes of a message with no commands: account 4, scheme 1, nonce 8, deadline 6.
const HEADER_BYTES: usize = 19;

#[test]
fn lists_are_neither_empty_nor_too_long() {
    let empty = to_bytes(&message_of(vec![]));
    assert_eq!(from_bytes::<Message>(&empty), Err(DecodeError::Empty { what: "commands", offset: HEADER_BYTES }));

    let full = message_of(vec![Command::OpenSubAccount; limits::MESSAGE_COMMANDS_MAX]);
    assert_eq!(from_bytes::<Message>(&to_bytes(&full)), Ok(full));
    for got in [limits::MESSAGE_COMMANDS_MAX + 1, 60_000] {
        let bytes = to_bytes(&message_of(vec![Command::OpenSubAccount; got]));
        let max = limits::MESSAGE_COMMANDS_MAX;
        assert_eq!(
            from_bytes::<Message>(&bytes),
            Err(DecodeError::TooMany { what: "commands", max, got, offset: HEADER_BYTES })
        );
    }
    // More than the count's field can say is refused too.
    let beyond = to_bytes(&message_of(vec![Command::OpenSubAccount; 70_000]));
    assert!(matches!(from_bytes::<Message>(&beyond), Err(DecodeError::TooLong { .. })));
    assert!(matches!(Message::decode(&mut Reader::new(&beyond)), Err(DecodeError::TooMany { got: 65_535, .. })));
}

#[test]
fn a_message_has_a_limit_in_bytes_wherever_it_stands() {
    let order =
        OrderId { market: MarketId::new(0).unwrap(), side: Side::Buy, price: Price::MAX, rank: Rank::new(u64::MAX) };
    let sweep = Command::Sweep(vec![order; limits::SWEEP_ORDERS_MAX]);
    let fits = (limits::MESSAGE_BYTES_MAX - HEADER_BYTES - 2) / to_bytes(&sweep).len();
    let message = message_of(vec![sweep.clone(); fits]);
    assert_eq!(from_bytes::<Message>(&to_bytes(&message)), Ok(message.clone()));
    assert!(from_bytes::<Input>(&to_bytes(&Input::Message(message))).is_ok());

    let message = message_of(vec![sweep; fits + 1]);
    let got = to_bytes(&message).len();
    let too_long = DecodeError::TooLong { max: limits::MESSAGE_BYTES_MAX, got };
    assert_eq!(from_bytes::<Message>(&to_bytes(&message)), Err(too_long));
    // Inside an input the message is a byte away from the start, and its own length still counts.
    let inside = to_bytes(&Input::Message(message));
    assert_eq!(Input::decode(&mut Reader::new(&inside)), Err(too_long));
}

/// Each malformation has its own error, which says where it is.
#[test]
fn malformations_are_named() {
    let at = |bytes: &[u8]| from_bytes::<Command>(bytes).unwrap_err();
    assert_eq!(at(&[]), DecodeError::UnexpectedEnd { offset: 0, expected: 1, got: 0 });
    assert_eq!(at(&[16]), DecodeError::UnknownTag { what: "command", got: 16, offset: 0 });
    assert_eq!(at(&[11, 2]), DecodeError::UnknownTag { what: "yes or no", got: 2, offset: 1 });
    assert_eq!(at(&[13, 8]), DecodeError::OutOfRange { what: "key slot", got: 8, offset: 1 });
    assert_eq!(at(&[14, 0]), DecodeError::TrailingBytes { offset: 1, got: 1 });
    assert_eq!(at(&[10, 1, 0, 9, 9]), DecodeError::UnexpectedEnd { offset: 3, expected: 8, got: 2 });
    assert_eq!(at(&[10, 0, 16, 0, 0]), DecodeError::OutOfRange { what: "asset", got: 4096, offset: 1 });
    assert_eq!(at(&[5, 2]), DecodeError::UnknownTag { what: "option", got: 2, offset: 1 });
    // A buy order's key of all zeros would be priced one tick above the highest price.
    let no_order = DecodeError::OutOfRange { what: "an order's market and price", got: 0, offset: 1 };
    assert_eq!(at(&[vec![1], vec![0; 16]].concat()), no_order);
    let mut grant = vec![12, 0];
    grant.extend([0; 32]);
    grant.extend([16, 0, 0, 0, 0, 0, 0]);
    assert_eq!(at(&grant), DecodeError::OutOfRange { what: "scopes", got: 16, offset: 34 });
    assert_eq!(from_record::<Receipt>(&[2]), Err(DecodeError::UnknownVersion { expected: 1, got: 2 }));
    let bytes = vec![0; limits::COMMAND_BYTES_MAX + 1];
    assert!(matches!(from_bytes::<Command>(&bytes), Err(DecodeError::TooLong { .. })));
}

/// Values that cannot be built, read from bytes.
#[test]
fn ends_of_ranges_are_exact() {
    let six = |value: u64| value.to_le_bytes()[..6].to_vec();
    for (ticks, good) in [(0, false), (1, true), (Price::MAX.get(), true), (Price::MAX.get() + 1, false)] {
        assert_eq!(from_bytes::<Price>(&six(ticks)).is_ok(), good, "price {ticks}");
    }
    for (units, good) in [(Amount::MAX.get(), true), (Amount::MAX.get() + 1, false)] {
        assert_eq!(from_bytes::<Amount>(&units.to_le_bytes()).is_ok(), good, "amount {units}");
    }
    for (number, good) in [(limits::ACCOUNTS_MAX - 1, true), (limits::ACCOUNTS_MAX, false)] {
        assert_eq!(from_bytes::<AccountId>(&number.to_le_bytes()).is_ok(), good, "account {number}");
    }
    for code in 0..=u8::MAX {
        assert_eq!(from_bytes::<Reason>(&[code]).is_ok(), Reason::from_code(code).is_some(), "reason {code}");
    }
}
