use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::rows as filtered;
use super::table::{draw_list, framed, rest, words};
use crate::monitor::model::Model;

pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let seen = model.seen();
    let mut rows = Vec::new();
    if let Some(health) = &seen.health {
        let following = if health.following { "follows the exchange" } else { "lost its place; what it tells is old" };
        rows.push(vec!["service".into(), "api".into(), following.into()]);
        let service = |service: &ashlar_api::schema::ServiceView| {
            let state = format!("{}  {}", service.state, service.note);
            vec!["service".to_owned(), service.name.clone(), state.trim_end().to_owned()]
        };
        rows.extend(health.services.iter().map(service));
    }
    rows.extend(seen.metrics.iter().map(|metric| vec!["metric".into(), metric.name.clone(), metric.value.clone()]));
    rows
}

pub fn draw(model: &Model, frame: &mut Frame, area: Rect) {
    let title = match &model.seen().health {
        Some(health) if health.ok => "All services run",
        Some(_) => "NOT ALL IS WELL",
        None => "Services",
    };
    let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(4)]).areas(area);
    let columns = [words("what", 7), words("name", 34), rest("")];
    draw_list(model, frame, above, title, &columns, "The node has told nothing about its services.");
    // What a service says may be longer than its row.
    let rows = filtered(model);
    let selected = model.place().row.min(rows.len().saturating_sub(1));
    if let Some([_, name, said]) = rows.get(selected).map(Vec::as_slice) {
        let whole = Paragraph::new(said.as_str()).wrap(Wrap { trim: true }).block(framed(name.as_str()));
        frame.render_widget(whole, below);
    }
}
