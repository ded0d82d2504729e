//! From a proof's public values down to one trade, and every way in which it may not be so.

use ashlar_batch::merkle::{Digest, Tree};
use ashlar_batch::{
    BatchHeader, Hash, JoinError, LinkError, PublicValues, ReceiptProof, RowProof, Rows, Withdrawal, WithdrawalProof,
    receipts_tree, withdrawals_tree,
};
use ashlar_light::{Claim, LightError, Stretch, TradeProof, check_leaf, check_row, check_withdrawal};
use ashlar_state::{Key, Map, Serial, Sha256Node, Value};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, BatchNumber, ClientId, Event, ExchangeId, Lots, Reason, Receipt, Sequence,
    Time, WithdrawalIndex,
};

fn receipt(sequence: u64) -> Receipt {
    Receipt {
        sequence: Sequence::new(sequence),
        time: Time::new(1_000 + sequence).unwrap(),
        account: AccountId::new(sequence as u32 % 7).unwrap(),
        reason: Reason::Filled,
        order: None,
        client: ClientId(sequence),
        filled: Lots::new(3).unwrap(),
        remaining: Lots::new(0).unwrap(),
    }
}

fn withdrawal(index: u64) -> Withdrawal {
    let (asset, amount) = (AssetId::new(1).unwrap(), Amount::new(50 + index).unwrap());
    Withdrawal { index: WithdrawalIndex::new(index), to: Address([index as u8; 20]), asset, amount }
}

fn withdrawn(index: u64) -> Event {
    let Withdrawal { index, to, asset, amount } = withdrawal(index);
    Event::Withdrawn { index, to, asset, amount }
}

fn map() -> Map<Sha256Node> {
    let leaves: Vec<_> = (1..40).map(|n| (Key::new([n << 56, n, 5]), Value::new(&[n, n + 1]).unwrap())).collect();
    Map::from_sorted(&leaves, &Serial).unwrap()
}

/// Three batches of five commands each.
struct Chain {
    headers: Vec<BatchHeader>,
    receipts: Vec<Tree>,
    withdrawals: Tree,
    bytes: Vec<u8>,
}

fn chain() -> Chain {
    let state = Digest::from_words(*map().root().words()).unwrap();
    let mut parent = BatchHeader::genesis(1, ExchangeId([7; 32]), state, Time::new(1).unwrap());
    let made: Vec<_> = (0..5).map(withdrawal).collect();
    let withdrawals = withdrawals_tree(&made).unwrap();
    let bytes: Vec<u8> = (0..3_000_u32).map(|n| (n / 7) as u8).collect();
    let (mut headers, mut receipts) = (Vec::new(), Vec::new());
    for batch in 0..3 {
        let answers: Vec<_> = (5 * batch..5 * batch + 5).map(|n| (receipt(n), [withdrawn(n)])).collect();
        let tree = receipts_tree(answers.iter().map(|(receipt, events)| (receipt, events.as_slice()))).unwrap();
        let header = BatchHeader {
            number: BatchNumber::new(batch + 1),
            parent_hash: parent.hash(),
            state_root_before: state,
            data_root: Rows::of_batch(&bytes).unwrap().root(),
            receipts_root: tree.root(),
            withdrawals_root: withdrawals.root(),
            withdrawals_next: WithdrawalIndex::new(5 * batch + 5),
            first_sequence: parent.next_sequence,
            next_sequence: Sequence::new(5 * batch + 5),
            ..parent
        };
        headers.push(header);
        receipts.push(tree);
        parent = header;
    }
    Chain { headers, receipts, withdrawals, bytes }
}

fn values(headers: &[BatchHeader]) -> PublicValues {
    let joined = headers.iter().map(PublicValues::of).map(Ok::<_, JoinError>);
    joined.reduce(|before, next| before?.join(&next?)).unwrap().unwrap()
}

fn trade(chain: &Chain, header: usize, place: u32) -> TradeProof {
    let sequence = 5 * header as u64 + u64::from(place);
    let path = ReceiptProof::of(&chain.receipts[header], place).unwrap();
    TradeProof { header, receipt: receipt(sequence), events: vec![withdrawn(sequence)], path }
}

