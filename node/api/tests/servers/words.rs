//! Commands in words: what a program may write that cannot encode.

use std::collections::BTreeSet;

use ashlar_api::client::RestClient;
use ashlar_api::http::ApiConfig;
use ashlar_api::schema::{
    AccountView, AnswerView, Code, CommandWords, DigestView, ErrorBody, Hex, MessageWords, OpenOrderView,
};
use ashlar_harness::flow::{Adversary, Flow, account_of};
use ashlar_harness::{Engine, HotEngine};
use ashlar_types::Input;
use axum::body::Bytes;
use serde_json::{Value, json};

use crate::support::{BEGINNING_MS, secret, serve};

#[test]
fn every_command_is_the_same_after_it_was_words() {
    let mut seen = BTreeSet::new();
    for seed in 0..3 {
        let (mut flow, mut engine) = (Adversary::new(seed), HotEngine::new(&Adversary::genesis()));
        let mut outputs = Vec::new();
        for _ in 0..4_000 {
            let (time, input) = flow.produce();
            if let Input::Message(message) = &input {
                let text = serde_json::to_string(&MessageWords::from(message)).expect("JSON");
                let words: MessageWords = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                assert_eq!(words.to_message().as_ref(), Ok(message), "{text}");
                for command in &message.commands {
                    let words = serde_json::to_value(CommandWords::from(command)).expect("JSON");
                    seen.insert(words["type"].as_str().expect("a word").to_owned());
                }
            }
            outputs.clear();
            engine.apply(time, &input, &mut outputs);
            outputs.iter().for_each(|output| flow.observe(output));
        }
    }
    let all = [
        "cancel",
        "cancel_all",
        "cancel_place",
        "dead_man",
        "kill_switch",
        "mass_quote",
        "one_cancels_other",
        "open_sub_account",
        "place",
        "reduce",
        "register_key",
        "replace",
        "revoke_key",
        "sweep",
        "transfer",
        "withdraw",
    ];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

/// Signs what the node says is to be signed, and hands it in: all that a program needs is a key.
async fn said(client: &mut RestClient, nonce: u64, command: Value) -> (u16, Bytes) {
    let message = json!({
        "account": account_of(1).get(), "signer": {"type": "session", "slot": 0, "epoch": 1},
        "nonce": nonce.to_string(), "commands": [command],
    });
    let digest: DigestView = client.post("/v1/messages/digest", &message).await.expect("a digest");
    let digest: [u8; 32] = digest.digest.array().expect("32 bytes");
    let signature = Hex::of(&secret(1).sign(&digest, &[0; 32]).expect("signs"));
    let body = json!({"message": message, "signature": signature}).to_string();
    let (status, answer) = client.ask("POST", "/v1/messages", body.into()).await.expect("an answer");
    (status.as_u16(), answer)
}

#[tokio::test]
async fn quotes_a_dead_man_switch_and_a_revoked_key_in_words() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let reasons = |(status, answer): (u16, Bytes)| {
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        let answer: AnswerView = serde_json::from_slice(&answer).expect("an answer");
        answer.receipts.iter().map(|receipt| receipt.reason.clone()).collect::<Vec<_>>()
    };
    let quote =
        |side: &str, price: u64, lots: u64| json!({"side": side, "price": price.to_string(), "lots": lots.to_string()});
    let quotes = json!({"type": "mass_quote", "market": 0, "quotes": [quote("buy", 98, 3), quote("sell", 103, 4)]});
    assert_eq!(reasons(said(&mut client, 1, quotes).await), ["done"]);
    let at = BEGINNING_MS + 3_600_000;
    assert_eq!(reasons(said(&mut client, 2, json!({"type": "dead_man", "at": at})).await), ["done"]);
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    let orders: Vec<OpenOrderView> = client.get("/v1/accounts/1/orders").await.expect("orders");
    let mut quoted: Vec<_> = orders.iter().map(|order| order.remaining.0).collect();
    quoted.sort_unstable();
    assert_eq!(quoted, [3, 4]);
    let armed: AccountView = client.get("/v1/accounts/1").await.expect("an account");
    assert_eq!((armed.dead_man, armed.orders), (Some(at), 2));

    // A switch that would have fired already is refused by the exchange, which is an answer and no error.
    let past = json!({"type": "dead_man", "at": BEGINNING_MS});
    assert_eq!(reasons(said(&mut client, 3, past).await), ["bad_parameter"]);
    assert_eq!(reasons(said(&mut client, 4, json!({"type": "dead_man"})).await), ["done"]);
    assert_eq!(client.get::<AccountView>("/v1/accounts/1").await.expect("an account").dead_man, None);

    assert_eq!(reasons(said(&mut client, 5, json!({"type": "revoke_key", "slot": 0})).await), ["done"]);
    let (status, answer) = said(&mut client, 6, json!({"type": "cancel_all"})).await;
    let refused: ErrorBody = serde_json::from_slice(&answer).expect("an error");
    assert_eq!((status, refused.error.code), (422, Code::Inadmissible));
    assert_eq!(refused.error.reason.as_deref(), Some("unknown_key"));
}
