use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use ashlar_api::client::{ClientError, RestClient};
use ashlar_api::http::{ApiConfig, StaticFile, document, endpoints};
use ashlar_api::limits::{COSTS_ASKED_MAX, LARGE_ANSWERS_MAX, LARGE_RETRY_MS};
use ashlar_api::schema::{
    AccountView, AnswerView, BatchView, BookView, CandleView, Code, DigestView, FillView, Hex, HistoryLine,
    MessageForm, MessageWords, OpenOrderView, ProofStateView, SubmitBody, TickerView, TradeProofView,
};
use ashlar_types::{CancelFilter, ClientId, Command, NewOrder, Side, Time};
use axum::body::Bytes;
use serde_json::{Value, json};

use crate::support::{RETRY_MS, asked, lots, market, price, rest_of, secret, serve, trader};

/// A buyer and a seller who traded two lots of five.
async fn traded(client: &mut RestClient) -> AnswerView {
    let sell = NewOrder { client: ClientId(7), ..NewOrder::limit(market(0), Side::Sell, price(101), lots(5)) };
    let buy = NewOrder::limit(market(0), Side::Buy, price(101), lots(2));
    let resting = trader(2, 0).sign(vec![Command::Place(sell)], Time::NEVER).expect("signs");
    client.submit(&resting).await.expect("rests");
    let taking = trader(1, 0).sign(vec![Command::Place(buy)], Time::NEVER).expect("signs");
    client.submit(&taking).await.expect("trades")
}

async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
}

#[tokio::test]
async fn every_endpoint_answers_its_example() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    traded(&mut client).await;
    settle().await;
    let mut asked = 0;
    for endpoint in endpoints() {
        let body = endpoint.example.body.unwrap_or_default();
        let body = if body.contains("SIGNATURE") { signed(body) } else { body.to_owned() };
        let method = if endpoint.example.body.is_some() { "POST" } else { "GET" };
        let (status, answer) = client.ask(method, endpoint.example.path, Bytes::from(body)).await.expect("an answer");
        let text = String::from_utf8_lossy(&answer);
        assert!(status.is_success(), "{} {status} {text}", endpoint.path);
        (endpoint.answer.reads)(&answer).unwrap_or_else(|error| panic!("{}: {error}: {text}", endpoint.path));
        asked += 1;
    }
    assert!(asked > 25);
}

#[tokio::test]
async fn no_more_diffs_are_in_memory_than_may_be() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let address = |at: u32| IpAddr::from(Ipv4Addr::from(at));
    let places: Vec<_> = (1..).map_while(|at| served.api.large_answer(address(at))).collect();
    assert_eq!(places.len(), LARGE_ANSWERS_MAX);
    let refused = client.get::<Value>("/v1/batches/1/diff").await.expect_err("there is no place");
    let ClientError::Refused(error) = refused else { panic!("{refused:?}") };
    assert_eq!((error.code, error.retry_ms), (Code::Overloaded, Some(LARGE_RETRY_MS)), "{error:?}");
    drop(places);
    // One address never has all of them.
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    let places: Vec<_> = std::iter::from_fn(|| served.api.large_answer(here)).collect();
    assert!(places.len() < LARGE_ANSWERS_MAX && served.api.large_answer(address(1)).is_some());
    client.get::<Value>("/v1/batches/1/diff").await.expect_err("there is no place for this address");
    drop(places);
    for _ in 0..2 * LARGE_ANSWERS_MAX {
        let (status, diff) = client.ask("GET", "/v1/batches/1/diff", Bytes::new()).await.expect("an answer");
        assert!(status.is_success() && !diff.is_empty(), "a place is given back once the answer is sent");
    }
}

/// The words of an example, signed by account 1.
fn signed(example: &str) -> String {
    let mut body: Value = serde_json::from_str(example).expect("an example is JSON");
    let words: MessageWords = serde_json::from_value(body["message"].clone()).expect("a message");
    let message = words.to_message().expect("in range");
    let digest = ashlar_types::sign::session_digest(
        &crate::support::DEPLOYMENT.exchange_id(),
        &crate::support::bytes_of(&message),
    );
    let signature = secret(1).sign(&digest, &[0; 32]).expect("signs");
    body["signature"] = json!(Hex::of(&signature));
    body.to_string()
}

