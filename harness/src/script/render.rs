//! What an engine answers, as words.

use std::collections::BTreeMap;

use ashlar_types::{AccountId, Event, Receipt};

use super::names::{account_name, asset_name, order_name, owner_name};
use crate::engine::Output;

/// The answer to one input: its events, then its receipts. The account of a receipt is said when it is not the speaker's.
pub fn lines(speaker: AccountId, outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .map(|output| match output {
            Output::Event(event) => format!("- {}", event_line(event)),
            Output::Receipt(receipt) => format!("= {}", receipt_line(speaker, receipt)),
        })
        .collect()
}

/// The same, with events of one kind counted instead of told, and receipts too if there are several.
pub fn tally(speaker: AccountId, outputs: &[Output]) -> Vec<String> {
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    let mut receipts: BTreeMap<String, u32> = BTreeMap::new();
    for output in outputs {
        match output {
            Output::Event(event) => *kinds.entry(kind(event)).or_default() += 1,
            Output::Receipt(receipt) => *receipts.entry(receipt_line(speaker, receipt)).or_default() += 1,
        }
    }
    let kinds = kinds.into_iter().map(|(kind, count)| format!("- {count} {kind}"));
    let receipts = receipts.into_iter().map(|(line, count)| match count {
        1 => format!("= {line}"),
        count => format!("= {count} times {line}"),
    });
    kinds.chain(receipts).collect()
}

fn receipt_line(speaker: AccountId, receipt: &Receipt) -> String {
    let mut line = format!("{:?}", receipt.reason);
    if let Some(order) = receipt.order {
        line += &format!(" {}", order_name(order));
    }
    line += &count("filled", receipt.filled.get());
    line += &count("left", receipt.remaining.get());
    line += &count("client", receipt.client.0);
    if receipt.account != speaker {
        line += &format!(" for {}", account_name(receipt.account));
    }
    line
}

fn count(what: &str, number: u64) -> String {
    if number == 0 { String::new() } else { format!(" {what} {number}") }
}

fn event_line(event: &Event) -> String {
    match event {
        Event::Trade(trade) => {
            format!(
                "trade {} {} {} {} {} @ {}{}{}{}{}",
                account_name(trade.maker_account),
                order_name(trade.maker),
                account_name(trade.taker_account),
                order_name(trade.taker),
                trade.lots.get(),
                trade.price.get(),
                count("left", trade.maker_remaining.get()),
                count("maker-fee", trade.maker_fee.get()),
                count("rebate", trade.maker_rebate.get()),
                count("taker-fee", trade.taker_fee.get()),
            )
        }
        Event::Removed { order, account, lots, reason } => {
            format!("removed {} {} {} {reason:?}", account_name(*account), order_name(*order), lots.get())
        }
        Event::Reduced { order, remaining } => format!("reduced {} to {}", order_name(*order), remaining.get()),
        Event::Refilled { order, rank, visible } => {
            format!("refilled {} rank {} shows {}", order_name(*order), rank.get(), visible.get())
        }
        Event::Fired { order, account } => format!("fired {} {}", account_name(*account), order_name(*order)),
        Event::Placed { order, account, client, filled, remaining, reason } => format!(
            "placed {} {} {reason:?}{}{}{}",
            account_name(*account),
            order_name(*order),
            count("filled", filled.get()),
            count("left", remaining.get()),
            count("client", client.0),
        ),
        Event::Refused { account, client, reason } => {
            format!("refused {} {reason:?}{}", account_name(*account), count("client", client.0))
        }
        Event::Credited { account, asset, amount } => {
            format!("credited {} {} {}", account_name(*account), amount.get(), asset_name(*asset))
        }
        Event::Withdrawn { index, to, asset, amount } => {
            format!("withdrawn {} {} {} {}", index.get(), owner_name(to), amount.get(), asset_name(*asset))
        }
        Event::Opened { account, owner } => format!("opened {} of {}", account_name(*account), owner_name(owner)),
        Event::CascadePending { market } => format!("pending m{}", market.get()),
    }
}

fn kind(event: &Event) -> String {
    match event {
        Event::Trade(_) => "trade".to_owned(),
        Event::Removed { reason, .. } => format!("removed {reason:?}"),
        Event::Reduced { .. } => "reduced".to_owned(),
        Event::Refilled { .. } => "refilled".to_owned(),
        Event::Fired { .. } => "fired".to_owned(),
        Event::Placed { reason, .. } => format!("placed {reason:?}"),
        Event::Refused { reason, .. } => format!("refused {reason:?}"),
        Event::Credited { .. } => "credited".to_owned(),
        Event::Withdrawn { .. } => "withdrawn".to_owned(),
        Event::Opened { .. } => "opened".to_owned(),
        Event::CascadePending { .. } => "pending".to_owned(),
    }
}
