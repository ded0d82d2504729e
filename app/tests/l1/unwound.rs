//! A whole node over an L1 that takes back what the node has consumed: a deposit and everything that rested on it, some of it final and paid out.
//!
//! Nothing is simulated: the node is the binary with its disk, the L1 is ethrex with the contracts, and undone blocks are really undone. What is
//! compared in the end are roots: those of the node, those of the contracts, and those that an audit computes from L1 and published data alone.

use std::time::Duration;

use alloy::primitives::B256;
use ashlar_api::schema::AnswerView;
use ashlar_contracts::abi::ISettlement;
use ashlar_devnet::{Orphaned, Tags};
use ashlar_types::Side;
use serde_json::{Value, json};

use crate::chain::Chain;
use crate::node::{Node, Place};
use crate::stories::{MILLI, sum};
use crate::traders::{Said, Trader};
use crate::world::{ALICE, BOB, World, address};

/// Time between blocks.
const BLOCK: Duration = Duration::from_millis(250);
/// Entries are consumed two blocks behind the head, and this L1 calls nothing final while a story lasts.
const TAGS: Tags = Tags { safe_behind: 2, finalized_behind: 100_000 };
/// Who comes later than Alice and Bob.
const CAROL: usize = 3;
const DAVE: usize = 4;
const ERIN: usize = 5;
const CONFIGURATION: &str =
    "[batch]\nage_ms_max = 400\n[check]\ninterval_ms = 500\n[prover]\nkind = \"execute-only\"\n";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

#[test]
fn a_node_orders_anew_what_l1_takes_back_and_all_of_it_is_final_again() {
    runtime().block_on(async {
        let mut world = World::build("unwound", Chain::ethrex_with(BLOCK, TAGS)).await;
        world.list().await;
        let place = Place::new(&mut world, CONFIGURATION);
        let mut story = Story::begin(&world, place.start()).await;
        story.a_deposit_is_mined_again_elsewhere().await;
        let instead = story.a_deposit_vanishes_with_what_rested_on_it().await;
        story.a_deposit_vanishes_while_the_node_is_dead(&place, instead).await;
        story.a_start_from_disk_comes_to_the_same(&place).await;
    });
}

struct Story<'a> {
    world: &'a World,
    node: Node<'a>,
    bob: Trader,
    /// A message that rests on nothing that L1 ever takes back, its answer, and its batch.
    stands: (Said, AnswerView, Value),
    /// The roots of what stands, the newest last.
    roots: Vec<B256>,
}

