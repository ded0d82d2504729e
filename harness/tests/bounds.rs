//! Bounds that take too long to reach for a table: `cargo test -p ashlar-harness --test bounds -- --ignored`.

use ashlar_harness::flow::{Shape, account_of};
use ashlar_harness::{Engine, HotEngine, Output, Reference};
use ashlar_types::limits::{ACCOUNT_ORDERS_MAX, MARKET_ORDERS_MAX, MESSAGE_COMMANDS_MAX};
use ashlar_types::{
    Command, Header, InboxEntry, InboxIndex, Input, Lots, MarketId, Message, NewOrder, ParamChange, Reason, Side,
    Signer, Time,
};

const BEGINNING_MS: u64 = 1_000_000;

/// The reasons of the receipts to a message of an account's owner.
fn send(engine: &mut dyn Engine, account: u32, nonce: u64, commands: Vec<Command>) -> Vec<Reason> {
    let header = Header { account: account_of(account), signer: Signer::Owner, nonce, not_after: Time::NEVER };
    let mut outputs = Vec::new();
    let time = Time::new(BEGINNING_MS).expect("a time");
    engine.apply(time, &Input::Message(Message { header, commands }), &mut outputs);
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Receipt(receipt) => Some(receipt.reason),
            Output::Event(_) => None,
        })
        .collect()
}

/// C-12: as many accounts as it takes fill one book to its last place.
fn fill_a_book(make: fn(&ashlar_harness::Genesis) -> Box<dyn Engine>) {
    let accounts = MARKET_ORDERS_MAX / ACCOUNT_ORDERS_MAX;
    let shape = Shape::mixed(0, 1, accounts + 1);
    let venue = shape.venue(BEGINNING_MS);
    let mut engine = make(&venue.genesis());
    let (setup, index) = venue.finish();
    let mut outputs = Vec::new();
    for (time, input) in &setup {
        engine.apply(*time, input, &mut outputs);
    }
    let market = MarketId::default();
    let price = shape.reference(0);
    let order = NewOrder::limit(market, Side::Buy, price, Lots::new(1).expect("one lot"));
    let rules = setup.iter().find_map(|(_, input)| match input {
        Input::Inbox { entry: InboxEntry::Param(ParamChange::ListMarket { rules, .. }), .. } => Some(*rules),
        _ => None,
    });
    let mut rules = rules.expect("the venue lists its market");
    rules.orders_max = ACCOUNT_ORDERS_MAX;
    let entry = InboxEntry::Param(ParamChange::SetMarketRules { market, rules });
    let time = setup.last().expect("a venue has a setup").0;
    engine.apply(time, &Input::Inbox { index: InboxIndex::new(index), time, entry }, &mut outputs);

    let messages = ACCOUNT_ORDERS_MAX / MESSAGE_COMMANDS_MAX as u32;
    for account in 1..=accounts {
        for nonce in 1..=u64::from(messages) {
            let reasons = send(&mut *engine, account, nonce, vec![Command::Place(order); MESSAGE_COMMANDS_MAX]);
            assert!(reasons.iter().all(|reason| *reason == Reason::Resting), "{account}: {:?}", reasons.last());
        }
    }
    let last = accounts + 1;
    assert_eq!(send(&mut *engine, last, 1, vec![Command::Place(order)]), [Reason::BookFull]);
    assert_eq!(send(&mut *engine, 1, 99, vec![Command::Place(order)]), [Reason::BookFull], "it comes first");
    assert_eq!(send(&mut *engine, 1, 100, vec![Command::CancelAll(ashlar_types::CancelFilter::ALL)]), [Reason::Done]);
    assert_eq!(send(&mut *engine, last, 2, vec![Command::Place(order)]), [Reason::Resting]);
    engine.check().expect("nothing is wrong with it");
}

#[test]
#[ignore = "it places two million orders"]
fn a_book_is_full_on_the_reference() {
    fill_a_book(|genesis| Box::new(Reference::new(genesis)));
}

#[test]
#[ignore = "it places two million orders"]
fn a_book_is_full_on_the_live_engine() {
    fill_a_book(|genesis| Box::new(HotEngine::new(genesis)));
}
