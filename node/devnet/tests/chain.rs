//! Blocks, tags, reorganisations, and the traps of a chain that an in-process client must not fall into.

mod client;

use alloy::consensus::{SidecarBuilder, SimpleCoder, Transaction as _};
use alloy::eips::BlockNumberOrTag;
use alloy::eips::eip7594::BlobTransactionSidecarVariant;
use alloy::network::{TransactionBuilder, TransactionBuilder4844};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::{BlockId, Filter, TransactionRequest};
use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, DevnetError, Mining, Orphaned, Tags};
use client::{BOB, alice, devnet, pay, raw, wallet};
use serde_json::json;

async fn number(provider: &impl Provider, tag: BlockNumberOrTag) -> u64 {
    provider.get_block_by_number(tag).await.expect("answers").expect("exists").header.number
}

/// Of a tag that a running clock moves: between two of its steps the block that it names may be on its way.
async fn number_now(provider: &impl Provider, tag: BlockNumberOrTag) -> Option<u64> {
    Some(provider.get_block_by_number(tag).await.expect("answers")?.header.number)
}

fn address(account: usize) -> Address {
    DEVELOPMENT_ACCOUNTS[account].address.into()
}

async fn mine(devnet: &Devnet, blocks: u64) {
    for _ in 0..blocks {
        devnet.mine().await.expect("mined");
    }
}

#[tokio::test]
async fn every_development_account_can_pay() {
    let devnet = devnet(Config::default());
    for account in DEVELOPMENT_ACCOUNTS {
        pay(&wallet(&devnet, account), 7).await;
    }
    mine(&devnet, 1).await;
    let held = alice(&devnet).get_balance(BOB).await.expect("answers");
    assert_eq!(held, U256::from(7 * DEVELOPMENT_ACCOUNTS.len()));
}

#[tokio::test]
async fn tags_advance_behind_the_head() {
    let devnet = devnet(Config { tags: Tags { safe_behind: 3, finalized_behind: 5 }, ..Config::default() });
    mine(&devnet, 9).await;
    let client = alice(&devnet);
    let seen = [BlockNumberOrTag::Latest, BlockNumberOrTag::Safe, BlockNumberOrTag::Finalized];
    let mut numbers = Vec::new();
    for tag in seen {
        numbers.push(number(&client, tag).await);
    }
    assert_eq!(numbers, [9, 6, 4]);
}

#[tokio::test]
async fn an_orphan_is_answered_about_itself_or_refused() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    mine(&devnet, 3).await;
    let reorg = devnet.reorganise(2, 3, Orphaned::Dropped).await.expect("reorganised");
    let orphan = client.get_block_by_hash(B256::from(reorg.old_head)).await.expect("answers").expect("known");
    assert_eq!(orphan.header.hash, B256::from(reorg.old_head), "not its sibling of the same number");
    let sibling = client.get_block_by_number(3.into()).await.expect("answers").expect("exists");
    assert_ne!(sibling.header.hash, orphan.header.hash);
    let logs = client.get_logs(&Filter::new().at_block_hash(orphan.header.hash)).await;
    assert!(logs.expect_err("refused").to_string().contains("not on the canonical chain"));
    let balance = client.get_balance(BOB).block_id(BlockId::hash(orphan.header.hash)).await;
    assert!(balance.expect_err("refused").to_string().contains("not on the canonical chain"));
    client.get_logs(&Filter::new().at_block_hash(sibling.header.hash)).await.expect("the canonical one is read");
}

#[tokio::test]
async fn a_reorganisation_below_the_tags_pulls_them_down() {
    let devnet = devnet(Config { tags: Tags { safe_behind: 1, finalized_behind: 2 }, ..Config::default() });
    let client = alice(&devnet);
    mine(&devnet, 10).await;
    devnet.pin_tags(Some(Tags { safe_behind: 0, finalized_behind: 1 })).await.expect("pinned");
    for depth in [1, 5, 8] {
        devnet.reorganise(depth, depth + 1, Orphaned::Dropped).await.expect("reorganised below the tags");
        let (head, safe) =
            (number(&client, BlockNumberOrTag::Latest).await, number(&client, BlockNumberOrTag::Safe).await);
        assert!(safe < head, "safe {safe} was pulled below the fork, head {head}");
        assert!(number(&client, BlockNumberOrTag::Finalized).await <= safe);
    }
    mine(&devnet, 1).await;
    devnet.pin_tags(None).await.expect("trails again");
    let head = number(&client, BlockNumberOrTag::Latest).await;
    assert_eq!(number(&client, BlockNumberOrTag::Safe).await, head - 1);
}

