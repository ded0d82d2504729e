extern crate std;

use alloc::vec::Vec;

use ashlar_types::{
    BatchNumber, DecodeError, ExchangeId, InboxIndex, Sequence, Time, WithdrawalIndex, from_bytes, to_bytes,
};
use proptest::prelude::*;

use super::{BatchHeader, Hash, JoinError, LinkError, PublicValues};
use crate::merkle::Digest;

fn time(ms: u64) -> Time {
    Time::new(ms).unwrap()
}

fn digest(byte: u8) -> Digest {
    Digest::from_words([u32::from(byte) << 8; 7]).unwrap()
}

fn genesis() -> BatchHeader {
    BatchHeader::genesis(1, ExchangeId([7; 32]), digest(1), time(1_000))
}

fn child(parent: &BatchHeader) -> BatchHeader {
    let number = parent.number.next();
    BatchHeader {
        number,
        parent_hash: parent.hash(),
        state_root_before: parent.state_root_after,
        state_root_after: digest(10 + number.get() as u8 % 100),
        data_root: digest(100),
        receipts_root: digest(101),
        first_sequence: parent.next_sequence,
        next_sequence: Sequence::new(parent.next_sequence.get() + 5),
        first_time: parent.last_time,
        last_time: time(parent.last_time.get() + 9),
        ..*parent
    }
}

#[test]
fn a_chain_goes_on() {
    let mut parent = genesis();
    assert_eq!(parent.last_sequence(), None);
    for _ in 0..5 {
        let header = child(&parent);
        assert_eq!(header.follows(&parent), Ok(()));
        assert_eq!(header.last_sequence().unwrap().get() + 1, header.next_sequence.get());
        parent = header;
    }
    let made = WithdrawalIndex::new(3);
    let with = BatchHeader { withdrawals_next: made, withdrawals_root: digest(9), ..child(&parent) };
    assert_eq!(with.follows(&parent), Ok(()));
    let next = BatchHeader { withdrawals_root: Digest::EMPTY, ..child(&with) };
    assert_eq!(next.follows(&with), Ok(()));
    let with = BatchHeader { inbox_next: InboxIndex::new(2), inbox_hash: Hash([5; 32]), ..child(&parent) };
    assert_eq!(with.follows(&parent), Ok(()));
}

#[test]
fn each_break_has_its_name() {
    let parent = child(&genesis());
    let header = child(&parent);
    let refused = |header: BatchHeader| header.follows(&parent).unwrap_err();
    let (zero, other) = (Sequence::new(0), Hash([1; 32]));
    assert!(matches!(refused(BatchHeader { exchange_id: ExchangeId([8; 32]), ..header }), LinkError::Exchange { .. }));
    assert_eq!(refused(BatchHeader { version: 0, ..header }), LinkError::Version { expected: 1, got: 0 });
    let number = BatchNumber::new(9);
    assert_eq!(refused(BatchHeader { number, ..header }), LinkError::Number { expected: 2, got: 9 });
    let expected = parent.hash();
    assert_eq!(refused(BatchHeader { parent_hash: other, ..header }), LinkError::Parent { expected, got: other });
    let state_root_before = digest(77);
    assert!(matches!(refused(BatchHeader { state_root_before, ..header }), LinkError::StateRoot { .. }));
    let first = BatchHeader { first_sequence: zero, ..header };
    assert_eq!(refused(first), LinkError::Sequence { expected: 5, got: 0 });
    let next_sequence = header.first_sequence;
    assert_eq!(refused(BatchHeader { next_sequence, ..header }), LinkError::Empty { sequence: 5 });
    let (expected, got) = (parent.last_time.get(), 1);
    assert_eq!(refused(BatchHeader { first_time: time(1), ..header }), LinkError::Time { expected, got });
    assert_eq!(refused(BatchHeader { last_time: time(1), ..header }), LinkError::Time { expected, got });
    let inbox_hash = other;
    assert!(matches!(refused(BatchHeader { inbox_hash, ..header }), LinkError::InboxHash { .. }));
    let inbox_next = InboxIndex::new(1);
    assert!(matches!(refused(BatchHeader { inbox_next, ..header }), LinkError::InboxHash { .. }));
    let withdrawals_root = digest(3);
    assert!(matches!(refused(BatchHeader { withdrawals_root, ..header }), LinkError::WithdrawalsRoot { made: 0, .. }));
    let withdrawals_next = WithdrawalIndex::new(2);
    assert!(matches!(refused(BatchHeader { withdrawals_next, ..header }), LinkError::WithdrawalsRoot { made: 2, .. }));

    let parent = BatchHeader { inbox_next, withdrawals_next, ..parent };
    let header = child(&parent);
    let back = BatchHeader { inbox_next: InboxIndex::new(0), ..header };
    assert_eq!(back.follows(&parent), Err(LinkError::Inbox { expected: 1, got: 0 }));
    let back = BatchHeader { withdrawals_next: WithdrawalIndex::new(0), ..header };
    assert_eq!(back.follows(&parent), Err(LinkError::Withdrawals { expected: 2, got: 0 }));
    let last = BatchHeader { number: BatchNumber::new(u64::MAX), ..parent };
    let after = BatchHeader { number: BatchNumber::new(u64::MAX), ..child(&last) };
    assert!(matches!(after.follows(&last), Err(LinkError::Number { .. })));
}

