use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

use super::table::{draw_list, framed, numbers, rest, words};
use crate::monitor::model::Model;
use crate::monitor::words::{amount, count, short};

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

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Length(3), Constraint::Fill(1)]).areas(area);
    let seen = model.seen();
    if let Some((_, tip)) = &seen.tip {
        let waits = seen.inbox.values().filter(|entry| entry.index >= tip.inbox_next).count();
        let open = seen.withdrawals.values().filter(|message| !message.claimed).count();
        let text = format!(
            " block {}: {} messages from L1 consumed, {waits} wait\n {} withdrawals, {open} of the last not claimed",
            count(tip.l1_block.0),
            count(tip.inbox_next.0),
            count(tip.withdrawal_next.0)
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
