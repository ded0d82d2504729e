//! One thing wrong at a time, and the check that finds it.

use ashlar_batch::codec::{decode_all, encode};
use ashlar_batch::merkle::Digest;
use ashlar_batch::{Batch, BatchHeader, Hash, LinkError, data_root};
use ashlar_guest::{Counter, GuestError, ListError, NativePlatform, check, encode_lists};
use ashlar_state::WitnessError;
use ashlar_types::sign::SignatureError;
use ashlar_types::{Command, Decode, InboxIndex, Input, Reader, Sequence, Time};

use crate::accepts::two;
use crate::support::{Book, Node, Recorded, opening};

fn refused(batch: &Recorded) -> GuestError {
    check(&batch.input(), &mut NativePlatform::default()).expect_err("the batch is wrong")
}

fn second() -> Recorded {
    let [_, second] = two();
    second
}

/// The name of the header's field that does not fit, if that is what is wrong.
fn field(error: GuestError) -> &'static str {
    match error {
        GuestError::Header { field, .. } => field,
        other => panic!("{other}"),
    }
}

/// Changes the batch bytes to those of other inputs, and the header to their data root.
fn rewrite(of: &mut Recorded, change: impl FnOnce(&mut Batch)) {
    let mut batch = decode_all(&of.batch).expect("the batch decodes");
    change(&mut batch);
    of.batch = encode(&batch).expect("the batch is well formed");
    of.header.data_root = data_root(&of.batch).expect("the batch has bytes");
}

/// Changes the parent, and lets the header follow what it became.
fn reparent(of: &mut Recorded, change: impl FnOnce(&mut BatchHeader)) {
    change(&mut of.parent);
    of.header.parent_hash = of.parent.hash();
    of.header.state_root_before = of.parent.state_root_after;
    of.header.first_sequence = of.parent.next_sequence;
}

/// The header with one bit of one word turned: in the last byte of a number, in the first of a digest.
fn turned(header: &BatchHeader, word: usize) -> BatchHeader {
    let mut bytes = header.to_bytes();
    bytes[32 * word + if (4..=13).contains(&word) && word != 11 && word != 12 { 0 } else { 31 }] ^= 1;
    BatchHeader::decode(&mut Reader::new(&bytes)).expect("the bit is one of the value")
}

#[test]
fn every_field_of_the_header_is_bound_but_the_commitment() {
    let right = second();
    let with = |word| {
        let header = turned(&right.header, word);
        assert_ne!(header, right.header);
        refused(&Recorded { header, ..right.clone() })
    };
    assert!(matches!(with(0), GuestError::Version { expected: 1, got: 0 }));
    assert!(matches!(with(1), GuestError::Exchange { .. }));
    assert!(matches!(with(2), GuestError::Link { error: LinkError::Number { .. } }));
    assert!(matches!(with(3), GuestError::Link { error: LinkError::Parent { .. } }));
    assert!(matches!(with(4), GuestError::Link { error: LinkError::StateRoot { .. } }));
    assert!(matches!(with(14), GuestError::Link { error: LinkError::Sequence { .. } }));
    assert!(matches!(with(16), GuestError::FirstTime { .. }));
    for (word, name) in [
        (5, "state root after"),
        (6, "data root"),
        (8, "signatures root"),
        (9, "receipts root"),
        (10, "withdrawals root"),
        (11, "withdrawals next"),
        (12, "inbox next"),
        (13, "inbox hash"),
        (15, "next sequence"),
        (17, "last time"),
    ] {
        assert_eq!(field(with(word)), name);
    }
    let free = Recorded { header: turned(&right.header, 7), ..right.clone() };
    let values = |of: &Recorded| check(&of.input(), &mut NativePlatform::default()).expect("it is right");
    assert_ne!(values(&free).last_hash, values(&right).last_hash, "what is not checked is still what is said");
}

#[test]
fn every_field_of_the_parent_is_bound() {
    let right = second();
    for word in 0..BatchHeader::WORDS {
        let wrong = Recorded { parent: turned(&right.parent, word), ..right.clone() };
        assert!(matches!(refused(&wrong), GuestError::Link { .. }), "word {word}");
    }
}

#[test]
fn a_parent_that_is_not_of_this_state_is_found() {
    let with = |change: fn(&mut BatchHeader)| {
        let mut wrong = second();
        reparent(&mut wrong, change);
        refused(&wrong)
    };
    let other = with(|parent| parent.state_root_after = Digest::from_words([1, 2, 3, 4, 5, 6, 0x700]).unwrap());
    assert!(matches!(other, GuestError::StateBefore { .. }), "{other}");
    let counter = |error| match error {
        GuestError::Counter { counter, .. } => counter,
        other => panic!("{other}"),
    };
    let mut earlier = second();
    reparent(&mut earlier, |parent| parent.next_sequence = Sequence::new(1));
    rewrite(&mut earlier, |batch| batch.first_sequence = Sequence::new(1));
    assert_eq!(counter(refused(&earlier)), Counter::Sequence);
    assert_eq!(counter(with(|parent| parent.last_time = Time::new(7).unwrap())), Counter::Time);
    assert_eq!(counter(with(|parent| parent.inbox_next = InboxIndex::new(1))), Counter::Inbox);
    assert_eq!(field(with(|parent| parent.inbox_hash = Hash([9; 32]))), "inbox hash");
}

