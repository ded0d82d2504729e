use ashlar_batch::PublicValues;
use ashlar_guest::{GuestError, NativePlatform, check, check_many};
use ashlar_types::{Event, Reason};

use crate::support::{Book, Node, Recorded, opening, trading};

/// An exchange's first two batches.
pub fn two() -> [Recorded; 2] {
    let (mut node, mut flow) = (Node::new(), Book::new().begin());
    opening(&mut flow);
    let mut next = flow.book.clone().begin();
    let first = node.seal(flow);
    trading(&mut next);
    [first, node.seal(next)]
}

#[test]
fn the_batches_hold_what_they_are_meant_to_hold() {
    let [first, second] = two();
    let refused = |of: &Recorded| -> Vec<Reason> {
        let done = |reason| {
            use Reason::*;
            matches!(reason, Done | Cancelled | Resting | Filled | Replaced | Waiting)
        };
        of.receipts.iter().map(|(receipt, _)| receipt.reason).filter(|reason| !done(*reason)).collect()
    };
    assert_eq!((refused(&first), refused(&second)), (vec![], vec![]));
    let has = |wanted: fn(&Event) -> bool| second.receipts.iter().flat_map(|(_, events)| events).any(wanted);
    assert!(has(|event| matches!(event, Event::Trade(_))));
    assert!(has(|event| matches!(event, Event::Refilled { .. })));
    assert!(has(|event| matches!(event, Event::Withdrawn { .. })));
    assert!(has(|event| matches!(event, Event::Credited { .. })));
    assert_eq!(second.header.withdrawals_next.get(), 2);
    let listed = || second.lists.iter().flatten();
    assert!(listed().any(|order| order.waiting));
    assert!(listed().any(|order| !order.waiting && order.place != order.id.to_u128()));
    assert!(listed().any(|order| order.place == order.id.to_u128()));
}

#[test]
fn right_batches_are_accepted_and_join() {
    let both = two();
    let values = both.each_ref().map(|batch| check(&batch.input(), &mut NativePlatform::default()));
    assert_eq!(values, both.each_ref().map(|batch| Ok(PublicValues::of(&batch.header))));
    let joined = check_many(both.iter().map(Recorded::input), &mut NativePlatform::default());
    let [first, second] = &both;
    let expected = PublicValues {
        version: 1,
        exchange_id: first.header.exchange_id,
        parent_hash: first.parent.hash(),
        last_hash: second.header.hash(),
        count: 2,
    };
    assert_eq!(joined, Ok(expected));
}

#[test]
fn batches_that_do_not_meet_do_not_join() {
    let [first, second] = two();
    let joined = check_many([second.input(), first.input()], &mut NativePlatform::default());
    assert!(matches!(joined, Err(GuestError::Join { .. })), "{joined:?}");
    assert_eq!(check_many([], &mut NativePlatform::default()), Err(GuestError::NoBatches));
}