impl<'a> Story<'a> {
    /// Alice sells ether to Bob, and it is final; what he has not bought of it stays in the book.
    async fn begin(world: &'a World, node: Node<'a>) -> Story<'a> {
        world.run(ALICE, &["deposit", "--asset", "0", "--amount", "3"]).done();
        world.run(BOB, &["deposit", "--asset", "1", "--amount", "10000"]).done();
        assert_eq!((node.accounts(address(ALICE)).await, node.accounts(address(BOB)).await), (vec![1], vec![2]));
        let mut bob = Trader::new(BOB, 2, world.deployment());
        let sold = Trader::new(ALICE, 1, world.deployment()).order(Side::Sell, 200_100, 1_000);
        let answer = node.submit(&sold).await;
        assert_eq!(answer.receipts[0].reason, "resting");
        node.does(bob.order(Side::Buy, 200_100, 300), "filled").await;
        let batch = node.all_is_final().await;
        let roots = vec![roots_agree(world, &node).await];
        Story { world, node, bob, stands: (sold, answer, batch), roots }
    }

    /// Everything is final again, and what never rested on anything that is gone stands as it was.
    async fn stands_again(&mut self) {
        let (sold, answer, batch) = &self.stands;
        assert_eq!(self.node.submit(sold).await.receipts, answer.receipts, "the same message has the same answer");
        self.node.all_is_final().await;
        self.roots.push(roots_agree(self.world, &self.node).await);
        let path = format!("/v1/batches/{}", batch["number"].as_str().expect("a number"));
        assert_eq!(self.node.get(&path).await.expect("answers")["hash"], batch["hash"]);
    }

    /// Somebody new deposits and sells to Bob; the block of the deposit, and what Bob said.
    async fn newcomer(&mut self, who: usize, account: u32, lots: u64) -> (u64, Said) {
        let block = deposited(self.world, who);
        assert_eq!(self.node.accounts(address(who)).await, [account]);
        let mut seller = Trader::new(who, account, self.world.deployment());
        self.node.does(seller.order(Side::Sell, 200_000, lots), "resting").await;
        let bought = self.bob.order(Side::Buy, 200_000, lots);
        self.node.does(bought.clone(), "filled").await;
        (block, bought)
    }

    /// The same deposit a block earlier is another entry of the inbox. Nobody loses anything by it, so nobody is told anything.
    async fn a_deposit_is_mined_again_elsewhere(&mut self) {
        let (block, bought) = self.newcomer(CAROL, 3, 500).await;
        let before = self.node.all_is_final().await;
        self.roots.push(roots_agree(self.world, &self.node).await);
        let answer = self.node.submit(&bought).await;
        take_back(self.world, block, Orphaned::Wait).await;
        self.node.until_metric("ashlar_epoch", 1).await;
        let again = self.node.submit(&bought).await;
        assert_eq!(again.receipts[0].reason, "filled");
        assert_eq!(again.receipts[0].sequence, answer.receipts[0].sequence, "in its place");
        assert_ne!(again.place.hash, answer.place.hash, "of another order");
        for account in [1, 2, 3] {
            let told = self.node.get(&format!("/v1/accounts/{account}/unwound?after=0")).await;
            assert_eq!(told, Some(json!([])), "of account {account}");
        }
        self.stands_again().await;
        let after = self.node.all_is_final().await;
        assert!(before["hash"] != after["hash"] && before["header"][13] != after["header"][13], "of another inbox");
    }

    /// A deposit, what was bought with it and what was paid out of that were never there; somebody else comes instead.
    async fn a_deposit_vanishes_with_what_rested_on_it(&mut self) -> Trader {
        let (block, bought) = self.newcomer(DAVE, 4, 500).await;
        let filled = self.node.submit(&bought).await.receipts[0].sequence.0;
        self.node.does(self.bob.withdraws(0, 1_000 * MILLI), "done").await;
        self.node.all_is_final().await;
        let before = roots_agree(self.world, &self.node).await;
        let purse = self.world.purse(address(BOB)).await;
        let claimed = self.world.run_with_data(BOB, &["claim"], &[0, 1, 2, 3]).done();
        assert_eq!(sum(&claimed, "claim", 0), 1_000 * MILLI);
        take_back(self.world, block, Orphaned::Dropped).await;
        assert_eq!(self.world.purse(address(BOB)).await, purse, "what was paid out was never paid out");
        self.node.until_metric("ashlar_epoch", 2).await;
        everybody_is_told(&self.node, filled, &bought).await;

        deposited(self.world, ERIN);
        assert_eq!(self.node.accounts(address(ERIN)).await, [4], "the place is free");
        let mut erin = Trader::new(ERIN, 4, self.world.deployment());
        self.node.does(erin.order(Side::Sell, 200_000, 200), "filled").await;
        self.stands_again().await;
        assert_ne!(self.roots.last(), Some(&before), "it is another state");
        erin
    }

    /// What Bob's order rests against again is found out at the next start.
    async fn a_deposit_vanishes_while_the_node_is_dead(&mut self, place: &'a Place, mut erin: Trader) {
        let block = deposited(self.world, DAVE);
        assert_eq!(self.node.accounts(address(DAVE)).await, [5]);
        let mut dave = Trader::new(DAVE, 5, self.world.deployment());
        self.node.does(dave.order(Side::Sell, 200_000, 300), "filled").await;
        self.node.all_is_final().await;
        let before = roots_agree(self.world, &self.node).await;
        self.node.kill();
        take_back(self.world, block, Orphaned::Dropped).await;
        self.node = place.start();
        self.node.until_metric("ashlar_epoch", 3).await;
        self.node.does(erin.order(Side::Sell, 200_000, 300), "filled").await;
        self.stands_again().await;
        assert_ne!(self.roots.last(), Some(&before), "it is another state");
        assert!(self.node.get("/v1/accounts/5").await.is_none(), "who came with what vanished is gone");
    }

    async fn a_start_from_disk_comes_to_the_same(self, place: &Place) {
        let tip = self.node.get("/v1/tip").await.expect("answers");
        self.node.terminate();
        let node = place.start();
        let same = |now: &Value| ["next", "built", "final", "inbox_next"].iter().all(|key| now[key] == tip[key]);
        node.until("the same tip", "/v1/tip", same).await;
        assert_eq!(Some(&roots_agree(self.world, &node).await), self.roots.last());
        node.terminate();
    }
}