#[test]
fn every_byte_of_the_batch_is_bound() {
    let right = second();
    for place in 0..right.batch.len() {
        let mut wrong = right.clone();
        wrong.batch[place] ^= 1 << (place % 8);
        refused(&wrong);
        wrong.header.data_root = data_root(&wrong.batch).expect("the batch has bytes");
        refused(&wrong);
    }
    let mut wrong = right.clone();
    wrong.batch.pop();
    assert!(matches!(refused(&wrong), GuestError::Batch { .. }));
}

#[test]
fn every_byte_of_the_signatures_is_bound() {
    let right = second();
    for place in 0..right.signatures.len() {
        let mut wrong = right.clone();
        wrong.signatures[place] ^= 1 << (place % 8);
        let error = refused(&wrong);
        assert!(matches!(error, GuestError::Signature { .. } | GuestError::SessionSignatures { .. }), "{error}");
    }
    let mut wrong = right.clone();
    wrong.signatures.truncate(right.signatures.len() - 1);
    let [expected, got] = [right.signatures.len(), right.signatures.len() - 1];
    assert_eq!(refused(&wrong), GuestError::SignatureBytes { expected, got });
    wrong.signatures = right.signatures.clone();
    wrong.signatures.push(0);
    assert_eq!(refused(&wrong), GuestError::SignatureBytes { expected, got: expected + 1 });
    let mut wrong = right.clone();
    wrong.deployment.chain_id += 1;
    wrong.header.exchange_id = wrong.deployment.exchange_id();
    reparent(&mut wrong, |parent| parent.exchange_id = Recorded::exchange_id_of(31_338));
    let error = refused(&wrong);
    assert!(matches!(error, GuestError::Signature { .. } | GuestError::SessionSignatures { .. }), "{error}");
}

#[test]
fn every_word_of_the_witness_is_bound() {
    let right = second();
    let each = |len: usize, change: &dyn Fn(&mut Recorded, usize)| {
        for place in 0..len {
            let mut wrong = right.clone();
            change(&mut wrong, place);
            refused(&wrong);
        }
    };
    let witness = &right.witness;
    each(witness.keys.len(), &|wrong, place| wrong.witness.keys[place] ^= 1);
    each(witness.words.len(), &|wrong, place| wrong.witness.words[place] ^= 1 << (place % 64));
    each(witness.lens.len(), &|wrong, place| wrong.witness.lens[place] ^= 1);
    each(witness.digests.len(), &|wrong, place| wrong.witness.digests[place] ^= 0x100);
    each(witness.ops.len(), &|wrong, place| wrong.witness.ops[place] ^= 1);
    each(witness.hints.len(), &|wrong, place| wrong.witness.hints[place] ^= 1);
}

#[test]
fn what_is_wrong_with_a_witness_is_said() {
    let mut wrong = second();
    let digest = wrong.witness.digests.first_mut().expect("something is not shown");
    *digest ^= 0x100;
    assert!(matches!(refused(&wrong), GuestError::StateBefore { .. }));
    let mut wrong = second();
    wrong.witness.hints[3] += 1;
    assert!(matches!(refused(&wrong), GuestError::Fault { .. }));
    let mut wrong = second();
    wrong.witness.hints.pop();
    assert!(matches!(refused(&wrong), GuestError::Fault { .. }));
    let mut wrong = second();
    wrong.witness.hints.push(0);
    assert!(matches!(refused(&wrong), GuestError::Witness { error: WitnessError::HintsUnused { .. } }));
    let mut wrong = second();
    wrong.witness.keys.pop();
    assert!(matches!(refused(&wrong), GuestError::Witness { error: WitnessError::Ragged { .. } }));
}

#[test]
fn lists_that_are_not_whole_are_found() {
    let right = second();
    assert!(right.lists.iter().all(|list| !list.is_empty()), "every list of the batch has orders");
    for place in 0..right.lists.len() {
        let mut lists = right.lists.clone();
        lists[place].pop();
        let wrong = Recorded { words: encode_lists(&lists), ..right.clone() };
        assert!(matches!(refused(&wrong), GuestError::Incomplete { .. }));
    }
    let mut lists = right.lists.clone();
    assert!(lists.len() > 1);
    let foreign = lists[1][0];
    lists[0][0] = foreign;
    lists[0].sort_unstable();
    let wrong = Recorded { words: encode_lists(&lists), ..right.clone() };
    assert!(matches!(refused(&wrong), GuestError::Incomplete { .. }), "an order of another account");
    let mut wrong = right.clone();
    wrong.words.push(0);
    assert!(matches!(refused(&wrong), GuestError::Lists { error: ListError::Unused { .. } }));
    let mut wrong = right.clone();
    wrong.words.pop();
    assert!(matches!(refused(&wrong), GuestError::Lists { error: ListError::Ends { .. } | ListError::Entry { .. } }));
    let mut wrong = right.clone();
    wrong.words.clear();
    assert!(matches!(refused(&wrong), GuestError::Lists { error: ListError::Missing { words: 0 } }));
    for place in 0..right.words.len() {
        let mut wrong = right.clone();
        wrong.words[place] ^= 1 << (place * 7 % 64);
        refused(&wrong);
    }
}

