use ashlar_api::schema::BatchView;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

use super::batches::stage;
use super::table::{draw_list, framed, numbers, rest, words};
use crate::monitor::model::{Model, Seen};
use crate::monitor::words::{count, development, short};

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    model.seen().batches.values().rev().map(row).collect()
}

fn row(batch: &BatchView) -> Vec<String> {
    let proof = batch.proof.as_ref();
    let range = proof.map(|proof| {
        let last = proof.first.0.saturating_add(u64::from(proof.count)).saturating_sub(1);
        format!("{}-{last}", proof.first)
    });
    let prove = batch.prove.as_ref();
    vec![
        batch.number.to_string(),
        stage(batch),
        range.unwrap_or_else(|| "-".into()),
        prove.map_or("-".into(), |at| count(at.block.0)),
        prove.map_or("-".into(), |at| short(&at.hash)),
        proof.map_or("-".into(), |proof| proof.kind.clone()),
    ]
}

fn summary(seen: &Seen) -> String {
    let Some((_, tip)) = &seen.tip else { return String::new() };
    let metric = |name: &str| seen.metric(name).unwrap_or("-").to_owned();
    let proofs = seen.listed.as_ref().map_or("-", |listed| listed.venue.proofs.as_str());
    let last = |of: Option<ashlar_api::schema::Decimal>| of.map_or("none yet".into(), |number| number.to_string());
    let lag = tip.built.map_or(0, |built| built.0 + 1).saturating_sub(tip.proven.map_or(0, |proven| proven.0 + 1));
    let meaning = match development(proofs) {
        Some(_) => "batches called proven were run again; there is no proof",
        None => "batches called proven have a proof that L1 accepted",
    };
    format!(
        " meaning         {meaning}\n proofs here     {proofs}\n last proven     {} of {} built: {lag} batches, {} commands wait\n \
         most allowed    {} unproven commands, then new orders are refused\n \
         built to proven {}\n built to final  {}",
        last(tip.proven),
        last(tip.built),
        metric("unproven_commands"),
        metric("unproven_commands_max"),
        metric("prove time"),
        metric("final time"),
    )
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Length(7), Constraint::Fill(1)]).areas(area);
    frame.render_widget(Paragraph::new(summary(model.seen())).block(framed("Proving")), above);
    let columns = [
        numbers("batch", 6),
        words("stage", 9),
        words("proof of", 9),
        numbers("L1 block", 8),
        words("transaction", 13),
        rest("kind"),
    ];
    draw_list(model, frame, below, "Batches", &columns, "No batch is built yet.");
}