#[tokio::test]
async fn a_trade_is_seen_everywhere() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let answer = traded(&mut client).await;
    assert_eq!(answer.receipts[0].reason, "filled");
    assert_eq!(answer.receipts[0].filled.0, 2);
    assert_eq!(answer.receipts[0].events.len(), 1);
    settle().await;
    let book: BookView = client.get("/v1/markets/0/book").await.expect("a book");
    assert_eq!(book.asks.iter().map(|level| (level.0.0, level.1.0)).collect::<Vec<_>>(), [(101, 3)]);
    let orders: Vec<OpenOrderView> = client.get("/v1/accounts/2/orders").await.expect("orders");
    assert_eq!((orders.len(), orders[0].remaining.0, orders[0].client.0), (1, 3, 7));
    let fills: Vec<FillView> = client.get("/v1/accounts/2/fills").await.expect("fills");
    assert_eq!((fills.len(), fills[0].maker, fills[0].lots.0), (1, true, 2));
    let candles: Vec<CandleView> = client.get("/v1/markets/0/candles?interval=1m").await.expect("candles");
    assert_eq!((candles.len(), candles[0].lots.0, candles[0].quote.0), (1, 2, 202));
    let ticker: TickerView = client.get("/v1/markets/0/ticker").await.expect("a ticker");
    assert_eq!((ticker.last.0, ticker.lots.0), (101, 2));
    let account: AccountView = client.get("/v1/accounts/2").await.expect("an account");
    assert_eq!(account.keys[0].nonce.0, 1);
    assert_eq!(account.holdings.iter().find(|held| held.asset == 1).map(|held| held.reserved.0), Some(30));
    let (_, csv) = client.ask("GET", "/v1/accounts/1/fills.csv", Bytes::new()).await.expect("a file");
    assert_eq!(String::from_utf8_lossy(&csv).lines().count(), 2);
    let (_, csv) = client.ask("GET", "/v1/accounts/2/history.csv", Bytes::new()).await.expect("a file");
    let csv = String::from_utf8_lossy(&csv).into_owned();
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let cell = |row: usize, name: &str| {
        let column = rows[0].iter().position(|column| *column == name).expect("a column");
        rows[row][column]
    };
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{csv}");
    let history: Vec<HistoryLine> = client.get("/v1/accounts/2/history?limit=1000").await.expect("a history");
    assert_eq!(rows.len(), history.len() + 1);
    assert_eq!([cell(1, "type"), cell(1, "maker"), cell(1, "price"), cell(1, "lots")], ["fill", "true", "101", "2"]);
    assert_eq!([cell(2, "type"), cell(2, "reason"), cell(2, "client")], ["receipt", "resting", "7"]);
    assert_eq!((cell(2, "asset"), cell(2, "account")), ("", "2"), "a line has what its type has");
}

#[tokio::test]
async fn a_retry_gets_the_same_answer_and_a_replay_of_the_nonce_does_not() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let order = Command::Place(NewOrder::limit(market(0), Side::Buy, price(99), lots(1)));
    let first = trader(1, 0).sign(vec![order.clone()], Time::NEVER).expect("signs");
    let answer = client.submit(&first).await.expect("rests");
    assert_eq!(client.submit(&first).await.expect("the same again"), answer);
    let other = trader(1, 0).sign(vec![order.clone(), order], Time::NEVER).expect("signs");
    match client.submit(&other).await {
        Err(ClientError::Refused(error)) => {
            assert_eq!((error.code, error.reason.as_deref()), (Code::Inadmissible, Some("nonce_used")));
        }
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn words_and_bytes_are_the_same_message() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let signed = trader(1, 0).sign(vec![Command::CancelAll(CancelFilter::ALL)], Time::NEVER).expect("signs");
    let words = MessageForm::Words(signed.message().into());
    let digest: DigestView = client.post("/v1/messages/digest", &words).await.expect("a digest");
    assert_eq!(digest.message.0, signed.bytes());
    let body = SubmitBody { message: words, signature: Hex::of(signed.signature().as_bytes()) };
    let answer: AnswerView = client.post("/v1/messages", &body).await.expect("done");
    assert_eq!(answer, client.submit(&signed).await.expect("the same message as bytes"));
}

