use ashlar_api::schema::OutboxView;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::overview::stages;
use super::rows as filtered;
use super::table::{draw_list, framed, rest, words};
use crate::monitor::model::{Model, Seen};
use crate::monitor::words::count;

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let seen = model.seen();
    let mut rows = at_the_door(seen);
    rows.extend(in_batches(seen));
    let outbox = seen.outbox.as_deref().unwrap_or_default();
    rows.extend(outbox.iter().map(|one| vec!["to L1".into(), one.label.clone(), state(one, model.now_ms)]));
    rows
}

/// A number that the node measures, with a comma before every third digit.
fn number(seen: &Seen, name: &str) -> Option<String> {
    seen.metric(name)?.parse().ok().map(count)
}

fn at_the_door(seen: &Seen) -> Vec<Vec<String>> {
    let row = |what: &str, state: String| vec!["door".to_owned(), what.to_owned(), state];
    let of = |name: &str, max: &str| {
        let most = number(seen, max).map_or_else(String::new, |most| format!(" of {most}"));
        number(seen, name).map(|now| format!("{now}{most}"))
    };
    let mut rows = Vec::new();
    if let Some(waiting) = of("door_waiting", "door_waiting_max") {
        rows.push(row("messages without a place", waiting));
    }
    let refused = seen.metrics.iter().filter_map(|metric| {
        let kind = metric.name.strip_prefix("refusals_total{kind=\"")?.strip_suffix("\"}")?;
        (metric.value != "0")
            .then(|| row(&format!("refused since the start: {}", kind.replace('_', " ")), metric.value.clone()))
    });
    rows.extend(refused);
    rows
}

fn in_batches(seen: &Seen) -> Vec<Vec<String>> {
    let row = |what: &str, state: String| vec!["batches".to_owned(), what.to_owned(), state];
    let mut rows = Vec::new();
    if let Some(open) = number(seen, "uncaptured_commands") {
        rows.push(row("commands in no batch yet", open));
    }
    if let Some(unproven) = number(seen, "unproven_commands") {
        let most = number(seen, "unproven_commands_max").map_or_else(String::new, |most| format!(" of {most}"));
        rows.push(row("commands not proven", format!("{unproven}{most}")));
    }
    if let Some((_, tip)) = &seen.tip {
        let waits = stages(tip).into_iter().skip(1).filter(|(_, _, behind)| *behind > 0);
        rows.extend(waits.map(|(stage, _, behind)| row(&format!("built and not {stage}"), count(behind))));
    }
    rows
}

fn state(one: &OutboxView, now_ms: u64) -> String {
    let nonce = one.nonce.map_or_else(String::new, |nonce| format!(", nonce {nonce}"));
    let tries = if one.transactions.len() > 1 { format!(", {} tries", one.transactions.len()) } else { String::new() };
    let since =
        one.offered.map_or_else(String::new, |at| format!(", {} s ago", count(now_ms.saturating_sub(at) / 1_000)));
    match (one.block, one.nonce) {
        (Some(block), _) => format!("in block {}, not final", count(block.0)),
        (None, Some(_)) => format!("sent{nonce}{tries}{since}"),
        (None, None) => "waits to be sent".to_owned(),
    }
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(5)]).areas(area);
    let columns = [words("where", 8), words("what", 34), rest("state")];
    let title =
        if model.seen().outbox.is_some() { "What waits" } else { "What waits; the node does not tell its outbox" };
    draw_list(model, frame, above, title, &columns, "Nothing waits.");
    let rows = filtered(model);
    let selected = model.place().row.min(rows.len().saturating_sub(1));
    if let Some([_, what, state]) = rows.get(selected).map(Vec::as_slice) {
        let outbox = model.seen().outbox.as_deref().unwrap_or_default();
        let sent = outbox.iter().find(|one| one.label == *what).and_then(|one| one.transactions.last());
        let tx = sent.map_or_else(String::new, |tx| format!("\n{tx}"));
        let whole = Paragraph::new(format!("{state}{tx}")).wrap(Wrap { trim: true }).block(framed(what.as_str()));
        frame.render_widget(whole, below);
    }
}