#[tokio::test]
async fn blob_transactions_fit_the_stack() {
    let devnet = devnet(Config { mining: Mining::OnTransaction, ..Config::default() });
    let client = alice(&devnet);
    let sidecar = SidecarBuilder::<SimpleCoder>::from_slice(b"bytes of a batch").build_7594().expect("a sidecar");
    let mut request = TransactionRequest::default().with_to(BOB).with_max_fee_per_blob_gas(1_000_000_000);
    request.set_blob_sidecar(BlobTransactionSidecarVariant::Eip7594(sidecar));
    let receipt = client.send_transaction(request).await.expect("accepted").get_receipt().await.expect("mined");
    assert!(receipt.status());
    assert_eq!(receipt.blob_gas_used, Some(131_072));
}

#[tokio::test]
async fn orphaned_transactions_come_back_only_when_asked() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    for (what, paid) in [(Orphaned::Dropped, false), (Orphaned::Wait, true)] {
        let before = client.get_balance(BOB).await.expect("answers");
        pay(&client, 5).await;
        mine(&devnet, 1).await;
        let reorg = devnet.reorganise(1, 2, what).await.expect("reorganised");
        assert_eq!((reorg.orphaned, reorg.waiting), (1, u64::from(paid)));
        assert_eq!(client.get_balance(BOB).await.expect("answers"), before, "undone");
        mine(&devnet, 1).await;
        let after = client.get_balance(BOB).await.expect("answers");
        assert_eq!(after - before, U256::from(if paid { 5 } else { 0 }));
    }
}

#[tokio::test]
async fn orphaned_transactions_can_change_their_order() {
    let devnet = devnet(Config::default());
    let (first, second) = (alice(&devnet), wallet(&devnet, DEVELOPMENT_ACCOUNTS[1]));
    let hashes = [pay(&first, 1).await, pay(&first, 2).await, pay(&second, 3).await];
    mine(&devnet, 1).await;
    let reorg = devnet.reorganise(1, 1, Orphaned::Reversed).await.expect("reorganised");
    let block = first.get_block_by_hash(B256::from(reorg.new_head)).await.expect("answers").expect("exists");
    let mut now: Vec<_> = block.transactions.hashes().collect();
    assert_eq!(now.len(), 3, "none was lost");
    let place = |hash: &B256| now.iter().position(|mined| mined == hash).expect("mined again");
    assert!(place(&hashes[0]) < place(&hashes[1]), "a sender's nonces ascend");
    now.sort();
    let mut all = hashes.to_vec();
    all.sort();
    assert_eq!(now, all);
}

/// A client that remembers the next nonce by itself would leave a gap here.
#[tokio::test]
async fn a_nonce_that_a_reorganisation_freed_is_used_again() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    for number in 0..3 {
        pay(&client, 1).await;
        mine(&devnet, 1).await;
        assert_eq!(client.get_transaction_count(address(0)).await.expect("answers"), number + 1);
    }
    devnet.reorganise(2, 3, Orphaned::Dropped).await.expect("reorganised");
    assert_eq!(client.get_transaction_count(address(0)).await.expect("answers"), 1);
    let again = pay(&client, 9).await;
    mine(&devnet, 1).await;
    let paid = client.get_transaction_by_hash(again).await.expect("answers").expect("mined");
    assert_eq!((paid.nonce(), client.get_balance(BOB).await.expect("answers")), (1, U256::from(10)));
}

/// What ethrex has not is refused by its name, and what it would leave out of a question is not answered as if it had been heard.
#[tokio::test]
async fn what_it_does_not_have_is_said() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    mine(&devnet, 1).await;
    let asked = json!({ "from": address(0), "to": BOB, "value": "0x1" });
    for (method, params) in [
        ("eth_newBlockFilter", json!([])),
        ("eth_simulateV1", json!([{ "blockStateCalls": [] }, "latest"])),
        ("eth_accounts", json!([])),
    ] {
        let refused = raw(&client, method, params).await.expect_err(method);
        assert!(refused.contains("Method not found") && refused.contains(method), "{method}: {refused}");
    }
    let (state, block) = (json!({ BOB.to_string(): { "balance": "0x5" } }), json!({ "number": "0x5" }));
    for overridden in
        [json!([asked, "latest", state]), json!([asked, "latest", null, block]), json!([asked, "latest", {}, block])]
    {
        for method in ["eth_call", "eth_estimateGas"] {
            let refused = raw(&client, method, overridden.clone()).await.expect_err("an override");
            assert!(refused.contains("overrides") && refused.contains("follows the block"), "{method}: {refused}");
        }
    }
    raw(&client, "eth_call", json!([asked, "latest"])).await.expect("without one it answers");
}

