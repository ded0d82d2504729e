//! The view, drawn anew on a terminal and as lines elsewhere.

use std::io::{Result, Write};
use std::time::Duration;

use ashlar_types::{Receipt, Side, Trade};
use serde_json::json;

use super::checks::Found;
use super::market::{Level, Look, Seen};
use super::watch::Watch;
use crate::arguments::DemoArguments;
use crate::figures::grouped;

/// Levels shown of the first market.
const LEVELS: usize = 5;
/// Markets of which a line is shown.
const MARKETS: usize = 8;
/// Goes to the upper left corner and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[J";

fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// What is about to happen.
pub fn opening(out: &mut impl Write, arguments: &DemoArguments) -> Result<()> {
    let DemoArguments { seconds, markets, accounts, seed, .. } = arguments;
    writeln!(out, "Ashlar demo: {accounts} traders, {markets} markets, {seconds} seconds, seed {seed}.")?;
    writeln!(out, "Only the core runs: no network, no signatures, nothing on L1, and no money that is real.")
}

/// The market as it is now.
pub fn draw(out: &mut impl Write, terminal: bool, passed: Duration, look: &Look, watch: &Watch) -> Result<()> {
    if !terminal {
        return line(out, passed, look, watch);
    }
    writeln!(out, "{CLEAR}Ashlar demo market, {:.1} s", passed.as_secs_f64())?;
    writeln!(out, "\n{:>6} {:>16} {:>16} {:>10} {:>8}", "market", "bid x lots", "ask x lots", "last", "orders")?;
    for seen in look.markets.iter().take(MARKETS) {
        let (bid, ask) = (best(&seen.bids), best(&seen.asks));
        writeln!(out, "{:>6} {bid:>16} {ask:>16} {:>10} {:>8}", seen.id.get(), count(seen.last.get()), seen.orders)?;
    }
    if let Some(first) = look.markets.first() {
        ladder(out, first)?;
    }
    writeln!(out, "\nlast trades")?;
    for trade in &watch.last_trades {
        writeln!(out, "  {}", told(trade))?;
    }
    writeln!(out)?;
    totals(out, passed, look, watch)?;
    out.flush()
}

fn best(levels: &[Level]) -> String {
    levels.first().map_or("none".to_owned(), |level| format!("{} x {}", count(level.price.get()), count(level.lots)))
}

/// The best levels of a market, those who sell above.
fn ladder(out: &mut impl Write, seen: &Seen) -> Result<()> {
    writeln!(out, "\nbook of market {}", seen.id.get())?;
    let mut row = |side: &str, level: &Level| {
        let (price, lots) = (count(level.price.get()), count(level.lots));
        writeln!(out, "  {side} {price:>9}  {lots:>7} lots in {} orders", level.orders)
    };
    for level in seen.asks.iter().take(LEVELS).rev() {
        row("ask", level)?;
    }
    for level in seen.bids.iter().take(LEVELS) {
        row("bid", level)?;
    }
    Ok(())
}

/// A trade in words.
fn told(trade: &Trade) -> String {
    let did = if trade.taker.side == Side::Buy { "buys" } else { "sells" };
    let (taker, maker) = (trade.taker_account.get(), trade.maker_account.get());
    let (market, lots, price) = (trade.maker.market.get(), count(trade.lots.get()), count(trade.price.get()));
    format!(
        "market {market}: account {taker} {did} {lots} lots at {price}, of account {maker}; fee {}",
        count(trade.taker_fee.get())
    )
}

fn totals(out: &mut impl Write, passed: Duration, look: &Look, watch: &Watch) -> Result<()> {
    let per_s = (watch.commands as f64 / passed.as_secs_f64().max(0.001)) as u64;
    let [p50, p99, p999] = watch.latencies.percentiles();
    let (commands, trades) = (count(watch.commands), count(watch.trades));
    writeln!(
        out,
        "{commands} commands ({} a second), {trades} trades, {} refused",
        count(per_s),
        count(watch.refused)
    )?;
    writeln!(out, "the core took {p50} ns for half of them, at most {p99} ns for 99%, {p999} ns for 99.9%")?;
    writeln!(out, "the house has earned {} units of asset 0 in fees", count(look.fees))
}

/// The same in one line.
fn line(out: &mut impl Write, passed: Duration, look: &Look, watch: &Watch) -> Result<()> {
    let market = look.markets.first();
    let (bid, ask) = market.map_or_else(Default::default, |seen| (best(&seen.bids), best(&seen.asks)));
    let [p50, p99, _] = watch.latencies.percentiles();
    let (commands, trades) = (count(watch.commands), count(watch.trades));
    writeln!(
        out,
        "{:>5.1} s  {commands} commands  {trades} trades  market 0: {bid} | {ask}  fees {}  p50 {p50} ns  p99 {p99} ns",
        passed.as_secs_f64(),
        count(look.fees)
    )?;
    out.flush()
}

/// The last receipts: every command has one.
pub fn receipts(out: &mut impl Write, watch: &Watch) -> Result<()> {
    writeln!(out, "\nthe last receipts; every command has exactly one, with its reason")?;
    for Receipt { sequence, account, reason, order, filled, remaining, .. } in &watch.last_receipts {
        let about = order.map_or_else(String::new, |order| {
            let side = if order.side == Side::Buy { "bid" } else { "ask" };
            format!("{side} {} in market {}, ", count(order.price.get()), order.market.get())
        });
        let (filled, left) = (count(filled.get()), count(remaining.get()));
        writeln!(
            out,
            "  #{} account {}: {reason:?}; {about}filled {filled}, left {left}",
            sequence.get(),
            account.get()
        )?;
    }
    Ok(())
}

/// What it came to, for a program.
pub fn json(out: &mut impl Write, passed: Duration, watch: &Watch, found: &Found) -> Result<()> {
    let checks: Vec<_> = found.checks.iter().map(|(what, holds)| json!({ "what": what, "holds": holds })).collect();
    let told = json!({
        "seconds": passed.as_secs_f64(), "commands": watch.commands, "refused": watch.refused, "trades": watch.trades,
        "state_root": root(found), "leaves": found.leaves, "checks": checks,
    });
    writeln!(out, "{told}")
}

fn root(found: &Found) -> String {
    found.root.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What it came to, and what to try next.
pub fn closing(out: &mut impl Write, found: &Found) -> Result<()> {
    writeln!(
        out,
        "\nstate root {}\n  commits to {} facts: balances, orders, nonces",
        root(found),
        count(found.leaves as u64)
    )?;
    writeln!(out, "\nchecked on the whole state")?;
    for (what, holds) in &found.checks {
        writeln!(out, "  {} {what}", if *holds { "yes:" } else { "NO: " })?;
    }
    writeln!(out, "\ntry next")?;
    writeln!(out, "  ashlar demo --seconds 20 --markets 8     a longer day (cargo run --release -- demo ...)")?;
    writeln!(out, "  ashlar bench core                        how fast the whole core is, and what limits it")?;
    writeln!(out, "  docs/spec/matching.md                    the rules that decided all of this")
}