#[test]
fn sequence_and_time_go_on_from_the_parent() {
    let mut wrong = second();
    rewrite(&mut wrong, |batch| batch.first_sequence = Sequence::new(batch.first_sequence.get() + 1));
    assert!(matches!(refused(&wrong), GuestError::FirstSequence { .. }));
    let mut wrong = second();
    rewrite(&mut wrong, |batch| batch.inputs[0].time = Time::new(1_001).unwrap());
    assert!(matches!(refused(&wrong), GuestError::FirstTime { .. }));
    wrong.header.first_time = Time::new(1_001).unwrap();
    assert!(matches!(refused(&wrong), GuestError::Link { error: LinkError::Time { .. } }));
}

#[test]
fn inbox_entries_come_in_order_and_in_time() {
    let entry_with = |change: fn(&mut InboxIndex, &mut Time)| {
        let mut wrong = second();
        rewrite(&mut wrong, |batch| {
            let entries = batch.inputs.iter_mut().filter_map(|timed| match &mut timed.input {
                Input::Inbox { index, time, .. } => Some((index, time)),
                _ => None,
            });
            entries.take(1).for_each(|(index, time)| change(index, time));
        });
        refused(&wrong)
    };
    let index = entry_with(|index, _| *index = InboxIndex::new(index.get() + 1));
    assert!(matches!(index, GuestError::InboxIndex { expected: 9, got: 10 }), "{index}");
    let late = entry_with(|_, time| *time = Time::new(time.get() + 1).unwrap());
    assert!(matches!(late, GuestError::InboxTime { index: 9, .. }), "{late}");
    let early = entry_with(|_, time| *time = Time::new(5).unwrap());
    assert!(matches!(early, GuestError::InboxTime { index: 9, .. }), "{early}");
    let other = entry_with(|_, time| *time = Time::new(time.get() - 1).unwrap());
    assert_eq!(field(other), "inbox hash");
}

/// A batch after the opening.
fn after_the_opening(say: impl FnOnce(&mut crate::support::Flow)) -> Recorded {
    let (mut node, mut flow) = (Node::new(), Book::new().begin());
    opening(&mut flow);
    let mut next = flow.book.clone().begin();
    node.seal(flow);
    say(&mut next);
    node.seal(next)
}

#[test]
fn a_message_of_nobody_is_not_in_a_batch() {
    let cancel = || vec![Command::CancelAll(ashlar_types::CancelFilter::ALL)];
    let no_signer = |batch: &Recorded| matches!(refused(batch), GuestError::NoSigner { input: 0, .. });
    assert!(no_signer(&after_the_opening(|flow| flow.session(5, 0, cancel()))), "no account");
    assert!(no_signer(&after_the_opening(|flow| flow.wallet(5, Command::OpenSubAccount))), "no owner");
    assert!(no_signer(&after_the_opening(|flow| flow.session(1, 3, cancel()))), "no key");
    assert!(no_signer(&after_the_opening(|flow| flow.session_of(1, 0, 2, cancel()))), "another epoch");
    let revoked = after_the_opening(|flow| {
        flow.wallet(1, Command::RevokeKey(ashlar_types::KeySlot::FIRST));
        flow.session(1, 0, cancel());
    });
    assert!(matches!(refused(&revoked), GuestError::NoSigner { input: 1, .. }), "revoked just before");
}

#[test]
fn a_signature_is_that_of_the_signer_that_is_named() {
    let mut wrong = after_the_opening(|flow| {
        flow.session(1, 0, vec![Command::CancelAll(ashlar_types::CancelFilter::ALL)]);
        flow.wallet(1, Command::OpenSubAccount);
    });
    let right = wrong.clone();
    check(&right.input(), &mut NativePlatform::default()).expect("it is right");
    let foreign = after_the_opening(|flow| flow.wallet(2, Command::OpenSubAccount));
    wrong.signatures[64..].copy_from_slice(&foreign.signatures);
    let error = refused(&wrong);
    assert!(
        matches!(error, GuestError::Signature { input: 1, error: SignatureError::WrongOwner { .. } }),
        "by another wallet, of another message: {error}"
    );
}

#[test]
fn a_refused_message_needs_its_signature_too() {
    let cancel = || vec![Command::CancelAll(ashlar_types::CancelFilter::ALL)];
    let mut batch = after_the_opening(|flow| {
        let nonces = flow.book.clone();
        flow.session(1, 0, cancel());
        flow.book.forget_nonces(nonces);
        flow.session(1, 0, cancel());
    });
    check(&batch.input(), &mut NativePlatform::default()).expect("a used nonce is a receipt");
    assert_eq!(batch.receipts[1].0.reason, ashlar_types::Reason::NonceUsed);
    batch.signatures[127] ^= 1;
    assert!(matches!(refused(&batch), GuestError::SessionSignatures { checked: 2 }));
}
