use ashlar_api::schema::{Decimal, MarketView, TickerView, TipView};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

use super::table::{draw_list, framed, numbers, rest, words};
use crate::monitor::model::{Model, Seen};
use crate::monitor::words::{Scale, change, count, short, time_of_day};

/// Markets with what the last day did, as far as it was told.
pub fn markets_with_tickers(seen: &Seen) -> Vec<(&MarketView, Option<&TickerView>)> {
    let markets = seen.listed.as_ref().map(|listed| listed.markets.as_slice()).unwrap_or_default();
    let ticker = |market: &MarketView| seen.tickers.iter().find(|ticker| ticker.market == market.market);
    markets.iter().map(|market| (market, ticker(market))).collect()
}

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let seen = model.seen();
    let assets = seen.listed.as_ref().map(|listed| listed.assets.as_slice()).unwrap_or_default();
    let row = |(market, ticker): (&MarketView, Option<&TickerView>)| {
        let scale = Scale::of(market, assets);
        let price = |ticks: u64| scale.map_or_else(|| format!("{ticks} ticks"), |scale| scale.price(ticks));
        let best = |level: Option<ashlar_api::schema::LevelView>| level.map_or("-".into(), |level| price(level.0.0));
        let Some(ticker) = ticker else {
            return vec![
                market.name.clone(),
                price(market.last.0),
                "-".into(),
                "-".into(),
                "-".into(),
                "-".into(),
                market.state.clone(),
            ];
        };
        vec![
            market.name.clone(),
            price(ticker.last.0),
            best(ticker.bid),
            best(ticker.ask),
            ticker.open.map_or("-".into(), |open| change(open.0, ticker.last.0)),
            count(ticker.trades.0),
            ticker.state.clone(),
        ]
    };
    markets_with_tickers(seen).into_iter().map(row).collect()
}

/// How far the stages have come, each with how far it is behind the one that is built.
pub fn stages(tip: &TipView) -> [(&'static str, Option<u64>, u64); 5] {
    let built = tip.built.map_or(0, |built| built.0 + 1);
    let stage = |name, last: Option<Decimal>| {
        let last = last.map(|last| last.0);
        (name, last, built.saturating_sub(last.map_or(0, |last| last + 1)))
    };
    [
        stage("built", tip.built),
        stage("published", tip.published),
        stage("committed", tip.committed),
        stage("proven", tip.proven),
        stage("final", tip.finalized),
    ]
}

/// The exchange in words, one line each.
pub fn exchange_lines(seen: &Seen) -> Vec<String> {
    let Some((_, tip)) = &seen.tip else { return Vec::new() };
    let venue = seen.listed.as_ref().map(|listed| &listed.venue);
    let rate = seen.rate.map_or(String::new(), |rate| format!("  {}/s", count(rate)));
    let health = match &seen.health {
        Some(health) if health.ok => "all services run".to_owned(),
        Some(health) if !health.following => "the API lost its place".into(),
        Some(health) => {
            let ill = health.services.iter().filter(|service| service.state != "running").count();
            format!("NOT WELL: {ill} of {} services", health.services.len())
        }
        None => "unknown".into(),
    };
    vec![
        format!("exchange   {}", venue.map_or("-".into(), |venue| short(&venue.exchange))),
        format!(
            "mode       {}",
            venue.map_or("-".into(), |venue| format!("{}, version {}", venue.mode, venue.version))
        ),
        format!("commands   {}{rate}", count(tip.next.0)),
        format!("last at    {} UTC", time_of_day(tip.time)),
        format!("accounts   {}", count(tip.accounts.into())),
        format!(
            "L1         chain {}, block {}",
            venue.map_or("-".into(), |venue| venue.chain_id.to_string()),
            count(tip.l1_block.0)
        ),
        format!("health     {health}"),
        format!("unproven   {} commands", seen.metric("unproven_commands").unwrap_or("-")),
    ]
}

/// The stages in words, one line each.
pub fn stage_lines(tip: &TipView) -> Vec<String> {
    let line = |(name, last, behind): (&str, Option<u64>, u64)| match last {
        Some(last) => format!(
            "{name:<10} {:>8}  {}",
            count(last),
            if behind == 0 { String::new() } else { format!("{behind} behind") }
        ),
        None => format!("{name:<10}     none yet"),
    };
    let mut lines: Vec<String> = stages(tip).into_iter().map(line).map(|line| line.trim_end().to_owned()).collect();
    lines.push(format!("from L1    {:>8}  consumed", count(tip.inbox_next.0)));
    lines.push(format!("to L1      {:>8}  withdrawals", count(tip.withdrawal_next.0)));
    lines
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Length(9), Constraint::Fill(1)]).areas(area);
    let [left, right] = Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)]).areas(above);
    let seen = model.seen();
    let indented = |lines: Vec<String>| lines.into_iter().map(|line| format!(" {line}")).collect::<Vec<_>>().join("\n");
    frame.render_widget(Paragraph::new(indented(exchange_lines(seen))).block(framed("Exchange")), left);
    if let Some((_, tip)) = &seen.tip {
        frame.render_widget(Paragraph::new(indented(stage_lines(tip))).block(framed("Last batch")), right);
    }
    let columns = [
        words("market", 13),
        numbers("last", 12),
        numbers("bid", 12),
        numbers("ask", 12),
        numbers("day", 8),
        numbers("trades", 8),
        rest("state"),
    ];
    draw_list(model, frame, below, "Markets", &columns, "No market is listed yet.");
}
