//! What happens to an exchange and its people, on any L1.

use alloy::primitives::U256;
use ashlar_types::{Reason, Side};
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::Value;

use crate::chain::Chain;
use crate::operator::Operator;
use crate::traders::Trader;
use crate::world::{ALICE, BOB, DEADLINE_S, GRACE_S, World, address, deploy};

/// A thousandth of ether and a cent in the exchange's units.
pub const MILLI: u64 = 1_000_000;
pub const CENT: u64 = 10_000;

fn told(name: &'static str, chain: Chain, story: impl AsyncFnOnce(runtime::Context, World)) {
    let storage = std::env::temp_dir().join(format!("ashlar-l1-{name}-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&storage).with_worker_threads(2);
    runtime::Runner::new(config).start(|context| async move {
        let world = World::build(name, chain).await;
        story(context, world).await;
    });
}

pub fn sum(lines: &[Value], kind: &str, asset: u16) -> u64 {
    let of = lines.iter().filter(|line| !line[kind].is_null() && line["asset"] == asset);
    of.map(|line| line["units"].as_str().expect("units").parse::<u64>().expect("a number")).sum()
}

/// Alice has ether and Bob dollars in the exchange, all of it deposited through the binary.
pub async fn open<'a>(context: &runtime::Context, world: &'a World) -> (Operator<'a>, Trader, Trader) {
    let mut operator = Operator::start(context, world).await;
    operator.list().await;
    let said = world.run(ALICE, &["deposit", "--asset", "0", "--amount", "3"]).done();
    assert_eq!(said.last().expect("a line")["entry"], 4, "{said:?}");
    let said = world.run(BOB, &["deposit", "--asset", "1", "--amount", "10000.5", "--wait", "safe"]).done();
    assert_eq!(said.iter().filter(|line| !line["transaction"].is_null()).count(), 2, "allowed, then deposited");
    operator.entries(6).await;
    let deployment = operator.deployment();
    (operator, Trader::new(ALICE, 1, deployment), Trader::new(BOB, 2, deployment))
}

pub fn in_trade_and_out(name: &'static str, chain: Chain) {
    told(name, chain, async |context, world| {
        let before = std::fs::read(world.path_of("deployment.json")).expect("read");
        let again = deploy(&world.chain, &world.folder).done();
        assert_eq!(before, std::fs::read(world.path_of("deployment.json")).expect("read"), "nothing is done twice");
        assert_eq!(again[0]["settlement"], serde_json::json!(world.addresses.settlement));

        let (mut operator, mut alice, mut bob) = open(&context, &world).await;
        let first = operator.batch(vec![
            alice.order(Side::Sell, 200_000, 1_000),
            bob.order(Side::Buy, 200_000, 1_000),
            alice.withdraws(1, 150_000 * CENT),
            bob.withdraws(0, 999 * MILLI),
        ]);
        let first = first.await;
        let reasons: Vec<Reason> = operator.receipts.iter().rev().take(4).map(|receipt| receipt.reason).collect();
        assert_eq!(reasons, [Reason::Done, Reason::Done, Reason::Filled, Reason::Resting]);

        let early = world.run_with_data(BOB, &["claim"], &[0, 1, 2, 3]).refused();
        assert!(early.contains("0 batches are final of 1"), "{early}");
        operator.settle(first.number).await;
        let (ether, tokens) = world.purse(address(BOB)).await;
        let too_little = world.run_with_data(BOB, &["claim"], &[2]).refused();
        assert!(too_little.contains("name more folders with --da"), "{too_little}");
        let planned = world.run_with_data(BOB, &["claim", "--dry-run"], &[0, 3]).done();
        assert_eq!(sum(&planned, "claim", 0), 999 * MILLI);
        let said = world.run_with_data(BOB, &["claim"], &[1, 3]).done();
        assert_eq!(sum(&said, "claim", 0), 999 * MILLI, "{said:?}");
        let paid: U256 = said.iter().filter_map(|line| line["paid_wei"].as_str()?.parse::<U256>().ok()).sum();
        let now = world.purse(address(BOB)).await;
        assert_eq!(now, (ether + U256::from(999 * MILLI) * U256::from(1_000_000_000) - paid, tokens));
        // Anybody pays the gas of anybody's claim; the money goes to its owner.
        let owner = address(ALICE).to_string();
        let said = world.run_with_data(BOB, &["claim", "--owner", &owner], &[0, 1]).done();
        assert_eq!(sum(&said, "claim", 1), 150_000 * CENT);
        assert_eq!(world.purse(address(ALICE)).await.1, U256::from(150_000 * CENT));
        let twice = world.run_with_data(BOB, &["claim"], &[0, 1, 2, 3]).refused();
        assert!(twice.contains("has no withdrawal that can be claimed"), "{twice}");
        held_is_what_came_less_what_went(&world).await;
        status(&world);
    });
}

pub async fn held_is_what_came_less_what_went(world: &World) {
    assert_eq!(world.held(0).await, 3_000 * MILLI - 999 * MILLI);
    assert_eq!(world.held(1).await, 1_000_050 * CENT - 150_000 * CENT);
    let bridge = world.purse(world.addresses.bridge).await;
    assert_eq!(bridge.0, U256::from(world.held(0).await) * U256::from(1_000_000_000) + world.fees_held().await);
    assert_eq!(bridge.1, U256::from(world.held(1).await));
}

fn status(world: &World) {
    let url = world.chain.url();
    let said = crate::command::ashlar([
        "l1",
        "status",
        "--json",
        "--l1",
        &url,
        "--settlement",
        &world.addresses.settlement.to_string(),
    ]);
    let said = said.done();
    let facts = said.first().expect("a line");
    assert_eq!((&facts["committed"], &facts["finalized"]), (&Value::from(1), &Value::from(1)));
    assert_eq!((&facts["inbox_entries"], &facts["inbox_final"]), (&Value::from(6), &Value::from(6)));
    assert_eq!(facts["proofs"][0]["rests_on"], "nothing is proven (development)");
    assert_eq!((&facts["assets"][1]["symbol"], &facts["frozen_at"]), (&Value::from("USDX"), &Value::from(0)));
}

pub fn what_is_forced_is_honoured(name: &'static str, chain: Chain) {
    told(name, chain, async |context, world| {
        let (mut operator, mut alice, mut bob) = open(&context, &world).await;
        let resting = [alice.order(Side::Sell, 210_000, 500), bob.order(Side::Buy, 190_000, 2_000)];
        operator.batch(resting.into()).await;
        let cancelled = world.run(ALICE, &["cancel-all", "--account", "1"]).done();
        assert!(cancelled[0]["transaction"].is_string(), "{cancelled:?}");
        let forced =
            world.run(BOB, &["withdraw", "--forced", "--account", "2", "--asset", "1", "--amount", "all"]).done();
        assert_eq!(forced.last().expect("a line")["forced"], 2);
        operator.entries(8).await;
        let header = operator.batch(Vec::new()).await;
        let reasons: Vec<Reason> = operator.receipts.iter().map(|receipt| receipt.reason).collect();
        assert_eq!(reasons, [Reason::Done, Reason::Done]);
        operator.settle(header.number).await;
        // All that Bob paid in, though most of it was reserved for an order that the force cancelled.
        let said = world.run_with_data(BOB, &["claim"], &[0, 2]).done();
        assert_eq!(sum(&said, "claim", 1), 1_000_050 * CENT);
        assert_eq!(world.purse(address(BOB)).await.1, U256::from(100_000_000_000_u64), "as at the beginning");
        assert_eq!(world.held(1).await, 0);
        assert!(world.fees_held().await > U256::ZERO);
        let not_mine = world.run(BOB, &["cancel-all", "--account", "1"]).done();
        operator.entries(9).await;
        operator.batch(Vec::new()).await;
        assert_eq!(operator.receipts.len(), 1, "{not_mine:?}");
        assert_eq!(
            operator.receipts[0].reason,
            Reason::NotOwner,
            "an entry of a stranger is a receipt and nothing else"
        );
    });
}

pub fn everybody_leaves_when_a_deadline_is_missed(name: &'static str, chain: Chain) {
    told(name, chain, async |context, world| {
        let (mut operator, mut alice, mut bob) = open(&context, &world).await;
        let first = operator.batch(vec![
            alice.order(Side::Sell, 200_000, 1_000),
            bob.order(Side::Buy, 200_000, 600),
            alice.withdraws(1, 50_000 * CENT),
            bob.order(Side::Buy, 180_000, 1_500),
        ]);
        let first = first.await;
        operator.settle(first.number).await;
        let calm = world.run_with_data(BOB, &["exit"], &[0, 1]).refused();
        assert!(calm.contains("no deadline was missed"), "{calm}");
        // What is committed and not final does not count: the withdrawal in it never happened.
        operator.batch(vec![bob.withdraws(0, 100 * MILLI)]).await;
        world.run(ALICE, &["deposit", "--asset", "0", "--amount", "0.25"]).done();
        let forced =
            world.run(BOB, &["withdraw", "--forced", "--account", "2", "--asset", "1", "--amount", "all"]).done();
        assert!(!forced.is_empty());
        drop(operator);

        let soon = world.run_with_data(BOB, &["exit"], &[0, 1]).refused();
        assert!(soon.contains("is not late before its deadline"), "{soon}");
        world.chain.hurry(DEADLINE_S + 1).await;
        let would = world.run_with_data(BOB, &["exit", "--dry-run"], &[0, 1]).done();
        assert!(would[0]["would"].as_str().expect("words").starts_with("freeze"), "{would:?}");
        let frozen = world.run_with_data(BOB, &["exit"], &[0, 1]).done();
        assert!(frozen.last().expect("a line")["not_before_s"].is_number(), "{frozen:?}");
        let closed = world.run(BOB, &["deposit", "--asset", "1", "--amount", "1"]);
        assert!(closed.refused().contains("the exchange is frozen, and takes no deposits"));
        let forced = world.run(BOB, &["withdraw", "--forced", "--account", "2", "--asset", "1", "--amount", "1"]);
        assert!(forced.refused().contains("leave with `ashlar exit`"));
        world.chain.hurry(GRACE_S + 1).await;
        leave(&world).await;
    });
}

async fn leave(world: &World) {
    let (held, before) = ((world.held(0).await, world.held(1).await), world.purse(address(BOB)).await);
    let bob = world.run_with_data(BOB, &["exit"], &[0, 1]).done();
    assert_eq!(bob[0]["sent"], "fix the root");
    // Free and reserved: what he bought, and what he paid in less what he paid.
    assert_eq!(sum(&bob, "escape", 0), 600 * MILLI);
    let paid = 120_000 * CENT;
    let fee = paid * 400 / 1_000_000;
    assert_eq!(sum(&bob, "escape", 1), 1_000_050 * CENT - paid - fee);
    assert_eq!(world.purse(address(BOB)).await.1 - before.1, U256::from(sum(&bob, "escape", 1)));
    let twice = world.run_with_data(BOB, &["exit"], &[0, 1]).refused();
    assert!(twice.contains("nothing that has not been paid"), "{twice}");

    let others = world.run_with_data(BOB, &["exit", "--everyone"], &[2, 3]).done();
    assert_eq!(sum(&others, "claim", 1), 50_000 * CENT, "what was withdrawn and not claimed");
    assert_eq!(sum(&others, "refund", 0), 250 * MILLI, "a deposit that no final batch consumed");
    let all: [u64; 2] = [0, 1].map(|asset| {
        let kinds = ["escape", "claim", "refund"];
        kinds.iter().map(|kind| sum(&bob, kind, asset) + sum(&others, kind, asset)).sum()
    });
    assert_eq!((all[0], all[1]), held, "the sum of what left is what was held");
    assert_eq!((world.held(0).await, world.held(1).await), (0, 0));
    let bridge = world.purse(world.addresses.bridge).await;
    assert_eq!(bridge, (world.fees_held().await, U256::ZERO), "nothing is left but the fees of forced operations");
}
