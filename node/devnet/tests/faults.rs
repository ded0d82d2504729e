//! An endpoint on a bad day.

mod client;

use std::time::{Duration, Instant};

use alloy::network::TransactionBuilder;
use alloy::primitives::U256;
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use ashlar_devnet::{Config, Fault};
use client::{BOB, alice, devnet};

fn payment() -> TransactionRequest {
    TransactionRequest::default().with_to(BOB).with_value(U256::from(1))
}

#[tokio::test]
async fn an_endpoint_fails_as_asked_and_recovers() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    devnet.fail(Fault::Unavailable);
    assert!(client.get_block_number().await.expect_err("fails").to_string().contains("503"));
    client.get_block_number().await.expect("once only");

    devnet.fail(Fault::Late(Duration::from_millis(300)));
    let begun = Instant::now();
    client.get_block_number().await.expect("late, but answered");
    assert!(begun.elapsed() >= Duration::from_millis(300));

    devnet.fail(Fault::NoAnswer);
    let unanswered = tokio::time::timeout(Duration::from_millis(200), client.get_block_number()).await;
    assert!(unanswered.is_err());

    devnet.set_down(true);
    assert!(client.get_block_number().await.is_err());
    assert!(client.get_block_number().await.is_err());
    devnet.set_down(false);
    client.get_block_number().await.expect("is back");
}

#[tokio::test]
async fn a_broadcast_can_be_lost_or_go_unanswered() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    devnet.fail(Fault::LostBroadcast);
    let lost = *client.send_transaction(payment()).await.expect("its hash is returned").tx_hash();
    devnet.mine().await.expect("mined");
    assert!(client.get_transaction_receipt(lost).await.expect("answers").is_none(), "but it was forgotten");

    devnet.fail(Fault::UnansweredBroadcast);
    assert!(client.send_transaction(payment()).await.is_err());
    devnet.mine().await.expect("mined");
    assert_eq!(client.get_balance(BOB).await.expect("answers"), U256::from(1), "but it was mined");
}

#[tokio::test]
async fn a_lost_broadcast_has_the_hash_of_the_real_one() {
    let devnet = devnet(Config::default());
    let client = alice(&devnet);
    devnet.fail(Fault::LostBroadcast);
    let lost = *client.send_transaction(payment()).await.expect("accepted").tx_hash();
    let sent = *client.send_transaction(payment()).await.expect("accepted").tx_hash();
    assert_eq!(lost, sent, "the same transaction again");
}
