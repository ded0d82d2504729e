use std::time::Duration;

use ashlar_api::client::{BookMirror, OutOfStep, RestClient, StreamClient};
use ashlar_api::http::ApiConfig;
use ashlar_api::schema::{BookView, Channel, Code, HistoryLine, Interval, OpenOrderView, ServerSays};
use ashlar_types::{CancelFilter, Command, NewOrder, Side, Time};
use tokio::time::timeout;

use crate::support::{Served, lots, market, price, serve, trader};

const PATIENCE: Duration = Duration::from_secs(10);

fn place(side: Side, ticks: u64, size: u64) -> Command {
    Command::Place(NewOrder::limit(market(0), side, price(ticks), lots(size)))
}

async fn hear(stream: &mut StreamClient) -> ServerSays {
    timeout(PATIENCE, stream.hear()).await.expect("something is said in time").expect("it is said")
}

/// Hears until this is said.
async fn hear_until<T>(stream: &mut StreamClient, wanted: impl Fn(&ServerSays) -> Option<T>) -> T {
    loop {
        if let Some(found) = wanted(&hear(stream).await) {
            return found;
        }
    }
}

#[tokio::test]
async fn a_book_rebuilt_from_deltas_is_the_book() {
    let served = serve(2, ApiConfig::default()).await;
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    stream.subscribe(Channel::Book { market: 0 }).await.expect("asks");
    let mut rest = RestClient::new(served.http.address);
    let (mut buyer, mut seller) = (trader(1, 0), trader(2, 0));
    let mut mirror = BookMirror::default();
    for round in 0..60 {
        let bids: Vec<_> = (0..8).map(|step| place(Side::Buy, 90 + (round * 7 + step * 3) % 20, 1 + step)).collect();
        let asks: Vec<_> = (0..8).map(|step| place(Side::Sell, 95 + (round * 5 + step * 3) % 25, 1 + step)).collect();
        rest.submit(&buyer.sign(bids, Time::NEVER).expect("signs")).await.expect("answers");
        rest.submit(&seller.sign(asks, Time::NEVER).expect("signs")).await.expect("answers");
        if round % 9 == 8 {
            let all = vec![Command::CancelAll(CancelFilter::ALL)];
            rest.submit(&buyer.sign(all, Time::NEVER).expect("signs")).await.expect("answers");
        }
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    tokio::time::sleep(Duration::from_millis(60)).await;
    let book: BookView = rest.get("/v1/markets/0/book?levels=500").await.expect("a book");
    assert!(book.update.0 > 10);
    while mirror.update < book.update.0 {
        mirror.take(&hear(&mut stream).await).expect("in step");
    }
    let levels = |view: &[ashlar_api::schema::LevelView]| view.iter().map(|level| (level.0.0, level.1.0)).collect();
    let mut bids: Vec<_> = levels(&book.bids);
    bids.reverse();
    assert_eq!(mirror.bids.into_iter().collect::<Vec<_>>(), bids);
    let asks: Vec<_> = levels(&book.asks);
    assert_eq!(mirror.asks.into_iter().collect::<Vec<_>>(), asks);
}

#[test]
fn a_mirror_takes_the_books_of_the_document() {
    let document = include_str!("../../../../docs/api.md");
    let mut mirror = BookMirror::default();
    let books = document.lines().filter(|line| line.starts_with(r#"{"type": "book_"#));
    let taken = books.map(|line| mirror.take(&serde_json::from_str(line).expect("JSON")).expect(line)).count();
    assert_eq!((taken, mirror.update), (2, 91));
}

/// The next delta of the book.
async fn delta(stream: &mut StreamClient) -> ServerSays {
    hear_until(stream, |says| matches!(says, ServerSays::BookDelta { .. }).then(|| says.clone())).await
}

#[tokio::test]
async fn a_missed_and_an_altered_delta_are_noticed_and_subscribing_again_heals() {
    let served = serve(1, ApiConfig::default()).await;
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    let (mut rest, mut buyer) = (RestClient::new(served.http.address), trader(1, 0));
    let channel = Channel::Book { market: 0 };
    stream.subscribe(channel).await.expect("asks");
    let mut mirror = BookMirror::default();
    let snapshot = |says: &ServerSays| matches!(says, ServerSays::BookSnapshot(_)).then(|| says.clone());
    mirror.take(&hear_until(&mut stream, snapshot).await).expect("begins");
    let mut next = 80;
    let mut bid = async |rest: &mut RestClient| {
        next += 1;
        let signed = buyer.sign(vec![place(Side::Buy, next, next)], Time::NEVER).expect("signs");
        rest.submit(&signed).await.expect("answers");
    };
    bid(&mut rest).await;
    mirror.take(&delta(&mut stream).await).expect("in step");

    // One is lost on the way.
    bid(&mut rest).await;
    let lost = delta(&mut stream).await;
    bid(&mut rest).await;
    let after = delta(&mut stream).await;
    let (at, before) = (mirror.update, mirror.clone());
    assert_eq!(mirror.take(&after), Err(OutOfStep::Missed { at, previous: at + 1 }));
    assert_eq!(mirror, before, "nothing of it is taken");
    assert_eq!(mirror.take(&after), Err(OutOfStep::Missed { at, previous: at + 1 }), "it does not forget that");

    // One is altered on the way.
    let ServerSays::BookDelta { market, previous, update, mut bids, asks, checksum, sequence } = lost else { panic!() };
    bids[0].1.0 += 1;
    let altered = ServerSays::BookDelta { market, previous, update, bids, asks, checksum, sequence };
    assert!(
        matches!(mirror.take(&altered), Err(OutOfStep::Checksum { expected, got }) if expected == checksum && got != expected)
    );

    // What was told meanwhile is passed over, and the new snapshot is the book.
    stream.unsubscribe(channel).await.expect("asks");
    bid(&mut rest).await;
    stream.subscribe(channel).await.expect("asks");
    mirror.take(&hear_until(&mut stream, snapshot).await).expect("begins again");
    bid(&mut rest).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let book: BookView = rest.get("/v1/markets/0/book?levels=500").await.expect("a book");
    while mirror.update < book.update.0 {
        mirror.take(&hear(&mut stream).await).expect("in step again");
    }
    let levels: Vec<_> = book.bids.iter().rev().map(|level| (level.0.0, level.1.0)).collect();
    assert_eq!((mirror.bids.into_iter().collect::<Vec<_>>(), levels.len()), (levels, 5));
}

#[tokio::test]
async fn orders_are_entered_and_everything_about_them_is_told() {
    let served = serve(2, ApiConfig::default()).await;
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    for channel in [
        Channel::Trades { market: 0 },
        Channel::Ticker { market: 0 },
        Channel::Candles { market: 0, interval: Interval::Second },
        Channel::Account { account: 2 },
    ] {
        stream.subscribe(channel).await.expect("asks");
    }
    let sell = trader(2, 0).sign(vec![place(Side::Sell, 100, 5)], Time::NEVER).expect("signs");
    let id = stream.submit(&sell).await.expect("sends");
    let answered = |says: &ServerSays| match says {
        ServerSays::Answer { id, answer } => Some((*id, answer.receipts[0].reason.clone())),
        _ => None,
    };
    assert_eq!(hear_until(&mut stream, answered).await, (Some(id), "resting".into()));
    let buy = trader(1, 0).sign(vec![place(Side::Buy, 100, 2)], Time::NEVER).expect("signs");
    stream.submit(&buy).await.expect("sends");
    let (mut trades, mut candles, mut fills, mut last, mut standing) = (0, 0, 0, 0, 0);
    while [trades, candles, fills, standing].contains(&0) || last != 100 {
        match hear(&mut stream).await {
            ServerSays::Trades { trades: told, .. } => trades += told.len(),
            ServerSays::Candle { candle, .. } => candles += usize::from(candle.lots.0 == 2),
            ServerSays::Ticker(ticker) => last = ticker.last.0,
            ServerSays::Account { lines, .. } => {
                fills += lines.iter().filter(|line| matches!(line, HistoryLine::Fill(fill) if fill.maker)).count();
            }
            ServerSays::Standing(view) => standing += usize::from(view.account == 2),
            ServerSays::Error { error, .. } => panic!("{error:?}"),
            _ => {}
        }
    }
    assert_eq!((trades, fills), (1, 1));
}

#[tokio::test]
async fn a_last_will_is_carried_out_however_a_connection_ends() {
    let served = serve(1, ApiConfig::default()).await;
    let mut rest = RestClient::new(served.http.address);
    let mut trader = trader(1, 0);
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    let bid = trader.sign(vec![place(Side::Buy, 99, 1)], Time::NEVER).expect("signs");
    stream.submit(&bid).await.expect("sends");
    let bad = trader.sign(vec![place(Side::Buy, 98, 1)], Time::NEVER).expect("signs");
    stream.last_will(Some(&bad)).await.expect("sends");
    let refused = |says: &ServerSays| match says {
        ServerSays::Error { error, .. } => Some(error.code),
        _ => None,
    };
    assert_eq!(hear_until(&mut stream, refused).await, Code::BadRequest, "a will that places is not taken");
    let will = trader.sign(vec![Command::CancelAll(CancelFilter::ALL)], Time::NEVER).expect("signs");
    stream.last_will(Some(&will)).await.expect("sends");
    hear_until(&mut stream, |says| matches!(says, ServerSays::Done { .. }).then_some(())).await;
    assert_eq!(open_orders(&served, &mut rest).await, 1);
    drop(stream);
    let began = std::time::Instant::now();
    while open_orders(&served, &mut rest).await > 0 {
        assert!(began.elapsed() < PATIENCE, "the will was not carried out");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn open_orders(_: &Served, rest: &mut RestClient) -> usize {
    tokio::time::sleep(Duration::from_millis(20)).await;
    rest.get::<Vec<OpenOrderView>>("/v1/accounts/1/orders").await.expect("orders").len()
}

#[tokio::test]
async fn whatever_is_wrong_is_answered_with_its_name() {
    let served = serve(1, ApiConfig::default()).await;
    let mut stream = StreamClient::connect(served.http.address).await.expect("connects");
    for (text, expected) in [
        ("{", Code::BadRequest),
        ("[]", Code::BadRequest),
        (r#"{"op":"dance","id":"5"}"#, Code::BadRequest),
        (r#"{"op":"ping","id":"5","more":1}"#, Code::BadRequest),
        (r#"{"op":"subscribe","id":"5","channel":{"type":"book","market":77}}"#, Code::NotFound),
        (r#"{"op":"subscribe","id":"5","channel":{"type":"book","market":0,"depth":1}}"#, Code::BadRequest),
        (r#"{"op":"submit","id":"5","message":"0x00","signature":"0x00"}"#, Code::BadRequest),
    ] {
        stream.say_text(text.into()).await.expect("sends");
        match hear(&mut stream).await {
            ServerSays::Error { id, error } => {
                assert_eq!(error.code, expected, "{text}: {}", error.message);
                assert_eq!(id.is_some(), text.contains("\"id\""), "{text}");
            }
            said => panic!("{text}: {said:?}"),
        }
    }
    stream.say_text(r#"{"op":"ping"}"#.into()).await.expect("sends");
    assert_eq!(hear(&mut stream).await, ServerSays::Pong { id: None }, "the connection goes on");
}

#[tokio::test]
async fn whoever_listens_to_the_tip_is_told_when_it_moves_and_not_when_it_does_not() {
    let served = serve(2, ApiConfig::default()).await;
    let tip = |says: &ServerSays| match says {
        ServerSays::Tip(tip) => Some(tip.clone()),
        _ => None,
    };
    let mut first = StreamClient::connect(served.http.address).await.expect("connects");
    first.subscribe(Channel::Tip).await.expect("asks");
    let before = hear_until(&mut first, tip).await;
    assert_eq!((before.l1_reorgs.0, before.l1_reorg_deepest.0), (2, 3));
    // Whoever joins later is told at once where things stand.
    let mut second = StreamClient::connect(served.http.address).await.expect("connects");
    second.subscribe(Channel::Tip).await.expect("asks");
    assert_eq!(hear_until(&mut second, tip).await, before);
    let mut rest = RestClient::new(served.http.address);
    let sell = trader(2, 0).sign(vec![place(Side::Sell, 100, 5)], Time::NEVER).expect("signs");
    rest.submit(&sell).await.expect("answers");
    for stream in [&mut first, &mut second] {
        let after = hear_until(stream, tip).await;
        assert_eq!(after.next.0, before.next.0 + 1);
        let view: ashlar_api::schema::TipView = rest.get("/v1/tip").await.expect("a tip");
        assert_eq!(after, view, "the stream and REST say the same");
    }
    assert!(timeout(Duration::from_millis(500), first.hear()).await.is_err(), "nothing moves, and nothing is told");
}
