//! The protocol's bytes do not change: encodings, domains and signatures against `vectors/types`.

mod frozen;

use ashlar_types::sign::{SessionSecret, session_digest};
use ashlar_types::*;

fn order(price: u64, rank: u64) -> OrderId {
    let (market, side) = (MarketId::new(0x0102).unwrap(), Side::Buy);
    OrderId { market, side, price: Price::new(price).unwrap(), rank: Rank::new(rank) }
}

fn lots(lots: u64) -> Lots {
    Lots::new(lots).unwrap()
}

fn price(ticks: u64) -> Price {
    Price::new(ticks).unwrap()
}

fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

fn time(ms: u64) -> Time {
    Time::new(ms).unwrap()
}

fn account() -> AccountId {
    AccountId::new(0x0a0b_0c0d).unwrap()
}

fn market() -> MarketId {
    MarketId::new(0x0102).unwrap()
}

fn asset() -> AssetId {
    AssetId::new(0x0304).unwrap()
}

fn plain() -> NewOrder {
    let mut order = NewOrder::limit(market(), Side::Sell, price(0x0102_0304_0506), lots(1_000));
    order.client = ClientId(0x1112_1314_1516_1718);
    order
}

fn stop() -> NewOrder {
    NewOrder {
        kind: OrderKind::Market,
        time_in_force: TimeInForce::FillOrKill,
        post_only: PostOnly::Slide,
        self_trade: SelfTrade::Decrement,
        display: lots(10),
        expires: time(1_800_000_000_000),
        trigger: Some(Trigger { direction: Direction::Rises, price: price(77) }),
        ..plain()
    }
}

fn grant() -> KeyGrant {
    let public = core::array::from_fn(|i| i as u8);
    KeyGrant { slot: KeySlot::new(3).unwrap(), public, scopes: Scopes(3), expires: time(1_900_000_000_000) }
}

fn owner() -> Address {
    Address(core::array::from_fn(|i| 0xa0 + i as u8))
}

fn commands() -> Vec<(&'static str, Command)> {
    let filter = CancelFilter { market: Some(market()), side: Some(Side::Sell), prices: Some((price(5), Price::MAX)) };
    let quote = |replaces| Quote { replaces, side: Side::Sell, price: price(9), lots: lots(8), client: ClientId(7) };
    vec![
        ("place", Command::Place(plain())),
        ("place-stop", Command::Place(stop())),
        ("cancel", Command::Cancel(order(100, 5))),
        ("reduce", Command::Reduce { order: order(100, 5), by: lots(6) }),
        ("replace", Command::Replace { order: order(100, 5), price: price(101), lots: lots(7) }),
        ("cancel-place", Command::CancelPlace { cancel: order(100, 5), place: plain() }),
        ("cancel-all", Command::CancelAll(CancelFilter::ALL)),
        ("cancel-all-some", Command::CancelAll(filter)),
        ("mass-quote", Command::MassQuote { market: market(), quotes: vec![quote(None), quote(Some(order(1, 2)))] }),
        ("one-cancels-other", Command::OneCancelsOther(Box::new(OneCancelsOther { limit: plain(), stop: stop() }))),
        ("dead-man", Command::DeadMan(Time::NEVER)),
        ("transfer", Command::Transfer { to: account(), asset: asset(), amount: Amount::MAX }),
        ("withdraw", Command::Withdraw { asset: asset(), amount: amount(123_456_789) }),
        ("kill-switch", Command::KillSwitch { stop: true }),
        ("register-key", Command::RegisterKey(grant())),
        ("revoke-key", Command::RevokeKey(KeySlot::new(7).unwrap())),
        ("open-sub-account", Command::OpenSubAccount),
        ("sweep", Command::Sweep(vec![order(1, 0), order(Price::MAX.get(), u64::MAX)])),
    ]
}

fn param_changes() -> Vec<(&'static str, ParamChange)> {
    let terms = MarketTerms {
        base: asset(),
        quote: AssetId::new(1).unwrap(),
        base_per_lot: 1_000_000,
        quote_per_tick: 10,
        fee_cap: Ppm(2_000),
    };
    let rules = MarketRules {
        lots_min: lots(1),
        lots_max: Lots::MAX,
        band: Ppm(100_000),
        collar: Ppm(50_000),
        orders_max: 200,
        schedule: 2,
    };
    let fees = FeeTier { maker: Ppm(0), maker_rebate: Ppm(50), taker: Ppm(500) };
    let asset_terms = AssetTerms { token: owner(), scale_digits: 9, total_max: Amount::MAX };
    vec![
        ("list-asset", ParamChange::ListAsset { asset: asset(), terms: asset_terms }),
        ("list-market", ParamChange::ListMarket { market: market(), terms, rules, reference: price(500) }),
        ("set-market-rules", ParamChange::SetMarketRules { market: market(), rules }),
        ("set-market-state", ParamChange::SetMarketState { market: market(), state: MarketState::Delisting }),
        ("set-fees", ParamChange::SetFees { schedule: 2, tier: 3, fees }),
        ("set-tier", ParamChange::SetTier { account: account(), tier: 3 }),
        ("set-frozen", ParamChange::SetFrozen { account: account(), frozen: true }),
    ]
}

