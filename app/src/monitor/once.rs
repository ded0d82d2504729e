//! The overview for scripts: lines of text, or one JSON object in the words of the API.

use std::fmt::Write as _;

use serde_json::json as object;

use super::model::{Model, Screen, Seen};
use super::screens::{exchange_lines, markets_with_tickers, rows, stage_lines};
use super::words::development;

/// The overview as plain text.
pub fn text(model: &Model) -> String {
    let seen = model.seen();
    let mut text = format!("Ashlar at {}\n", model.node);
    if let Some(word) = seen.listed.as_ref().and_then(|listed| development(&listed.venue.proofs)) {
        text.push_str(&format!("{word}\n"));
    }
    let stages = seen.tip.as_ref().map(|(_, tip)| stage_lines(tip)).unwrap_or_default();
    for line in exchange_lines(seen).into_iter().chain(stages) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    }
    let mut overview = model.clone();
    overview.screen = Screen::Overview;
    for row in rows(&overview) {
        let _ = writeln!(text, "market     {}", row.join("  "));
    }
    text
}

/// The overview as one JSON object.
pub fn json(seen: &Seen) -> String {
    let listed = seen.listed.as_ref();
    let markets: Vec<_> = markets_with_tickers(seen)
        .into_iter()
        .map(|(market, ticker)| object!({ "market": market, "ticker": ticker }))
        .collect();
    let unproven = seen.metric("unproven_commands").and_then(|text| text.parse::<u64>().ok());
    object!({
        "venue": listed.map(|listed| &listed.venue),
        "development_proofs": listed.map(|listed| development(&listed.venue.proofs).is_some()),
        "tip": seen.tip.as_ref().map(|(_, tip)| tip),
        "unproven_commands": unproven.map(|count| count.to_string()),
        "markets": markets,
        "health": seen.health,
    })
    .to_string()
}
