use std::time::{Duration, Instant};

use ashlar_api::client::{RestClient, StreamClient};
use ashlar_api::http::{ApiConfig, Patience, StaticFile};
use ashlar_api::limits::{BODY_BYTES_MAX, CONNECTIONS_PER_IP_MAX, SENTENCE_BYTES_MAX, SOCKET_BYTES_MAX};
use ashlar_api::schema::{Channel, Code, ErrorBody, ServerSays};
use ashlar_types::{Command, NewOrder, Side, Time};
use axum::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{asked, lots, market, price, rest_of, serve, trader};

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
    let mut answered = 0;
    for _ in 0..30 {
        let (status, answer) = client.ask("GET", "/v1/venue", Bytes::new()).await.expect("an answer");
        if status.is_success() {
            answered += 1;
            continue;
        }
        let refused: ErrorBody = serde_json::from_slice(&answer).expect("an error");
        assert_eq!(
            (status.as_u16(), refused.error.code, refused.error.retry_ms),
            (429, Code::RateLimited, Some(1_000))
        );
        assert!(refused.error.message.contains("20 requests"), "{refused:?}");
    }
    assert_eq!(answered, 20);
}

#[tokio::test]
async fn a_flooding_stream_is_limited_by_its_name_and_goes_on() {
    let served = serve(1, ApiConfig { burst: 21, per_second: 1, ..ApiConfig::default() }).await;
    // The request that becomes a stream is the first of the allowance.
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    for id in 0..30 {
        stream.say_text(format!(r#"{{"op":"ping","id":"{id}"}}"#)).await.expect("sends");
    }
    let mut pongs = 0;
    for expected in 0..30 {
        match timeout(Duration::from_secs(10), stream.hear()).await.expect("in time").expect("is said") {
            ServerSays::Pong { id } => {
                assert_eq!(id.map(|id| id.0), Some(expected));
                pongs += 1;
            }
            ServerSays::Error { id, error } => {
                assert_eq!(
                    (id.map(|id| id.0), error.code, error.retry_ms),
                    (Some(expected), Code::RateLimited, Some(1_000))
                );
                assert!(error.message.contains("wait a moment"), "{}", error.message);
            }
            said => panic!("{said:?}"),
        }
    }
    assert_eq!(pongs, 20);
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

/// More than the system buffers for a connection.
static LARGE: [u8; 24 << 20] = [0; 24 << 20];
const FILES: &[StaticFile] = &[StaticFile { path: "/large", media_type: "application/wasm", bytes: &LARGE }];

fn hurried(patience: Patience) -> ApiConfig {
    ApiConfig { files: FILES, patience, ..ApiConfig::default() }
}

const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up_and_a_slow_reader_has_all_of_it() {
    let served = serve(1, hurried(Patience { stall: ms(2_000), ..Patience::default() })).await;
    let request = "GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut stalled = asked(served.http.address, request).await;
    let mut slow = asked(served.http.address, request).await;
    let (mut got, mut part, mut pauses) = (0, vec![0; 1 << 20], 0);
    loop {
        match timeout(Duration::from_secs(10), slow.read(&mut part)).await.expect("in time").expect("goes on") {
            0 => break,
            bytes => got += bytes,
        }
        // Longer in all than a connection may stand still, and each much shorter.
        if got > (pauses + 1) << 20 {
            pauses += 1;
            tokio::time::sleep(ms(120)).await;
        }
    }
    assert!(got > LARGE.len() && pauses > 17, "{got} bytes with {pauses} pauses");
    // Every place of the address is free again, though the one that does not read has not let go.
    let mut others = Vec::new();
    let mut first = [0; 12];
    for _ in 0..CONNECTIONS_PER_IP_MAX {
        let mut other = asked(served.http.address, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
        timeout(Duration::from_secs(5), other.read_exact(&mut first)).await.expect("in time").expect("is served");
        assert_eq!(&first, b"HTTP/1.1 200");
        others.push(other);
    }
    assert!(rest_of(&mut stalled).await.len() < LARGE.len(), "it was given up before its end");
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_in_the_end() {
    let served = serve(1, hurried(Patience { request: ms(300), ..Patience::default() })).await;
    let head = "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{";
    let mut endless = asked(served.http.address, head).await;
    let answer = rest_of(&mut endless).await;
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains(r#""code":"lost""#), "{answer}");
    assert!(answer.contains("took too long"), "{answer}");
}

#[tokio::test]
async fn a_stream_that_says_nothing_is_told_so_and_closed() {
    let served = serve(1, hurried(Patience { silence: ms(400), ping: ms(100), ..Patience::default() })).await;
    let request = "GET /v1/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut silent = asked(served.http.address, request).await;
    // One that answers pings, and says nothing else, stays.
    let mut other = StreamClient::connect(served.http.address).await.expect("connects");
    let heard = tokio::spawn(async move { other.hear().await });
    let said = rest_of(&mut silent).await;
    assert!(said.starts_with("HTTP/1.1 101") && said.contains(r#""code":"too_slow""#), "{said}");
    assert!(said.contains("nothing was heard of you"), "{said}");
    tokio::time::sleep(ms(500)).await;
    assert!(!heard.is_finished(), "whoever answers pings is heard of");
    heard.abort();
}

#[tokio::test]
async fn a_message_that_is_too_long_is_told_so() {
    let served = serve(1, ApiConfig::default()).await;
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    let ping = r#"{"op":"ping"}"#;
    let longest = format!("{ping}{}", " ".repeat(SOCKET_BYTES_MAX - ping.len()));
    stream.say_text(longest.clone()).await.expect("sends");
    let said = timeout(Duration::from_secs(10), stream.hear()).await.expect("in time").expect("is said");
    assert_eq!(said, ServerSays::Pong { id: None });
    // What is wrong is not repeated at length.
    stream.say_text(format!(r#"{{"op":"ping","id":"{}"}}"#, "0".repeat(200_000))).await.expect("sends");
    match timeout(Duration::from_secs(10), stream.hear()).await.expect("in time").expect("is said") {
        ServerSays::Error { error, .. } => {
            assert_eq!(error.code, Code::BadRequest);
            assert!(error.message.len() <= SENTENCE_BYTES_MAX + 3, "{} bytes", error.message.len());
        }
        said => panic!("{said:?}"),
    }
    // It may be closed while this is sent.
    let _ = stream.say_text(format!("{longest} ")).await;
    match timeout(Duration::from_secs(10), stream.hear()).await.expect("in time").expect("is said") {
        ServerSays::Error { id: None, error } => {
            assert_eq!(error.code, Code::TooLarge);
            assert!(error.message.contains("262144 bytes"), "{}", error.message);
        }
        said => panic!("{said:?}"),
    }
}