#[test]
fn a_header_is_eighteen_words() {
    let header = child(&genesis());
    let bytes = header.to_bytes();
    assert_eq!(bytes.len(), 18 * 32);
    assert_eq!(bytes.as_slice(), to_bytes(&header));
    assert_eq!(from_bytes::<BatchHeader>(&bytes), Ok(header));
    let mut high = bytes;
    high[2 * 32] = 1;
    let error = from_bytes::<BatchHeader>(&high).unwrap_err();
    assert_eq!(error, DecodeError::OutOfRange { what: "batch number", got: 1 << 56, offset: 64 });
    let mut long = bytes;
    long[6 * 32 + 31] = 1;
    let error = from_bytes::<BatchHeader>(&long).unwrap_err();
    assert_eq!(error, DecodeError::OutOfRange { what: "data root", got: 1, offset: 192 });
}

fn stretch(count: u64) -> Vec<PublicValues> {
    let mut parent = genesis();
    let mut values = Vec::new();
    for _ in 0..count {
        parent = child(&parent);
        values.push(PublicValues::of(&parent));
    }
    values
}

#[test]
fn stretches_join_in_any_grouping() {
    let parts = stretch(6);
    let join = |parts: &[PublicValues]| {
        let (first, rest) = parts.split_first().unwrap();
        rest.iter().fold(*first, |sum, next| sum.join(next).unwrap())
    };
    let whole = join(&parts);
    assert_eq!((whole.parent_hash, whole.count), (genesis().hash(), 6));
    for at in 1..6 {
        assert_eq!(join(&parts[..at]).join(&join(&parts[at..])), Ok(whole));
    }
    assert_eq!(from_bytes::<PublicValues>(&to_bytes(&whole)), Ok(whole));
}

#[test]
fn what_does_not_meet_is_not_joined() {
    let parts = stretch(3);
    assert!(matches!(parts[0].join(&parts[2]), Err(JoinError::Gap { .. })));
    assert!(matches!(parts[0].join(&parts[0]), Err(JoinError::Gap { .. })));
    let other = PublicValues { version: 2, ..parts[1] };
    assert_eq!(parts[0].join(&other), Err(JoinError::Version { expected: 1, got: 2 }));
    let other = PublicValues { exchange_id: ExchangeId([0; 32]), ..parts[1] };
    assert!(matches!(parts[0].join(&other), Err(JoinError::Exchange { .. })));
    for count in [0, u64::MAX] {
        let other = PublicValues { count, ..parts[1] };
        assert!(matches!(parts[0].join(&other), Err(JoinError::Count { .. })));
    }
}

proptest! {
    #[test]
    fn a_header_has_one_encoding_and_every_bit_counts(bit in 0usize..18 * 32 * 8) {
        let header = child(&genesis());
        let mut bytes = header.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = from_bytes::<BatchHeader>(&bytes) {
            prop_assert_eq!(other.to_bytes(), bytes);
            prop_assert_ne!(other.hash(), header.hash());
        }
    }

    #[test]
    fn public_values_have_one_encoding(bit in 0usize..5 * 32 * 8) {
        let values = stretch(1)[0];
        let mut bytes = to_bytes(&values);
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = from_bytes::<PublicValues>(&bytes) {
            prop_assert_eq!(to_bytes(&other), bytes);
            prop_assert_ne!(other.hash(), values.hash());
        }
    }
}
