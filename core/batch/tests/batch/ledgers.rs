//! Receipts, withdrawals and the inbox: what a batch leaves for its users and takes from L1.

use ashlar_batch::merkle::{Digest, ProofError};
use ashlar_batch::{
    InboxChain, ReceiptProof, ReceiptsRoot, Withdrawal, WithdrawalProof, WithdrawalsRoot, entry_bytes, receipts_tree,
    withdrawals_tree,
};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, ClientId, Event, InboxEntry, InboxIndex, Lots, MarketId, OrderId, Price, Rank,
    Reason, Receipt, Sequence, Side, Time, WithdrawalIndex, from_bytes, to_bytes,
};

fn receipts(count: u64) -> Vec<(Receipt, Vec<Event>)> {
    let order = |rank| OrderId {
        market: MarketId::new(1).unwrap(),
        side: Side::Sell,
        price: Price::new(1_000).unwrap(),
        rank: Rank::new(rank),
    };
    let receipt = |i: u64| Receipt {
        sequence: Sequence::new(500 + i),
        time: Time::new(9_000 + i).unwrap(),
        account: AccountId::new(3).unwrap(),
        reason: Reason::Resting,
        order: (!i.is_multiple_of(3)).then(|| order(i)),
        client: ClientId(i),
        filled: Lots::ZERO,
        remaining: Lots::new(i).unwrap(),
    };
    let events = |i: u64| vec![Event::Reduced { order: order(i), remaining: Lots::MAX }; i as usize % 4];
    (0..count).map(|i| (receipt(i), events(i))).collect()
}

fn withdrawals(count: u64) -> Vec<Withdrawal> {
    let withdrawal = |i: u64| Withdrawal {
        index: WithdrawalIndex::new(70 + i),
        to: Address([i as u8; 20]),
        asset: AssetId::new(2).unwrap(),
        amount: Amount::new(1 + i).unwrap(),
    };
    (0..count).map(withdrawal).collect()
}

#[test]
fn every_receipt_is_proven_with_its_events() {
    let first = Sequence::new(500);
    for count in 1..20 {
        let all = receipts(count);
        let mut builder = ReceiptsRoot::new();
        for (receipt, events) in &all {
            assert!(builder.push(receipt, events));
        }
        let root = builder.root();
        let tree = receipts_tree(all.iter().map(|(receipt, events)| (receipt, events.as_slice()))).unwrap();
        assert_eq!(tree.root(), root);
        for (i, (receipt, events)) in all.iter().enumerate() {
            let proof = ReceiptProof::of(&tree, i as u32).unwrap();
            proof.verify(root, first, receipt, events).unwrap();
            assert_eq!(from_bytes::<ReceiptProof>(&to_bytes(&proof)).unwrap(), proof);

            let other = Receipt { remaining: Lots::MAX, ..*receipt };
            assert!(matches!(proof.verify(root, first, &other, events), Err(ProofError::WrongRoot { .. })));
            let more = [
                events.as_slice(),
                &[Event::Fired { order: OrderId::from_u128(1 << 64).unwrap(), account: receipt.account }],
            ]
            .concat();
            assert!(proof.verify(root, first, receipt, &more).is_err(), "an event that was not");
            if let Some((_, fewer)) = events.split_last() {
                assert!(proof.verify(root, first, receipt, fewer).is_err(), "an event left out");
            }
            let moved = Receipt { sequence: receipt.sequence.next(), ..*receipt };
            let (expected, got) = (moved.sequence.get(), receipt.sequence.get());
            assert_eq!(proof.verify(root, first, &moved, events), Err(ProofError::WrongIndex { expected, got }));
        }
    }
}

#[test]
fn every_withdrawal_is_proven_under_its_index() {
    let first = WithdrawalIndex::new(70);
    assert_eq!(WithdrawalsRoot::new().root(), Digest::EMPTY);
    for count in 1..20 {
        let all = withdrawals(count);
        let mut builder = WithdrawalsRoot::new();
        all.iter().for_each(|withdrawal| assert!(builder.push(withdrawal)));
        let root = builder.root();
        let tree = withdrawals_tree(&all).unwrap();
        assert_eq!(tree.root(), root);
        for (i, withdrawal) in all.iter().enumerate() {
            let proof = WithdrawalProof::of(&tree, i as u32).unwrap();
            proof.verify(root, first, withdrawal).unwrap();
            assert_eq!(from_bytes::<WithdrawalProof>(&to_bytes(&proof)).unwrap(), proof);
            for other in [
                Withdrawal { to: Address([0xee; 20]), ..*withdrawal },
                Withdrawal { asset: AssetId::new(3).unwrap(), ..*withdrawal },
                Withdrawal { amount: Amount::MAX, ..*withdrawal },
            ] {
                assert!(matches!(proof.verify(root, first, &other), Err(ProofError::WrongRoot { .. })));
            }
            let twice = Withdrawal { index: withdrawal.index.next(), ..*withdrawal };
            assert!(matches!(proof.verify(root, first, &twice), Err(ProofError::WrongIndex { .. })));
        }
    }
}

#[test]
fn the_inbox_chain_depends_on_everything() {
    let (owner, account) = (Address([1; 20]), AccountId::new(4).unwrap());
    let (asset, amount) = (AssetId::new(1).unwrap(), Amount::new(10).unwrap());
    let deposit = InboxEntry::Deposit { owner, account: Some(account), asset, amount };
    let time = Time::new(1_000).unwrap();
    let once = InboxChain::START.consume(time, &deposit);
    assert_eq!(once.next.get(), 1);
    let others = [
        InboxChain { next: InboxIndex::new(1), ..InboxChain::START }.consume(time, &deposit),
        InboxChain { hash: once.hash, ..InboxChain::START }.consume(time, &deposit),
        InboxChain::START.consume(Time::new(1_001).unwrap(), &deposit),
        InboxChain::START.consume(time, &InboxEntry::Deposit { owner, account: None, asset, amount }),
        InboxChain::START.consume(time, &InboxEntry::ForcedWithdraw { owner, account, asset, amount }),
        InboxChain::START.consume(time, &InboxEntry::ForcedCancelAll { owner, account }),
    ];
    for other in others {
        assert_ne!(other.hash, once.hash);
    }
    // A kind has one length, so that no entry is the beginning of another.
    let lengths = [
        deposit,
        InboxEntry::ForcedCancelAll { owner, account },
        InboxEntry::ForcedWithdraw { owner, account, asset, amount },
    ];
    assert_eq!(lengths.map(|entry| entry_bytes(InboxIndex::new(0), time, &entry).len()), [49, 39, 49]);
}
