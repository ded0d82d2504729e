use ashlar_api::schema::{AccountView, HistoryLine, OpenOrderView};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::table::{draw_list, framed, rest, words};
use crate::monitor::model::{AccountSeen, Looked, Model, Seen};
use crate::monitor::words::{Scale, amount, short, time_of_day};

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let seen = model.seen();
    let Some(Looked::Found(found)) = seen.account.as_ref().map(|at| &at.looked) else { return Vec::new() };
    let AccountSeen { view, orders, history, .. } = found.as_ref();
    let mut rows = Vec::new();
    for held in &view.holdings {
        let (name, decimals) = seen.asset(held.asset);
        let text = format!("{} free, {} reserved", amount(held.free.0, decimals), amount(held.reserved.0, decimals));
        rows.push(vec!["holding".into(), name, text]);
    }
    for key in &view.keys {
        let state = if key.revoked { "revoked".to_owned() } else { format!("may {}", key.scopes.join(", ")) };
        let text = format!("{} epoch {}, nonce {}, {state}", short(&key.public), key.epoch, key.nonce);
        rows.push(vec!["key".into(), format!("slot {}", key.slot), text]);
    }
    rows.extend(orders.iter().map(|order| open_order(seen, order)));
    rows.extend(history.iter().map(|line| happened(seen, line)));
    rows
}

fn scale_of(seen: &Seen, number: u16) -> (String, Option<Scale>) {
    let assets = seen.listed.as_ref().map(|listed| listed.assets.as_slice()).unwrap_or_default();
    match seen.market(number) {
        Some(market) => (market.name.clone(), Scale::of(market, assets)),
        None => (format!("market {number}"), None),
    }
}

/// A size at a price of a market.
fn at_price(scale: Option<Scale>, lots: u64, ticks: u64) -> String {
    match scale {
        Some(scale) => format!("{} at {}", scale.size(lots), scale.price(ticks)),
        None => format!("{lots} lots at {ticks} ticks"),
    }
}

fn open_order(seen: &Seen, order: &OpenOrderView) -> Vec<String> {
    let (name, scale) = scale_of(seen, order.market);
    let side = format!("{:?}", order.side).to_lowercase();
    let waits = if order.trigger.is_some() { ", waits for its trigger" } else { "" };
    vec!["order".into(), name, format!("{side} {}{waits}", at_price(scale, order.remaining.0, order.price.0))]
}

fn happened(seen: &Seen, line: &HistoryLine) -> Vec<String> {
    let row = |time: u64, what: &str, text: String| vec![time_of_day(time), what.to_owned(), text];
    match line {
        HistoryLine::Fill(fill) => {
            let (name, scale) = scale_of(seen, fill.market);
            let side = format!("{:?}", fill.side).to_lowercase();
            let part = if fill.maker { "maker" } else { "taker" };
            row(fill.time, "fill", format!("{side} {} {name}, {part}", at_price(scale, fill.lots.0, fill.price.0)))
        }
        HistoryLine::Receipt { sequence, time, reason, .. } => {
            row(*time, "receipt", format!("command {sequence}: {}", reason.replace('_', " ")))
        }
        HistoryLine::Placed { sequence, time, reason, .. } => {
            row(*time, "placed", format!("command {sequence}: {}", reason.replace('_', " ")))
        }
        HistoryLine::Removed { sequence, time, reason, .. } => {
            row(*time, "removed", format!("command {sequence}: {}", reason.replace('_', " ")))
        }
        HistoryLine::Credited { time, asset, amount: units, .. } => {
            let (name, decimals) = seen.asset(*asset);
            row(*time, "credited", format!("{} {name}", amount(units.0, decimals)))
        }
    }
}

fn standing(view: &AccountView, siblings: &[u32]) -> String {
    let mut state = Vec::new();
    if view.stopped {
        state.push("stopped by its owner");
    }
    if view.frozen {
        state.push("frozen");
    }
    if view.dead_man.is_some() {
        state.push("dead-man switch armed");
    }
    let state = if state.is_empty() { "open".to_owned() } else { state.join(", ") };
    let others =
        if siblings.len() > 1 { format!("; its owner has {} accounts", siblings.len()) } else { String::new() };
    format!(" owner    {}\n standing {state}; tier {}; {} orders{others}", view.owner, view.tier, view.orders)
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let word = match (&model.subject, model.seen().account.as_ref().map(|at| &at.looked)) {
        (_, Some(Looked::Found(found))) => return draw_found(model, found, frame, area),
        (_, Some(Looked::Missing(reason))) => format!("Not found: {reason}. Press a to name another."),
        (Some(_), None) => "Asking for the account …".to_owned(),
        (None, None) => "Press a and type an account's number or its owner's address (0x and 40 digits). \
                         A private key is never asked for."
            .to_owned(),
    };
    frame.render_widget(Paragraph::new(format!("\n {word}")).wrap(Wrap { trim: false }).block(framed("Account")), area);
}

fn draw_found(model: &Model, found: &AccountSeen, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Length(3), Constraint::Fill(1)]).areas(area);
    let title = format!("Account {}", found.view.account);
    frame.render_widget(Paragraph::new(standing(&found.view, &found.siblings)).block(framed(title)), above);
    let columns = [words("what / UTC", 10), words("of", 14), rest("")];
    draw_list(
        model,
        frame,
        below,
        "Holdings, keys, orders, history",
        &columns,
        "It holds nothing, and nothing happened to it.",
    );
}
