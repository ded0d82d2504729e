use ashlar_replica::Epoch;
use ashlar_types::{ExchangeId, Sequence, Time};

use super::*;

const EXCHANGE: ExchangeId = ExchangeId([9; 32]);

fn key() -> NodeKey {
    NodeKey::new(&[7; 32]).unwrap()
}

/// A chain of links of 1, 2, 3, … commands, the hash before each, and its signed end.
fn chain(links: u32, salt: u8) -> (Vec<(ChainHash, Link)>, SignedHead) {
    let (mut head, mut next, mut all) = (ChainHash::default(), 0, Vec::new());
    for commands in 1..=links {
        let command_hash = command_hash(&EXCHANGE, &[commands as u8, salt]);
        let (epoch, time) = (Epoch::new(0), Time::new(u64::from(commands)).unwrap());
        let link = Link { epoch, sequence: Sequence::new(next), commands, time, command_hash, l1_block: [1; 32] };
        all.push((head, link));
        (head, next) = (link.after(&EXCHANGE, &head), next + u64::from(commands));
    }
    let last = all.last().expect("a chain has links").1.sequence;
    (all, key().sign(&EXCHANGE, Epoch::new(0), last, head).unwrap())
}

fn receipt(chain: &[(ChainHash, Link)], signed: SignedHead, place: usize) -> SequenceReceipt {
    let (previous, link) = chain[place];
    SequenceReceipt { previous, link, later: chain[place + 1..].iter().map(|(_, link)| *link).collect(), signed }
}

#[test]
fn each_place_of_a_group_is_shown_and_no_other() {
    let (links, signed) = chain(5, 0);
    for place in 0..5 {
        let good = receipt(&links, signed, place);
        good.check(&EXCHANGE, &key().public()).unwrap();
        let mut bad = good.clone();
        bad.link.command_hash[0] ^= 1;
        assert_eq!(bad.check(&EXCHANGE, &key().public()), Err(ReceiptError::Head));
        let mut bad = good.clone();
        bad.link.l1_block[0] ^= 1;
        assert_eq!(bad.check(&EXCHANGE, &key().public()), Err(ReceiptError::Head));
        let mut bad = good.clone();
        bad.link.time = Time::ZERO;
        assert_eq!(bad.check(&EXCHANGE, &key().public()), Err(ReceiptError::Head));
        let mut bad = good.clone();
        bad.link.commands += 1;
        assert!(matches!(bad.check(&EXCHANGE, &key().public()), Err(ReceiptError::Gap { .. } | ReceiptError::Head)));
        let mut bad = good.clone();
        bad.signed.signature[40] ^= 1;
        assert!(matches!(bad.check(&EXCHANGE, &key().public()), Err(ReceiptError::Signature(_))));
        assert!(good.check(&ExchangeId([8; 32]), &key().public()).is_err(), "of another exchange");
        let other = NodeKey::new(&[8; 32]).unwrap();
        assert!(good.check(&EXCHANGE, &other.public()).is_err(), "of another node");
    }
    let mut long = receipt(&links, signed, 0);
    long.later = vec![long.link; crate::limits::RECEIPT_LINKS_MAX + 1];
    assert!(matches!(long.check(&EXCHANGE, &key().public()), Err(ReceiptError::TooManyLinks { .. })));
}

#[test]
fn two_orders_of_one_epoch_are_evidence() {
    let ((one, head_one), (other, head_other)) = (chain(4, 0), chain(4, 1));
    let (a, b) = (receipt(&one, head_one, 2), receipt(&other, head_other, 2));
    check_equivocation(&EXCHANGE, &key().public(), &a, &b).unwrap();
    let same = check_equivocation(&EXCHANGE, &key().public(), &a, &a);
    assert_eq!(same, Err(ReceiptError::NoContradiction));
    let elsewhere = receipt(&other, head_other, 3);
    let apart = check_equivocation(&EXCHANGE, &key().public(), &a, &elsewhere);
    assert_eq!(apart, Err(ReceiptError::NoContradiction));
}
