use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::rows as filtered;
use super::table::{draw_list, framed, rest, words};
use crate::monitor::model::{Log, Model};
use crate::monitor::words::time_of_day;

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let Log::Lines(lines) = &model.seen().log else { return Vec::new() };
    let row = |line: &ashlar_api::admin::LogLine| {
        vec![time_of_day(line.time), line.level.clone(), line.text.clone(), line.target.clone()]
    };
    lines.iter().map(row).collect()
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let word = match &model.seen().log {
        Log::NotAsked => {
            "The log is the operator's. Start the monitor with --admin and --token-file: where the operator's server of \
             the node is, and the file with its token."
        }
        .to_owned(),
        Log::Refused(reason) => format!("The operator's server does not tell the log: {reason}"),
        Log::Lines(_) => return draw_lines(model, frame, area),
    };
    frame.render_widget(Paragraph::new(format!("\n {word}")).wrap(Wrap { trim: false }).block(framed("Log")), area);
}

fn draw_lines(model: &Model, frame: &mut Frame, area: Rect) {
    let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(6)]).areas(area);
    let columns = [words("UTC", 8), words("level", 5), rest("what")];
    draw_list(model, frame, above, "Log, latest first", &columns, "Nothing was logged yet.");
    let rows = filtered(model);
    let selected = model.place().row.min(rows.len().saturating_sub(1));
    if let Some([_, _, text, target]) = rows.get(selected).map(Vec::as_slice) {
        let whole = Paragraph::new(text.as_str()).wrap(Wrap { trim: true }).block(framed(target.as_str()));
        frame.render_widget(whole, below);
    }
}