#[test]
fn a_trade_is_proven_from_public_values_down() {
    let chain = chain();
    let stretch = Stretch::of_values(chain.headers.clone(), &values(&chain.headers)).unwrap();
    for header in 0..3 {
        for place in 0..5 {
            let trade = trade(&chain, header, place);
            assert_eq!(trade.verify(&stretch), Ok(()));
            let claim = Claim { account: trade.receipt.account, trades: 0 };
            assert_eq!(trade.verify_claim(&stretch, &claim), Ok(()));
            let more = Claim { trades: 1, ..claim };
            assert_eq!(trade.verify_claim(&stretch, &more), Err(LightError::Claim { what: "the number of trades" }));
            let other = Claim { account: AccountId::new(99).unwrap(), ..claim };
            assert_eq!(trade.verify_claim(&stretch, &other), Err(LightError::Claim { what: "the account" }));
        }
    }
}

#[test]
fn a_changed_trade_is_found() {
    let chain = chain();
    let stretch = Stretch::of_values(chain.headers.clone(), &values(&chain.headers)).unwrap();
    let right = trade(&chain, 1, 2);
    let filled = Receipt { filled: Lots::new(4).unwrap(), ..right.receipt };
    let next = Receipt { sequence: right.receipt.sequence.next(), ..right.receipt };
    for wrong in [
        TradeProof { receipt: filled, ..right.clone() },
        TradeProof { receipt: next, ..right.clone() },
        TradeProof { events: Vec::new(), ..right.clone() },
        TradeProof { events: vec![withdrawn(1)], ..right.clone() },
        TradeProof { path: trade(&chain, 1, 3).path, ..right.clone() },
        TradeProof { header: 0, ..right.clone() },
    ] {
        assert!(matches!(wrong.verify(&stretch), Err(LightError::Path(_))), "{wrong:?}");
    }
    assert_eq!(TradeProof { header: 3, ..right }.verify(&stretch), Err(LightError::NoHeader { index: 3 }));
}

#[test]
fn headers_that_the_proof_does_not_speak_of_are_refused() {
    let Chain { headers, .. } = chain();
    let said = values(&headers);
    let refused = |headers: &[BatchHeader], said: &PublicValues| {
        Stretch::of_values(headers.to_vec(), said).expect_err("it is wrong")
    };
    assert_eq!(refused(&[], &said), LightError::Count { expected: 3, got: 0 });
    assert_eq!(refused(&headers[..2], &said), LightError::Count { expected: 3, got: 2 });
    let shifted = PublicValues { parent_hash: Hash([1; 32]), ..said };
    assert!(matches!(refused(&headers, &shifted), LightError::Stretch { what: "parent", .. }));
    let mut last = headers.clone();
    last[2].receipts_root = Digest::EMPTY;
    assert!(matches!(refused(&last, &said), LightError::Stretch { what: "last", .. }));
    let mut middle = headers.clone();
    middle[1].receipts_root = Digest::EMPTY;
    assert!(matches!(refused(&middle, &said), LightError::Link(LinkError::Parent { .. })));
    let other = PublicValues { exchange_id: ExchangeId([8; 32]), ..said };
    assert_eq!(refused(&headers, &other), LightError::WrongPublicValues);
}

#[test]
fn withdrawals_rows_and_leaves_are_under_their_headers() {
    let Chain { headers, withdrawals, bytes, .. } = chain();
    let header = &headers[0];
    let first = WithdrawalIndex::new(0);
    let path = WithdrawalProof::of(&withdrawals, 3).unwrap();
    assert_eq!(check_withdrawal(header, first, &withdrawal(3), &path), Ok(()));
    assert!(matches!(check_withdrawal(header, first, &withdrawal(2), &path), Err(LightError::Path(_))));

    let rows = Rows::of_batch(&bytes).unwrap();
    let path = RowProof::of(&rows.tree().unwrap(), 4).unwrap();
    assert_eq!(check_row(header, &rows.row(4).unwrap(), &path), Ok(()));
    assert!(matches!(check_row(header, &rows.row(5).unwrap(), &path), Err(LightError::Path(_))));

    let map = map();
    let (there, absent) = (Key::new([3 << 56, 3, 5]), Key::new([3 << 56, 4, 5]));
    let proof = map.prove(&there);
    assert_eq!(check_leaf(header, &there, &proof), Ok(Some(&[3, 4][..])));
    assert_eq!(check_leaf(header, &absent, &map.prove(&absent)), Ok(None));
    let mut other = *header;
    other.state_root_after = Digest::EMPTY;
    assert!(matches!(check_leaf(&other, &there, &proof), Err(LightError::State(_))));
}