/// A header of an answer, as a number.
fn header(answer: &str, name: &str) -> u64 {
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("no {name}: {answer}")).trim().parse().expect("a number")
}

#[tokio::test]
async fn every_answer_says_what_is_left_and_that_to_a_message_what_its_key_has() {
    let served = serve(1, ApiConfig { burst: 50, per_second: 1, ..ApiConfig::default() }).await;
    served.exchange.allow(7);
    let venue = "GET /v1/venue HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let began = Instant::now();
    // Of the allowance one comes back each second.
    let left = |answer: &str, used: u64| {
        let (limit, remaining) = (header(answer, "x-ratelimit-limit"), header(answer, "x-ratelimit-remaining"));
        assert_eq!((limit, header(answer, "x-ratelimit-reset")), (50, 50 - remaining), "{answer}");
        assert!((50 - used..=50 - used + began.elapsed().as_secs()).contains(&remaining), "{answer}");
    };
    for used in 1..=3 {
        let answer = rest_of(&mut asked(served.http.address, venue).await).await;
        left(&answer, used);
        assert!(!answer.contains("x-commands-"), "{answer}");
    }
    let mut trader = trader(1, 0);
    for remaining in [6, 5] {
        let order = Command::Place(NewOrder::limit(market(0), Side::Buy, price(99), lots(1)));
        let signed = trader.sign(vec![order], Time::NEVER).expect("signs");
        let message = MessageForm::Bytes(Hex::of(signed.bytes()));
        let body = SubmitBody { message, signature: Hex::of(signed.signature().as_bytes()) };
        let body = serde_json::to_string(&body).expect("JSON");
        let length = body.len();
        let request = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let answer = rest_of(&mut asked(served.http.address, &request).await).await;
        assert_eq!((header(&answer, "x-commands-limit"), header(&answer, "x-commands-remaining")), (7, remaining));
        assert_eq!(header(&answer, "x-commands-reset-ms"), u64::from(RETRY_MS));
        // A message is a request as well.
        left(&answer, 10 - remaining);
    }
}

#[tokio::test]
async fn rpc_answers_as_ethereum_clients_expect() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let call = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let answer: Value = client.post("/rpc", &call("ashlar_batchNumber", json!([]))).await.expect("an answer");
    assert_eq!(answer, json!({"jsonrpc": "2.0", "id": 7, "result": "0x1"}));
    let many = json!([
        call("ashlar_getBatchByNumber", json!(["0x1"])),
        call("ashlar_getBatchByBlock", json!([12])),
        call("ashlar_getL1MessageProof", json!([0])),
        call("ashlar_getBatchByNumber", json!([99])),
        call("ashlar_nonsense", json!([])),
        call("ashlar_getBatchByNumber", json!(["one"])),
        json!(5),
    ]);
    let answers: Vec<Value> = client.post("/rpc", &many).await.expect("answers");
    assert_eq!(answers[0]["result"]["number"], "1");
    assert_eq!(answers[1]["result"]["stage"], "committed");
    assert_eq!(answers[2]["result"]["amount"], "5");
    let codes: Vec<_> = answers[3..].iter().map(|answer| answer["error"]["code"].as_i64()).collect();
    assert_eq!(codes, [Some(-32_000), Some(-32_601), Some(-32_602), Some(-32_600)]);
}

