use std::collections::BTreeMap;

use ashlar_api::schema::MarketView;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::table::{draw_list, framed, numbers, words};
use crate::monitor::model::{Model, Stream};
use crate::monitor::words::{Scale, time_of_day};

/// Columns of the ladder.
const LADDER: u16 = 42;

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let (_, scale) = shown(model);
    let row = |trade: &ashlar_api::schema::PublicTrade| {
        let (price, size) = told(scale, trade.price.0, trade.lots.0);
        let side = format!("{:?}", trade.side).to_lowercase();
        vec![time_of_day(trade.time), side, price, size]
    };
    model.seen().trades.iter().map(row).collect()
}

/// The market whose book was streamed, and how its numbers are written.
fn shown(model: &Model) -> (Option<&MarketView>, Option<Scale>) {
    let seen = model.seen();
    let market = seen.book_of.and_then(|number| seen.market(number));
    let assets = seen.listed.as_ref().map(|listed| listed.assets.as_slice()).unwrap_or_default();
    (market, market.and_then(|market| Scale::of(market, assets)))
}

fn told(scale: Option<Scale>, ticks: u64, lots: u64) -> (String, String) {
    match scale {
        Some(scale) => (scale.price(ticks), scale.size(lots)),
        None => (format!("{ticks} ticks"), format!("{lots} lots")),
    }
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let (market, scale) = shown(model);
    let Some(market) = market else {
        let word = match &model.seen().stream {
            Stream::Lost(reason) => format!("The stream is gone: {reason}. It is opened again."),
            _ if model.market_wanted().is_none() => "No market is listed yet.".to_owned(),
            _ => "Opening the stream of the book …".to_owned(),
        };
        let block = framed("Book");
        return frame.render_widget(Paragraph::new(format!("\n {word}")).wrap(Wrap { trim: false }).block(block), area);
    };
    let [left, right] = Layout::horizontal([Constraint::Length(LADDER), Constraint::Fill(1)]).areas(area);
    let stream = match &model.seen().stream {
        Stream::Live => "live".to_owned(),
        Stream::Opening => "opening".to_owned(),
        Stream::Lost(_) => "NOT LIVE".to_owned(),
    };
    let block = framed(format!("{}  {}  {stream}", market.name, market.state));
    let inner = block.inner(left);
    frame.render_widget(block, left);
    draw_ladder(model, frame, inner, scale);
    let columns = [words("time UTC", 8), words("side", 4), numbers("price", 11), numbers("size", 9)];
    draw_list(model, frame, right, "Trades", &columns, "Nothing has been traded since this server runs.");
}

/// Sellers above, buyers below, the best of both beside the spread; bars are shares of the largest level shown.
fn draw_ladder(model: &Model, frame: &mut Frame, area: Rect, scale: Option<Scale>) {
    let book = &model.seen().book;
    let half = usize::from(area.height.saturating_sub(2) / 2);
    let asks: Vec<(u64, u64)> = book.asks.iter().take(half).map(copied).collect();
    let bids: Vec<(u64, u64)> = book.bids.iter().rev().take(half).map(copied).collect();
    let most = asks.iter().chain(&bids).map(|(_, lots)| *lots).max().unwrap_or(1).max(1);
    let level = |&(ticks, lots): &(u64, u64), colour: Color| {
        let (price, size) = told(scale, ticks, lots);
        let bar = usize::try_from(u128::from(lots) * 12 / u128::from(most)).unwrap_or(0);
        Line::from(vec![
            Span::raw(format!(" {price:>13}")).fg(colour),
            Span::raw(format!(" {size:>12} ")),
            "█".repeat(bar).fg(colour),
        ])
    };
    let mut lines = vec![Line::from(format!(" {:>13} {:>12}", "price", "size").bold())];
    lines.extend(std::iter::repeat_n(Line::default(), half - asks.len()));
    lines.extend(asks.iter().rev().map(|at| level(at, Color::Red)));
    lines.push(Line::from(spread(&book.bids, &book.asks, scale).dim()));
    lines.extend(bids.iter().map(|at| level(at, Color::Green)));
    frame.render_widget(Paragraph::new(lines), area);
}

fn copied((ticks, lots): (&u64, &u64)) -> (u64, u64) {
    (*ticks, *lots)
}

fn spread(bids: &BTreeMap<u64, u64>, asks: &BTreeMap<u64, u64>, scale: Option<Scale>) -> String {
    match (bids.last_key_value(), asks.first_key_value()) {
        (Some((bid, _)), Some((ask, _))) => format!(" {:>13} spread", told(scale, ask.saturating_sub(*bid), 0).0),
        (None, None) => format!(" {:>13} the book is empty", "-"),
        (None, Some(_)) => format!(" {:>13} nobody buys", "-"),
        (Some(_), None) => format!(" {:>13} nobody sells", "-"),
    }
}
