use std::time::{Duration, Instant};

use ashlar_api::client::{ClientError, GatewayClient};
use ashlar_api::door::Line;
use ashlar_api::http::{ApiConfig, Patience};
use ashlar_api::schema::Code;
use ashlar_types::{CancelFilter, Command, NewOrder, Reason, Side, Time};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{RETRY_MS, lots, market, price, serve, trader};

fn bid(ticks: u64) -> Command {
    Command::Place(NewOrder::limit(market(0), Side::Buy, price(ticks), lots(1)))
}

#[tokio::test]
async fn messages_are_sent_in_a_row_and_each_is_answered() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = GatewayClient::connect(served.gateway.address).await.expect("connects");
    client.ping().await.expect("it is there");
    let mut trader = trader(1, 0);
    let mut waiting = Vec::new();
    for round in 0..50 {
        let commands = (0..4).map(|step| bid(60 + (round + step) % 30)).collect();
        let signed = trader.sign(commands, Time::NEVER).expect("signs");
        waiting.push(client.submit(&signed).await.expect("sends"));
    }
    for answer in waiting {
        let lines = answer.await.expect("answers").lines;
        let resting = lines.iter().filter(|line| matches!(line, Line::Receipt(r) if r.reason == Reason::Resting));
        assert_eq!(resting.count(), 4);
    }
    let will = trader.sign(vec![Command::CancelAll(CancelFilter::ALL)], Time::NEVER).expect("signs");
    client.last_will(Some(&will)).await.expect("is taken");
    drop(client);
    let began = std::time::Instant::now();
    while !served.exchange.leaves().orders().is_empty() {
        assert!(began.elapsed().as_secs() < 10, "the will was not carried out");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_bad_signature_is_refused_and_the_connection_goes_on() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = GatewayClient::connect(served.gateway.address).await.expect("connects");
    let mine = trader(1, 0).sign(vec![bid(90)], Time::NEVER).expect("signs");
    let theirs = trader(2, 0).sign(vec![bid(90)], Time::NEVER).expect("signs");
    let (message, _, _) = mine.into_parts();
    let forged = ashlar_api::door::Signed::new(message, *theirs.signature()).expect("well formed");
    match client.submit(&forged).await.expect("sends").await {
        Err(ClientError::GatewayRefused { code, .. }) => assert_eq!(code, Code::BadSignature.number()),
        answer => panic!("{answer:?}"),
    }
    client.ping().await.expect("it goes on");
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection_with_a_word() {
    let served = serve(1, ApiConfig::default()).await;
    let header = |length: u32, kind: u8, version: u8| {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend([kind, version, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    };
    for bytes in [header(u32::MAX, 1, 1), header(0, 9, 1), header(0, 1, 2), header(0, 129, 1)] {
        let mut stream = TcpStream::connect(served.gateway.address).await.expect("connects");
        stream.write_all(&bytes).await.expect("sends");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("it ends");
        assert_eq!(answer.get(4), Some(&130), "a refusal: {answer:?}");
    }
}

/// A frame without a payload.
fn empty(kind: u8) -> Vec<u8> {
    vec![0, 0, 0, 0, kind, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
}

#[tokio::test]
async fn whoever_does_not_read_is_let_go_and_nobody_else_waits() {
    let served = serve(1, ApiConfig::default()).await;
    let mut slow = TcpStream::connect(served.gateway.address).await.expect("connects");
    let mut other = GatewayClient::connect(served.gateway.address).await.expect("connects");
    let pings = empty(2).repeat(4_096);
    let began = Instant::now();
    loop {
        // What does not fit into the buffers within that time is tried again.
        if let Ok(Err(_)) = timeout(Duration::from_millis(200), slow.write_all(&pings)).await {
            break;
        }
        let pong = timeout(Duration::from_secs(3), other.ping()).await;
        pong.expect("nobody waits for a reader that does not read").expect("it goes on");
        assert!(began.elapsed() < Duration::from_secs(40), "it was never let go");
    }
}

#[tokio::test]
async fn a_frame_that_never_ends_holds_nobody_else_up() {
    let served = serve(1, ApiConfig::default()).await;
    let mut half = TcpStream::connect(served.gateway.address).await.expect("connects");
    half.write_all(&[200, 0, 0, 0, 1, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 64]).await.expect("sends a part");
    let mut other = GatewayClient::connect(served.gateway.address).await.expect("connects");
    let signed = trader(1, 0).sign(vec![bid(90)], Time::NEVER).expect("signs");
    let first = other.submit(&signed).await.expect("sends").await.expect("is answered");
    let again = other.submit(&signed).await.expect("sends").await.expect("is answered");
    assert_eq!(first.lines, again.lines, "the same message again is given the same answer");
}

#[tokio::test]
async fn whoever_says_nothing_whole_is_told_so_and_closed() {
    let patience = Patience { silence: Duration::from_millis(300), ..Patience::default() };
    let served = serve(1, ApiConfig { patience, ..ApiConfig::default() }).await;
    // One that says nothing, and one whose frame never ends.
    for begun in [&[][..], &[200, 0, 0, 0, 1, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 64]] {
        let mut stream = TcpStream::connect(served.gateway.address).await.expect("connects");
        stream.write_all(begun).await.expect("sends");
        let mut answer = Vec::new();
        timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("in time").expect("it ends");
        let (header, word) = answer.split_at(16);
        assert_eq!(header[4], 130, "a refusal: {answer:?}");
        assert_eq!(word[..2], Code::TooSlow.number().to_le_bytes());
        assert!(String::from_utf8_lossy(&word[6..]).contains("no whole frame"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_flood_is_limited_message_by_message_and_the_connection_goes_on() {
    let served = serve(1, ApiConfig::default()).await;
    served.exchange.allow(20);
    let mut client = GatewayClient::connect(served.gateway.address).await.expect("connects");
    let mut trader = trader(1, 0);
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let signed = trader.sign(vec![bid(90)], Time::NEVER).expect("signs");
        waiting.push(client.submit(&signed).await.expect("sends"));
    }
    let mut answered = 0;
    for answer in waiting {
        match timeout(Duration::from_secs(10), answer).await.expect("each is answered") {
            Ok(_) => answered += 1,
            Err(ClientError::GatewayRefused { code, retry_ms, message }) => {
                assert_eq!((code, retry_ms), (Code::RateLimited.number(), RETRY_MS));
                assert!(message.len() > 10, "{message}");
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(answered, 20);
    client.ping().await.expect("it goes on");
}