fn inbox_entries() -> Vec<(&'static str, InboxEntry)> {
    let (owner, account, asset) = (owner(), account(), asset());
    let deposit = |account| InboxEntry::Deposit { owner, account, asset, amount: amount(5) };
    vec![
        ("deposit", deposit(None)),
        ("deposit-into", deposit(Some(account))),
        ("forced-cancel-all", InboxEntry::ForcedCancelAll { owner, account }),
        ("forced-withdraw", InboxEntry::ForcedWithdraw { owner, account, asset, amount: amount(6) }),
        ("register-key", InboxEntry::RegisterKey { owner, account, grant: grant() }),
        ("revoke-key", InboxEntry::RevokeKey { owner, account, slot: KeySlot::new(1).unwrap() }),
        ("param", InboxEntry::Param(param_changes()[6].1)),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let (order, account, client, reason) = (order(100, 5), account(), ClientId(7), Reason::Cancelled);
    let (filled, remaining) = (lots(3), lots(4));
    let trade = Trade {
        maker: order,
        taker: OrderId { side: Side::Sell, ..order },
        maker_account: account,
        taker_account: AccountId::new(1).unwrap(),
        price: price(100),
        lots: filled,
        maker_remaining: remaining,
        maker_fee: amount(0),
        maker_rebate: amount(2),
        taker_fee: amount(9),
    };
    vec![
        ("trade", Event::Trade(trade)),
        ("removed", Event::Removed { order, account, lots: remaining, reason }),
        ("reduced", Event::Reduced { order, remaining }),
        ("refilled", Event::Refilled { order, rank: Rank::new(9), visible: remaining }),
        ("fired", Event::Fired { order, account }),
        ("placed", Event::Placed { order, account, client, filled, remaining, reason: Reason::Resting }),
        ("refused", Event::Refused { account, client, reason: Reason::WouldTrade }),
        ("credited", Event::Credited { account, asset: asset(), amount: amount(5) }),
        ("withdrawn", {
            let index = WithdrawalIndex::new(12);
            Event::Withdrawn { index, to: owner(), asset: asset(), amount: amount(5) }
        }),
        ("opened", Event::Opened { account, owner: owner() }),
        ("cascade-pending", Event::CascadePending { market: market() }),
    ]
}

fn message(signer: Signer) -> Message {
    let header =
        Header { account: account(), signer, nonce: 0x2122_2324_2526_2728, not_after: time(1_700_000_000_000) };
    Message { header, commands: vec![Command::Place(plain()), Command::KillSwitch { stop: false }] }
}

fn session_message() -> Message {
    message(Signer::Session { slot: KeySlot::new(3).unwrap(), epoch: 0x3132_3334 })
}

fn inputs() -> Vec<(&'static str, Input)> {
    let entry = inbox_entries().remove(0).1;
    vec![
        ("message", Input::Message(session_message())),
        ("inbox", Input::Inbox { index: InboxIndex::new(4), time: time(1_700_000_000_001), entry }),
        ("halt", Input::System(SystemCommand::Halt(market()))),
        ("resume", Input::System(SystemCommand::Resume(market()))),
        ("continue", Input::System(SystemCommand::Continue(market()))),
    ]
}

fn receipts() -> Vec<(&'static str, Receipt)> {
    let about = Receipt {
        sequence: Sequence::new(0x4142_4344_4546_4748),
        time: time(1_700_000_000_002),
        account: account(),
        reason: Reason::Resting,
        order: Some(order(100, 5)),
        client: ClientId(7),
        filled: lots(3),
        remaining: lots(4),
    };
    vec![("about-an-order", about), ("about-none", Receipt { order: None, reason: Reason::BadMessage, ..about })]
}

/// The lines of one type. Every variant has one: each tag that the decoder knows is the first byte of some line.
fn lines<T>(kind: &str, values: &[(&'static str, T)], tagged: bool) -> Vec<(String, Vec<u8>)>
where
    T: Encode + Decode + PartialEq + core::fmt::Debug,
{
    let lines: Vec<_> = values.iter().map(|(name, value)| (format!("{kind}.{name}"), to_bytes(value))).collect();
    for ((name, bytes), (_, value)) in lines.iter().zip(values) {
        assert_eq!(from_bytes::<T>(bytes).as_ref(), Ok(value), "{name}");
    }
    for tag in (0..=u8::MAX).filter(|_| tagged) {
        let unknown = matches!(from_bytes::<T>(&[tag]), Err(DecodeError::UnknownTag { offset: 0, .. }));
        let shown = lines.iter().any(|(_, bytes)| bytes[0] == tag);
        assert!(unknown != shown, "{kind}: a vector for every tag and none other, but not so for {tag}");
    }
    lines
}

#[test]
fn encodings_are_frozen() {
    let messages = [("session", session_message()), ("owner", message(Signer::Owner))];
    let all = [
        lines("command", &commands(), true),
        lines("parameter", &param_changes(), true),
        lines("inbox", &inbox_entries(), true),
        lines("message", &messages, false),
        lines("input", &inputs(), true),
        lines("receipt", &receipts(), false),
        lines("event", &events(), true),
        vec![
            ("record.message".into(), to_record(&session_message())),
            ("record.input".into(), to_record(&inputs()[2].1)),
            ("record.receipt".into(), to_record(&receipts()[0].1)),
            ("record.event".into(), to_record(&events()[10].1)),
        ],
    ];
    frozen::compare(
        "encoding.txt",
        "One value of every variant, as core/types/tests/vectors.rs builds them (docs/spec/encoding.md).\n\
         The records stand alone and begin with their version.",
        &all.concat(),
    );
}

/// Every byte of every vector set to every value: what is still accepted is written back as it was read.
#[test]
fn no_single_byte_has_two_readings() {
    fn check<T: Encode + Decode>(bytes: &[u8]) -> usize {
        let accepted = from_bytes::<T>(bytes).map(|value| assert_eq!(to_bytes(&value), bytes));
        usize::from(accepted.is_ok())
    }
    let (mut tried, mut accepted) = (0, 0);
    for (name, vector) in frozen::read("encoding.txt") {
        let check = match name.split_once('.').unwrap().0 {
            "command" => check::<Command>,
            "parameter" => check::<ParamChange>,
            "inbox" => check::<InboxEntry>,
            "message" => check::<Message>,
            "input" => check::<Input>,
            "receipt" => check::<Receipt>,
            "event" => check::<Event>,
            "record" => continue,
            kind => panic!("no decoder for {kind}"),
        };
        for place in 0..vector.len() {
            let mut bytes = vector.clone();
            for value in 0..=u8::MAX {
                bytes[place] = value;
                tried += 1;
                accepted += check(&bytes);
            }
        }
    }
    assert!(tried > 300_000 && accepted > tried / 4, "{accepted} of {tried} accepted");
}

#[test]
fn domains_are_frozen() {
    let mut lines: Vec<_> =
        Domain::ALL.iter().map(|(name, domain)| (format!("domain.{name}"), domain.bytes().to_vec())).collect();
    for (name, domain) in Domain::ALL {
        lines.push((format!("hash.{name}"), domain.hash(&[b"ash", b"lar"]).to_vec()));
    }
    let deployment = Deployment { chain_id: 0x0102_0304_0506_0708, settlement: owner() };
    lines.push(("exchange.chain-id".into(), deployment.chain_id.to_be_bytes().to_vec()));
    lines.push(("exchange.settlement".into(), deployment.settlement.0.to_vec()));
    lines.push(("exchange.id".into(), deployment.exchange_id().0.to_vec()));
    frozen::compare(
        "domains.txt",
        "Every hash and signature domain, the SHA-256 of each followed by the text `ashlar`, and one exchange id\n\
         (docs/spec/signatures.md).",
        &lines,
    );
}

#[test]
fn session_signatures_are_frozen() {
    let exchange = Deployment { chain_id: 1, settlement: owner() }.exchange_id();
    let mut lines = vec![("exchange".to_owned(), exchange.0.to_vec())];
    for number in 0..4u8 {
        let secret = [0x11 * (number + 1); 32];
        let key = SessionSecret::new(&secret).unwrap();
        let mut message = session_message();
        message.header.nonce += u64::from(number);
        message.commands = commands().into_iter().skip(usize::from(number) * 4).take(4).map(|(_, c)| c).collect();
        let bytes = to_bytes(&message);
        let digest = session_digest(&exchange, &bytes);
        let aux = [number; 32];
        let signature = key.sign(&digest, &aux).unwrap();
        sign::verify_session(&exchange, &message, &key.public(), &signature).unwrap();
        let fields: [(&str, &[u8]); 6] = [
            ("secret", &secret),
            ("public", &key.public()),
            ("message", &bytes),
            ("digest", &digest),
            ("aux", &aux),
            ("signature", &signature),
        ];
        lines.extend(fields.map(|(name, value)| (format!("{number}.{name}"), value.to_vec())));
    }
    frozen::compare(
        "session.txt",
        "Messages signed by session keys with BIP-340 (docs/spec/signatures.md): secret and public key, canonical\n\
         bytes of the message, the digest that is signed, auxiliary randomness, signature.",
        &lines,
    );
}
