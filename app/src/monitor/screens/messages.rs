use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

use super::table::{draw_list, framed, numbers, rest, words};
use crate::monitor::model::{Model, Seen};
use crate::monitor::words::{amount, count, ether, short};

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let seen = model.seen();
    // A node may not know any more which command consumed an entry; the tip says that one did.
    let next = seen.tip.as_ref().map_or(0, |(_, tip)| tip.inbox_next.0);
    let withdrawals = seen.withdrawals.values().rev().map(|message| {
        let (name, decimals) = seen.asset(message.asset);
        let stage = message.stage.map_or("in no batch yet".into(), |stage| format!("{stage:?}").to_lowercase());
        let state = if message.claimed { "claimed".to_owned() } else { format!("{stage}, unclaimed") };
        vec![
            "to L1".into(),
            message.index.to_string(),
            format!("{} {name}", amount(message.amount.0, decimals)),
            format!("command {}", message.sequence),
            short(&message.to),
            state,
        ]
    });
    let inbox = seen.inbox.values().rev().map(|entry| {
        let state = match entry.sequence {
            Some(sequence) => format!("consumed by {sequence}"),
            None if entry.index.0 < next => "consumed".into(),
            None => "waits".into(),
        };
        vec![
            "from L1".into(),
            entry.index.to_string(),
            entry.kind.replace('_', " "),
            format!("block {}", count(entry.l1_block.0)),
            short(&entry.transaction),
            state,
        ]
    });
    withdrawals.chain(inbox).collect()
}

/// What the node saw of L1 and paid there since it started.
fn since_the_start(seen: &Seen) -> String {
    let number = |name: &str| seen.metric(name).and_then(|text| text.parse::<u64>().ok());
    let reorgs = match &seen.tip {
        Some((_, tip)) if tip.l1_reorgs.0 > 0 => {
            format!("{} reorgs seen, the deepest of {} blocks", count(tip.l1_reorgs.0), count(tip.l1_reorg_deepest.0))
        }
        _ => "no reorg seen".to_owned(),
    };
    let paid = match (number("l1_gas_used"), number("l1_paid_gwei")) {
        (Some(gas), Some(gwei)) => {
            format!("\n {} gas used by this node, {} ether paid", count(gas), ether(u128::from(gwei) * 1_000_000_000))
        }
        _ => String::new(),
    };
    format!("since the start: {reorgs}{paid}")
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Length(5), Constraint::Fill(1)]).areas(area);
    let seen = model.seen();
    if let Some((_, tip)) = &seen.tip {
        let waits = seen.inbox.values().filter(|entry| entry.index >= tip.inbox_next).count();
        let open = seen.withdrawals.values().filter(|message| !message.claimed).count();
        let text = format!(
            " block {}: {} messages from L1 consumed, {waits} wait\n {} withdrawals, {open} of the last not claimed\n {}",
            count(tip.l1_block.0),
            count(tip.inbox_next.0),
            count(tip.withdrawal_next.0),
            since_the_start(seen)
        );
        frame.render_widget(Paragraph::new(text).block(framed("L1")), above);
    }
    let columns = [
        words("way", 7),
        numbers("index", 5),
        words("what", 17),
        words("where", 12),
        words("tx / to", 13),
        rest("state"),
    ];
    draw_list(model, frame, below, "Messages", &columns, "No message has come from L1 or gone there.");
}
