use std::time::{Duration, Instant};

use ashlar_api::client::{RestClient, StreamClient};
use ashlar_api::http::ApiConfig;
use ashlar_api::limits::{BODY_BYTES_MAX, CONNECTIONS_PER_IP_MAX};
use ashlar_api::schema::{Channel, ErrorBody};
use ashlar_types::{Command, NewOrder, Side, Time};
use axum::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{lots, market, price, serve, trader};

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_a_code_and_a_sentence() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let huge = format!(r#"{{"message":"0x{}","signature":"0x"}}"#, "00".repeat(BODY_BYTES_MAX / 2));
    let cases: &[(&str, &str, &str, u16, &str)] = &[
        ("POST", "/v1/messages", "{", 400, "bad_request"),
        ("POST", "/v1/messages", "[]", 400, "bad_request"),
        ("POST", "/v1/messages", r#"{"message":"0x00"}"#, 400, "bad_request"),
        ("POST", "/v1/messages", r#"{"message":"0x00","signature":"0x00"}"#, 400, "bad_request"),
        ("POST", "/v1/messages", r#"{"message":7,"signature":"0x00"}"#, 400, "bad_request"),
        ("POST", "/v1/messages", r#"{"message":"0x00","signature":"0x00","more":1}"#, 400, "bad_request"),
        (
            "POST",
            "/v1/messages/digest",
            r#"{"account":1,"signer":{"type":"owner"},"nonce":1,"commands":[]}"#,
            400,
            "bad_request",
        ),
        (
            "POST",
            "/v1/messages/digest",
            r#"{"account":1,"signer":{"type":"owner"},"nonce":"1","commands":[]}"#,
            400,
            "malformed",
        ),
        (
            "POST",
            "/v1/messages/digest",
            r#"{"account":4294967295,"signer":{"type":"owner"},"nonce":"1","commands":[]}"#,
            400,
            "bad_request",
        ),
        ("POST", "/v1/messages", &huge, 413, "too_large"),
        ("GET", "/v1/markets/9", "", 404, "not_found"),
        ("GET", "/v1/markets/x", "", 400, "bad_request"),
        ("GET", "/v1/markets/0/book?levels=0", "", 400, "bad_request"),
        ("GET", "/v1/markets/0/book?deep=1", "", 400, "bad_request"),
        ("GET", "/v1/markets/0/candles?interval=2m", "", 400, "bad_request"),
        ("GET", "/v1/accounts/99", "", 404, "not_found"),
        ("GET", "/v1/owners/0x00/accounts", "", 400, "bad_request"),
        ("GET", "/v1/batches/7", "", 404, "not_found"),
        ("GET", "/v1/batches/-1", "", 400, "bad_request"),
        ("GET", "/v1/messages", "", 405, "method_not_allowed"),
        ("GET", "/v1/stream", "", 400, "bad_request"),
        ("GET", "/v1/nothing", "", 404, "not_found"),
    ];
    for (method, path, body, status, code) in cases {
        let (got, answer) = client.ask(method, path, Bytes::from(body.to_string())).await.expect("an answer");
        let error: ErrorBody = serde_json::from_slice(&answer).unwrap_or_else(|_| panic!("{path}: {answer:?}"));
        assert_eq!(got.as_u16(), *status, "{method} {path} {}: {error:?}", &body[..body.len().min(80)]);
        assert_eq!(serde_json::to_value(error.error.code).expect("a word"), *code, "{method} {path}");
        assert!(error.error.message.len() > 10);
    }
}

#[tokio::test]
async fn deep_and_endless_json_harms_nobody() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    for text in ["[".repeat(100_000), "{\"message\":".repeat(20_000), format!("\"{}", "\\u0000".repeat(30_000))] {
        for path in ["/v1/messages", "/rpc"] {
            let (status, _) = client.ask("POST", path, Bytes::from(text.clone())).await.expect("an answer");
            assert!(status.is_client_error() || path == "/rpc", "{status}");
        }
    }
    assert!(client.ask("GET", "/health", Bytes::new()).await.expect("an answer").0.is_success());
}

#[tokio::test]
async fn a_flood_is_limited_and_told_so() {
    let served = serve(1, ApiConfig { burst: 20, per_second: 1, ..ApiConfig::default() }).await;
    let mut client = RestClient::new(served.http.address);
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(client.ask("GET", "/v1/venue", Bytes::new()).await.expect("an answer").0.as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 10);
}

#[tokio::test]
async fn whoever_does_not_read_is_let_go_and_nobody_else_waits() {
    let served = serve(2, ApiConfig { burst: 1_000_000, per_second: 1_000_000, ..ApiConfig::default() }).await;
    // It asks for everything and never reads.
    let mut slow = StreamClient::connect(served.http.address).await.expect("connects");
    for channel in [Channel::Book { market: 0 }, Channel::Account { account: 1 }, Channel::Ticker { market: 0 }] {
        slow.subscribe(channel).await.expect("asks");
    }
    let mut rest = RestClient::new(served.http.address);
    let mut buyer = trader(1, 0);
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    let let_go = || served.api.counters().too_slow.load(std::sync::atomic::Ordering::Relaxed) > 0;
    let mut round = 0_u64;
    while !let_go() {
        assert!(began.elapsed() < Duration::from_secs(60), "it was never let go");
        round += 1;
        let bid = |step| NewOrder::limit(market(0), Side::Buy, price(55 + (round * 11 + step) % 40), lots(1));
        let mut commands: Vec<_> = (0..200).map(|step| Command::Place(bid(step))).collect();
        commands.push(Command::CancelAll(ashlar_types::CancelFilter::ALL));
        let signed = buyer.sign(commands, Time::NEVER).expect("signs");
        let asked = Instant::now();
        rest.submit(&signed).await.expect("answers");
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "somebody waited {slowest:?} for a reader that does not read");
    drop(slow);
}

#[tokio::test]
async fn half_open_and_idle_sockets_are_counted_closed_and_forgotten() {
    let served = serve(1, ApiConfig::default()).await;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_PER_IP_MAX {
        let mut stream = TcpStream::connect(served.http.address).await.expect("connects");
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nx-slow").await.expect("sends a part");
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut more = TcpStream::connect(served.http.address).await.expect("connects");
    let mut nothing = Vec::new();
    let ended = timeout(Duration::from_secs(5), more.read_to_end(&mut nothing)).await.expect("it is closed at once");
    assert!(ended.is_err() || nothing.is_empty(), "one more than an address may have");
    let mut first = held.remove(0);
    let closed = timeout(Duration::from_secs(14), first.read_to_end(&mut nothing)).await;
    assert!(closed.is_ok(), "a request that never ends is given up");
    drop(held);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut client = RestClient::new(served.http.address);
    assert!(client.ask("GET", "/health", Bytes::new()).await.expect("room again").0.is_success());
}