/// ethrex answers only about the first transaction of a block once the block has left its buffer.
#[tokio::test]
async fn old_blocks_keep_all_of_their_receipts() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    let paid = [pay(&client, 1).await, pay(&client, 2).await, pay(&client, 3).await];
    mine(&devnet, 200).await;
    for (hash, index) in paid.into_iter().zip(0..) {
        let receipt = client.get_transaction_receipt(hash).await.expect("answers").expect("mined");
        assert_eq!((receipt.transaction_index, receipt.gas_used), (Some(index), 21_000));
    }
    let block = client.get_transaction_receipt(paid[0]).await.expect("answers").and_then(|receipt| receipt.block_hash);
    let receipts =
        client.get_block_receipts(BlockId::hash(block.expect("mined"))).await.expect("answers").expect("known");
    assert_eq!(receipts.len(), 3);
    let logs = client.get_logs(&Filter::new().at_block_hash(block.expect("mined"))).await.expect("answers");
    assert!(logs.is_empty(), "payments say nothing");
    client.get_logs(&Filter::new().from_block(0).to_block(200)).await.expect("a range");
}

#[tokio::test]
async fn the_old_head_can_come_back() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    mine(&devnet, 4).await;
    let reorg = devnet.reorganise(3, 4, Orphaned::Dropped).await.expect("reorganised");
    devnet.return_to(reorg.old_head).await.expect("returned");
    assert_eq!(devnet.head().await.expect("head").hash, reorg.old_head);
    pay(&client, 1).await;
    mine(&devnet, 1).await;
    assert_eq!(client.get_balance(BOB).await.expect("answers"), U256::from(1), "and the chain goes on from there");
    assert!(matches!(devnet.return_to([9; 32]).await, Err(DevnetError::UnknownBlock(_))));
    assert!(matches!(
        devnet.reorganise(99, 1, Orphaned::Dropped).await,
        Err(DevnetError::TooDeep { asked: 99, head: 5 })
    ));
}

#[tokio::test]
async fn sixty_four_blocks_can_be_undone_again_and_again() {
    let devnet = devnet(Config::default());
    mine(&devnet, 70).await;
    for _ in 0..3 {
        devnet.reorganise(64, 65, Orphaned::Dropped).await.expect("reorganised");
    }
    assert_eq!(devnet.head().await.expect("head").number, 73);
}

#[tokio::test]
async fn time_moves_when_told() {
    let devnet = devnet(Config::default());
    mine(&devnet, 1).await;
    let before = devnet.head().await.expect("head").time_s;
    devnet.increase_time(86_400).await.expect("moved");
    mine(&devnet, 1).await;
    let after = devnet.head().await.expect("head").time_s;
    assert!((86_400..86_460).contains(&(after - before)), "{before} then {after}");
}

#[tokio::test]
async fn the_clock_makes_blocks_only_until_transactions_are_final() {
    let every =
        Mining::Every { busy: std::time::Duration::from_millis(20), idle: std::time::Duration::from_secs(3_600) };
    let devnet = devnet(Config { mining: every, ..Config::default() });
    let client = alice(&devnet);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let idle = devnet.head().await.expect("head").number;
    assert_eq!(idle, 0, "an idle chain grows only by the slow clock");
    let payment = TransactionRequest::default().with_to(BOB).with_value(U256::from(1));
    let receipt = client.send_transaction(payment).await.expect("accepted").get_receipt().await.expect("mined");
    assert!(receipt.status());
    let mined = receipt.block_number.expect("in a block");
    while number_now(&client, BlockNumberOrTag::Finalized).await < Some(mined) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let settled = devnet.head().await.expect("head").number;
    assert!(settled <= mined + 5, "the fast clock stops once it is final: {settled} after {mined}");
}

#[tokio::test]
async fn its_own_methods_say_what_they_take() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    raw(&client, "dev_mine", json!([3])).await.expect("mined");
    let done = raw(&client, "dev_reorg", json!([2, 3, "wait"])).await.expect("reorganised");
    assert_eq!(done["orphaned"], 0);
    raw(&client, "dev_setHead", json!([done["oldHead"]])).await.expect("returned");
    raw(&client, "dev_setTags", json!([0, 1])).await.expect("pinned");
    raw(&client, "dev_increaseTime", json!([60])).await.expect("moved");
    for (method, params, says) in [
        ("dev_mine", json!(["many"]), "a number of blocks"),
        ("dev_reorg", json!([1]), "blocks instead"),
        ("dev_reorg", json!([1, 1, "perhaps"]), "\"drop\""),
        ("dev_setHead", json!(["0x12"]), "the hash of a block"),
        ("dev_setTags", json!([5, 1]), "must trail in order"),
        ("dev_fail", json!(["badly"]), "lostBroadcast"),
        ("dev_nothing", json!([]), "Method not found"),
    ] {
        let refused = raw(&client, method, params).await.expect_err("refused");
        assert!(refused.contains(says), "{method}: {refused}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = held.local_addr().expect("bound").port();
    let refused = Devnet::start(&Config { port, ..Config::default() }).map(drop).expect_err("in use");
    assert!(refused.to_string().contains(&format!("port {port}")), "{refused}");
}
