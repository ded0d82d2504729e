use ashlar_api::schema::{BatchView, L1TransactionView};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

use super::rows as filtered;
use super::table::{draw_list, framed, numbers, words};
use crate::monitor::model::Model;
use crate::monitor::words::{count, ether, time_of_day};

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    model.seen().batches.values().rev().map(row).collect()
}

/// The word of a stage.
pub fn stage(batch: &BatchView) -> String {
    format!("{:?}", batch.stage).to_lowercase()
}

fn block(at: &Option<L1TransactionView>) -> String {
    at.as_ref().map_or("-".into(), |at| count(at.block.0))
}

fn row(batch: &BatchView) -> Vec<String> {
    vec![
        batch.number.to_string(),
        stage(batch),
        time_of_day(batch.last_time),
        count(batch.next.0.saturating_sub(batch.first.0)),
        count(batch.data_bytes.0),
        block(&batch.commit),
        block(&batch.prove),
        block(&batch.finalize),
    ]
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(7)]).areas(area);
    let columns = [
        numbers("batch", 8),
        words("stage", 10),
        words("closed", 8),
        numbers("commands", 9),
        numbers("bytes", 9),
        numbers("commit", 8),
        numbers("prove", 8),
        numbers("final", 8),
    ];
    draw_list(model, frame, above, "Batches, with the L1 block of each step", &columns, "No batch is built yet.");
    if let Some(batch) = selected(model) {
        let title = format!("Batch {}: commands {} to {}", batch.number, batch.first, batch.next.0.saturating_sub(1));
        frame.render_widget(Paragraph::new(details(batch)).block(framed(title)), below);
    }
}

/// The batch of the selected row.
pub fn selected(model: &Model) -> Option<&BatchView> {
    let rows = filtered(model);
    let row = rows.get(model.place().row.min(rows.len().checked_sub(1)?))?;
    model.seen().batches.get(&row.first()?.parse().ok()?)
}

fn details(batch: &BatchView) -> String {
    let at = |at: &Option<L1TransactionView>| at.as_ref().map_or("not yet".into(), |at| at.hash.to_string());
    format!(
        " header  {}\n commit  {}\n prove   {}\n final   {}\n {}",
        batch.hash,
        at(&batch.commit),
        at(&batch.prove),
        at(&batch.finalize),
        costs(batch)
    )
}

/// What the transactions of a batch cost, as far as the node knows.
fn costs(batch: &BatchView) -> String {
    let steps = [("commit", &batch.commit), ("prove", &batch.prove), ("final", &batch.finalize)];
    let known: Vec<_> = steps.into_iter().filter_map(|(name, at)| Some((name, at.as_ref()?.cost.as_ref()?))).collect();
    if known.is_empty() {
        let is_on_l1 = batch.commit.is_some();
        return format!("cost    {}", if is_on_l1 { "not known yet, or another node sent it" } else { "nothing yet" });
    }
    let wei = known.iter().fold(0_u128, |sum, (_, cost)| sum.saturating_add(cost.total.0));
    let gas: Vec<String> = known.iter().map(|(name, cost)| format!("{name} {}", count(cost.gas_used.0))).collect();
    format!("gas     {}; {} ether", gas.join(", "), ether(wei))
}