/// Two ether, deposited through the binary; the block.
fn deposited(world: &World, who: usize) -> u64 {
    let said = world.run(who, &["deposit", "--asset", "0", "--amount", "2"]).done();
    said.iter().find_map(|line| line["block"].as_u64()).unwrap_or_else(|| panic!("no block: {said:?}"))
}

/// L1 leaves the block, the two before it and everything after it. What waits is mined again one block earlier than it was.
async fn take_back(world: &World, block: u64, what: Orphaned) {
    let Chain::Ethrex(devnet) = &world.chain else { panic!("only ethrex is told what becomes of its blocks") };
    let before = devnet.head().await.expect("a head").number;
    // Right after a block, so that no other is made in between.
    let head = loop {
        let head = devnet.head().await.expect("a head").number;
        if head > before {
            break head;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let reorg = devnet.reorganise(head - block + 3, 1, what).await.expect("reorganises");
    // The deposit, a commit, a proof and a finalization at least.
    assert!(reorg.orphaned >= 4 && (reorg.waiting == 0) == (what == Orphaned::Dropped), "{reorg:?}");
}

/// Bob had bought from somebody who was never there, and had taken out what he never had.
async fn everybody_is_told(node: &Node<'_>, filled: u64, bought: &Said) {
    let told = node.until("Bob is told", "/v1/accounts/2/unwound?after=1", |told| told[1].is_object()).await;
    let words = |one: &Value| {
        let of = |key: &str| one[key]["reason"].as_str().unwrap_or("nothing").to_owned();
        (of("before"), of("after"), one["told"].as_str().unwrap_or_default().to_owned())
    };
    let told: Vec<_> = told.as_array().expect("a list").iter().map(words).collect();
    let expected = [("filled", "resting", "resting"), ("done", "insufficient_funds", "unwound")];
    assert_eq!(told, expected.map(|(before, after, told)| (before.to_owned(), after.to_owned(), told.to_owned())));
    let told = node.get("/v1/accounts/4/unwound?after=1").await.expect("answers");
    let told = told.as_array().expect("a list");
    let reasons: Vec<_> = told.iter().map(|one| one["before"]["reason"].as_str().unwrap_or("nothing")).collect();
    assert_eq!(reasons, ["done", "resting"], "his key, and his order: {told:?}");
    let is_gone = |one: &Value| one["told"] == "unwound" && one.get("after").is_none();
    assert!(told.iter().all(is_gone), "Dave has no place in the new order: {told:?}");
    let answer = node.submit(bought).await;
    assert_eq!(answer.receipts[0].reason, "resting");
    assert!(answer.receipts[0].sequence.0 < filled, "there are fewer commands before it now");
}

/// Whether node, contracts and audit are of one mind about every batch; the root after the last one.
async fn roots_agree(world: &World, node: &Node<'_>) -> B256 {
    let settlement = ISettlement::new(world.addresses.settlement, world.l1());
    let committed = settlement.committed().call().await.expect("answers");
    let finalized = settlement.finalized().call().await.expect("answers");
    assert!(committed > 0 && committed == finalized, "{finalized} final of {committed}");
    let tip = node.get("/v1/tip").await.expect("answers");
    assert_eq!((&tip["built"], &tip["final"]), (&json!(committed.to_string()), &json!(finalized.to_string())));
    let mut last = Value::Null;
    for number in 1..=committed {
        let batch = node.get(&format!("/v1/batches/{number}")).await.expect("answers");
        let hash: B256 = settlement.headerHash(number).call().await.expect("answers");
        assert_eq!((&batch["hash"], &batch["stage"]), (&json!(hash), &json!("final")), "batch {number}");
        last = batch;
    }
    let root: B256 = settlement.finalizedState().call().await.expect("answers");
    // The sixth word of a header is the root after it.
    assert_eq!(last["header"][5], json!(root));
    let summary = world.audit(&[1, 2]);
    assert_eq!((&summary["final"], &summary["batches"]), (&json!(finalized), &json!(committed)));
    assert_eq!(summary["state_root"], json!(root), "by execution of all of it");
    assert_eq!(node.metric("ashlar_divergence").await, Some(0));
    root
}