#[tokio::test]
async fn the_document_names_everything_once_and_files_are_served() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let text = document.to_string();
    let references = text
        .match_indices("#/components/schemas/")
        .map(|(at, prefix)| text[at + prefix.len()..].split('"').next().expect("a name").to_owned());
    let mut counted = 0;
    for name in references {
        assert!(schemas.contains_key(&name), "{name} is referred to and not there");
        counted += 1;
    }
    assert!(counted > 100 && schemas.len() > 40);
    const FILES: &[StaticFile] = &[StaticFile { path: "/", media_type: "text/html", bytes: b"<p>here" }];
    let served = serve(1, ApiConfig { files: FILES, ..ApiConfig::default() }).await;
    let mut client = RestClient::new(served.http.address);
    let (status, page) = client.ask("GET", "/", Bytes::new()).await.expect("a page");
    assert_eq!((status.as_u16(), &page[..]), (200, &b"<p>here"[..]));
    let (status, page) = client.ask("GET", "/docs", Bytes::new()).await.expect("a page");
    assert!(status.is_success() && !String::from_utf8_lossy(&page).contains("http"), "the page asks nobody else");
}

#[tokio::test]
async fn a_trade_is_shown_down_to_the_proof_of_its_batch_and_its_file() {
    let served = serve(2, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    traded(&mut client).await;
    let shown: TradeProofView = client.get("/v1/commands/3/shown").await.expect("is shown");
    let proof = shown.proof.expect("its batch is proven");
    let made = proof.made.expect("it is verified");
    assert_eq!((proof.state, made.signers.len(), made.threshold), (ProofStateView::Proven, 2, 2));
    assert_eq!((proof.first, proof.trust.as_str()), (shown.command.batch.number, "nobody (a test)"));
    let (status, file) = client.ask("GET", &made.file, Bytes::new()).await.expect("a file");
    assert_eq!((status.as_u16(), &file[..]), (200, &[0xfe, 0, 1][..]));
    let (status, text) = client.ask("GET", "/v1/batches/2/proof", Bytes::new()).await.expect("an answer");
    assert_eq!(status.as_u16(), 404, "{}", String::from_utf8_lossy(&text));
}

#[tokio::test]
async fn a_batch_tells_what_its_transactions_cost() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    let batch: BatchView = client.get("/v1/batches/1").await.expect("a batch");
    let cost = batch.commit.and_then(|at| at.cost).expect("a cost");
    assert_eq!((cost.gas_used.0, cost.gas_price.0, cost.blob_cost.0), (212_345, 1_500_000_000, 131_072));
    assert_eq!(cost.total.0, 212_345 * 1_500_000_000 + 131_072);
    let raw: Value = client.get("/v1/batches/1").await.expect("a batch");
    assert_eq!(raw["commit"]["cost"]["total"], json!("318517500131072"), "a sum of wei is a string of digits");
    let outbox: Value = client.get("/v1/outbox").await.expect("an outbox");
    assert_eq!((&outbox[0]["state"], &outbox[0]["nonce"]), (&json!("sent"), &json!("4")));
    let custody: Value = client.get("/v1/custody").await.expect("the stores");
    assert_eq!((&custody["stores"][0]["standing"], &custody["receipts"][0]["batch"]), (&json!("good"), &json!("1")));
}

#[tokio::test]
async fn costs_that_nobody_answers_are_asked_for_so_often_and_no_more() {
    let served = serve(1, ApiConfig::default()).await;
    let mut client = RestClient::new(served.http.address);
    served.exchange.leave_costs_unanswered();
    let mut places: Vec<_> = std::iter::from_fn(|| served.api.cost_question()).collect();
    assert_eq!(places.len(), COSTS_ASKED_MAX);
    // The first one finds a place, and nobody gives that back.
    places.pop();
    for _ in 0..3 {
        let batch: BatchView = client.get("/v1/batches/1").await.expect("a batch");
        assert!(batch.commit.is_some_and(|at| at.cost.is_none()), "everything else is answered");
    }
    assert_eq!(served.exchange.leave_costs_unanswered(), 1);
    places.pop();
    let _: BatchView = client.get("/v1/batches/1").await.expect("a batch");
    assert_eq!(served.exchange.leave_costs_unanswered(), 2, "a place that is free again is used");
}
