//! A session key that is no point of the curve is refused by every engine (C-29).

use ashlar_harness::flow::owner_of;
use ashlar_harness::{Engine, Genesis, HotEngine, LeafEngine, Output, Reference};
use ashlar_types::{AccountId, InboxEntry, InboxIndex, Input, KeyGrant, KeySlot, Reason, Scopes, Time};

fn reason_of(engine: &mut dyn Engine, index: u64, public: [u8; 32]) -> Reason {
    let time = Time::new(2_000).expect("a time");
    let grant = KeyGrant { slot: KeySlot::FIRST, public, scopes: Scopes::ALL, expires: Time::NEVER };
    let entry = InboxEntry::RegisterKey { owner: owner_of(0), account: AccountId::FIRST, grant };
    let mut out = Vec::new();
    engine.apply(time, &Input::Inbox { index: InboxIndex::new(index), time, entry }, &mut out);
    match out.last() {
        Some(Output::Receipt(receipt)) => receipt.reason,
        other => panic!("{} answers {other:?}", engine.name()),
    }
}

#[test]
fn a_key_of_zero_is_refused_and_leaves_no_leaf() {
    let genesis = Genesis { house_owner: owner_of(0), time: Time::new(1_000).expect("a time") };
    let engines: [Box<dyn Engine>; 3] =
        [Box::new(Reference::new(&genesis)), Box::new(HotEngine::new(&genesis)), Box::new(LeafEngine::new(&genesis))];
    for mut engine in engines {
        let before = engine.leaves().len();
        assert_eq!(reason_of(&mut *engine, 0, [0; 32]), Reason::BadParameter, "{}", engine.name());
        assert_eq!(engine.leaves().len(), before, "{}", engine.name());
        assert_eq!(reason_of(&mut *engine, 1, [1; 32]), Reason::Done, "{}", engine.name());
        assert_eq!(engine.leaves().len(), before + 1, "{}", engine.name());
    }
}
